package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// checks counts how far the identity checks of the users in a report are. The
// zero value is ready.
type checks struct {
	status  map[ledger.KYCStatus]int
	waiting int // for their users to open the link, for a week or longer
	at      time.Time
}

const linkWaits = 7 * 24 * time.Hour

func (k *checks) add(r *ledger.Reported) {
	c := &r.Customer
	if r.Status != ledger.Created && r.Status != ledger.LinkMissing {
		return
	}
	if k.status == nil {
		k.status = map[ledger.KYCStatus]int{}
	}
	k.status[c.KYC.Status]++
	if !c.Issued.IsZero() && !c.KYC.IsLinkSpent() && c.KYC.Status.Open() && !k.at.IsZero() && k.at.Sub(c.Issued) >= linkWaits {
		k.waiting++
	}
}

// jsonChecks is checks in the JSON report.
type jsonChecks struct {
	Users          int            `json:"users"`    // that exist, created by us
	ByStatus       map[string]int `json:"byStatus"` // "": nothing was heard of it
	LinksNotOpened int            `json:"linksNotOpened"`
}

func (k *checks) jsonForm() jsonChecks {
	out := jsonChecks{ByStatus: map[string]int{}, LinksNotOpened: k.waiting}
	for s, n := range k.status {
		out.Users += n
		out.ByStatus[reporttext.Clean(string(s))] += n
	}
	return out
}

// facts returns the lines on identity checks, none before the first news of one.
func (k *checks) facts() (list [][2]string) {
	if len(k.status) > 1 || len(k.status) == 1 && k.status[ledger.KYCUnknown] == 0 {
		order := ledger.KYCStatuses()
		for s := range k.status {
			if !slices.Contains(order, s) {
				order = append(order, s)
			}
		}
		slices.Sort(order[len(ledger.KYCStatuses()):])
		var parts []string
		for _, s := range order {
			if n := k.status[s]; n > 0 {
				parts = append(parts, reporttext.FormatCount(n)+" "+checkTitle(s))
			}
		}
		list = append(list, [2]string{"Identity checks", strings.Join(parts, "\n")})
	}
	if k.waiting > 0 {
		list = append(list, [2]string{"Links not opened", reporttext.FormatCount(k.waiting) + " for 7 days or longer"})
	}
	return list
}

// checkTitle returns the status of an identity check in words.
func checkTitle(s ledger.KYCStatus) string {
	return cmp.Or(map[ledger.KYCStatus]string{
		ledger.KYCUnknown:  "without news",
		ledger.KYCNotBegun: "not started",
		ledger.KYCPending:  "under review",
		ledger.KYCMore:     "must verify once more",
	}[s], reporttext.Clean(strings.ReplaceAll(string(s), "_", " ")))
}
