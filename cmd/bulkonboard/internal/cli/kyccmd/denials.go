package kyccmd

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/funnel"
)

const (
	denialsEach    = 100 // denials after which they are summed up
	maxReasons     = 100 // reasons that are counted apart; the partner's words are not ours to count
	reasonsInLine  = 5
	otherReasons   = "other reasons"
	denialsAtEnd   = "denied while listening: "
	denialsInBurst = "denied so far: "
)

// denials counts the decisions that arrive, and why users were denied. The zero value is
// ready. It is safe for concurrent use.
type denials struct {
	mu       sync.Mutex
	approved int
	denied   int
	reasons  map[string]int
}

// add counts a decision. Every so many denials it returns a line that sums them up, else
// "".
func (d *denials) add(e ledger.KYCEvent) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch e.Status {
	case ledger.KYCApproved:
		d.approved++
	case ledger.KYCDenied:
		d.denied++
		d.countReasons(ledger.KYCReasons(e.Reasons))
		if d.denied%denialsEach == 0 {
			return denialsInBurst + d.text()
		}
	}
	return ""
}

func (d *denials) countReasons(reasons []string) {
	if d.reasons == nil {
		d.reasons = map[string]int{}
	}
	if len(reasons) == 0 {
		reasons = []string{funnel.NoReason}
	}
	for _, r := range reasons {
		if _, known := d.reasons[r]; !known && len(d.reasons) >= maxReasons {
			r = otherReasons
		}
		d.reasons[r]++
	}
}

// summary returns what was decided; "" if nobody was denied.
func (d *denials) summary() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.denied == 0 {
		return ""
	}
	return denialsAtEnd + d.text()
}

// text says how many were denied, and why. The caller holds mu.
func (d *denials) text() string {
	all := slices.SortedFunc(maps.Keys(d.reasons), func(a, b string) int { return cmp.Or(d.reasons[b]-d.reasons[a], cmp.Compare(a, b)) })
	var parts []string
	for _, r := range all[:min(len(all), reasonsInLine)] {
		parts = append(parts, term.Number(d.reasons[r])+" "+term.Printable(r))
	}
	if more := len(all) - reasonsInLine; more > 0 {
		parts = append(parts, "and "+term.Count(more, "more reason"))
	}
	return fmt.Sprintf("%s of %s decided (%s)", term.Number(d.denied), term.Count(d.denied+d.approved, "user"), strings.Join(parts, ", "))
}
