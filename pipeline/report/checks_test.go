package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func TestChecks(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	row := func(s ledger.Status, k ledger.KYCStatus, age time.Duration) *ledger.Reported {
		return &ledger.Reported{Status: s, Customer: ledger.Customer{ID: 1, URL: "https://withpersona.com/v", Issued: now.Add(-age), KYC: ledger.KYC{Status: k}}}
	}
	for _, test := range []struct {
		rows []*ledger.Reported
		want string
	}{
		{nil, "[]"},
		{[]*ledger.Reported{row(ledger.Created, "", time.Hour), row(ledger.Pending, ledger.KYCApproved, time.Hour)}, "[]"},
		{[]*ledger.Reported{row(ledger.Created, ledger.KYCApproved, 9*24*time.Hour), row(ledger.Created, ledger.KYCApproved, 0), row(ledger.LinkMissing, "on_hold", 0), row(ledger.Created, "", 0)},
			"[[Identity checks 1 without news\n2 approved\n1 on hold] [Links to be opened 1 work\n0 probably dead (24h, assumed)]]"},
		{[]*ledger.Reported{row(ledger.Created, "", 7*24*time.Hour), row(ledger.Created, "", time.Hour)},
			"[[Links to be opened 1 work\n1 probably dead (24h, assumed)]]"},
	} {
		k := newUsers(Meta{Asked: now})
		for _, r := range test.rows {
			k.add(r)
		}
		if got := fmt.Sprint(checkFacts(k.Funnel, LinkLife{})); got != test.want {
			t.Errorf("got %s\nwant %s", got, test.want)
		}
	}
}

// What was heard of identity checks stands after all other columns, so that
// those before keep their places, and only where something was heard.
func TestCheckColumns(t *testing.T) {
	m := meta()
	m.Batches[0].Carried = []string{"branch", "kycStatus"}
	plain := readCSV(t, write(t, CSV, m, seq(nil, sample()...)))
	m.KYC = true
	followed := readCSV(t, write(t, CSV, m, seq(nil, sample()...)))
	want := append(Columns(), "branch", "input.kycStatus")
	if !slices.Equal(plain[0], want) {
		t.Errorf("columns %q", plain[0])
	}
	if !slices.Equal(followed[0], append(want, "kycStatus", "kycSince", "linkIssuedAt", "kycReasons", "kycRetries", "linkAge", "linkState")) {
		t.Errorf("columns %q", followed[0])
	}
	for i, r := range followed {
		if !slices.Equal(r[:len(plain[i])], plain[i]) {
			t.Errorf("record %d: %q, without the checks %q", i, r, plain[i])
		}
		checks := strings.TrimSpace(strings.Join(r[len(plain[i]):], " "))
		switch i {
		case 0:
		case 1:
			if checks != "approved 2026-03-01T09:00:30Z 2026-03-01T09:00:02Z   0m used" {
				t.Errorf("record %d: %q", i, checks)
			}
		default:
			if strings.TrimSpace(checks) != "" {
				t.Errorf("record %d: %q", i, checks)
			}
		}
	}
}

// A denial has its reasons; a check that was begun again without a link asks nobody
// to act.
func TestChecksBegunAgain(t *testing.T) {
	const link = "https://withpersona.com/verify?inquiry-id=old"
	m := meta()
	m.KYC, m.NoLinks = true, false
	row := func(k ledger.KYC) ledger.Reported {
		return ledger.Reported{Status: ledger.Created, Row: ledger.Row{Number: 2}, Customer: ledger.Customer{ID: 1, Status: ledger.Created, ServiceID: "s1", URL: link, Issued: at(2), Attempts: 1, KYC: k}}
	}
	reasons := []string{"DOCUMENT_EXPIRED", "SELFIE_MISMATCH"}
	for _, test := range []struct {
		name              string
		kyc               ledger.KYC
		link, code, cells string
	}{
		{"denied", ledger.KYC{Status: ledger.KYCDenied, At: at(30), Reasons: reasons, RetryCount: 2, Retries: 1}, link, "", "denied|2026-03-01T09:00:30Z|2026-03-01T09:00:02Z|DOCUMENT_EXPIRED; SELFIE_MISMATCH|2|0m|used"},
		{"submitted again", ledger.KYC{Status: ledger.KYCPending, At: at(40), Reasons: reasons, Retries: 1, Resubmitted: at(40)}, "", "warn:kyc_resubmitted", "pending|2026-03-01T09:00:40Z||DOCUMENT_EXPIRED; SELFIE_MISMATCH|1||"},
		{"approved after that", ledger.KYC{Status: ledger.KYCApproved, At: at(50), Reasons: reasons, Retries: 1, Resubmitted: at(40)}, "", "", "approved|2026-03-01T09:00:50Z|||1||"},
		{"denied after that", ledger.KYC{Status: ledger.KYCDenied, At: at(50), Reasons: reasons, Retries: 1, Resubmitted: at(40)}, "", "", "denied|2026-03-01T09:00:50Z||DOCUMENT_EXPIRED; SELFIE_MISMATCH|1||"},
		{"a newer link", ledger.KYC{Status: ledger.KYCMore, At: at(60), Retries: 1, Resubmitted: at(40), Linked: at(60)}, link, "", "needs_verification|2026-03-01T09:00:60Z|2026-03-01T09:00:02Z||1|0m|works"},
	} {
		rec := readCSV(t, write(t, CSV, m, seq(nil, row(test.kyc))))[1]
		cells := strings.ReplaceAll(strings.Join(rec[len(rec)-len(CheckColumns()):], "|"), "09:01:00Z", "09:00:60Z")
		if rec[colURL] != test.link || rec[colCode] != test.code || cells != test.cells || (rec[colMessage] != "") != (test.code != "") {
			t.Errorf("%s: link %q, code %q, message %q, %s", test.name, rec[colURL], rec[colCode], rec[colMessage], cells)
		}
		text := string(write(t, JSON, m, seq(nil, row(test.kyc))))
		if hasLink := strings.Contains(text, "inquiry-id=old"); hasLink != (test.link != "") {
			t.Errorf("%s: the link in JSON: %v", test.name, hasLink)
		}
	}
}

// Links have an age and a state in reports of old inputs also while nothing was heard of
// the users: which still work depends on --link-life.
func TestLinkAges(t *testing.T) {
	m := meta()
	m.LinkAges, m.Asked = true, at(0).Add(30*time.Hour)
	row := func(age time.Duration) ledger.Reported {
		return ledger.Reported{Status: ledger.Created, Row: ledger.Row{Number: 2}, Customer: ledger.Customer{ID: 1, Status: ledger.Created, ServiceID: "s1",
			URL: "https://withpersona.com/v", Issued: m.Asked.Add(-age), Attempts: 1}}
	}
	for _, test := range []struct {
		life LinkLife
		age  time.Duration
		want string
	}{
		{LinkLife{}, 23 * time.Hour, "23h|works"},
		{LinkLife{}, 24 * time.Hour, "24h|probably_dead"},
		{LinkLife{Life: 72 * time.Hour, IsSet: true}, 25 * time.Hour, "25h|works"},
		{LinkLife{}, 59 * time.Minute, "59m|works"},
	} {
		m.LinkLife = test.life
		rec := readCSV(t, write(t, CSV, m, seq(nil, row(test.age))))[1]
		if got := strings.Join(rec[len(rec)-2:], "|"); got != test.want {
			t.Errorf("%s old, life %s: %s, want %s", test.age, test.life, got, test.want)
		}
	}
	text := string(write(t, JSON, m, seq(nil, row(time.Hour), row(48*time.Hour))))
	if !strings.Contains(text, `"links":{"life":"24h","assumed":true,"works":1,"probablyDead":1}`) {
		t.Errorf("%s", text)
	}
	if page := string(write(t, HTML, m, seq(nil, row(48*time.Hour)))); !strings.Contains(page, "1 probably dead (24h, assumed)") {
		t.Error("the page does not say that a link is dead")
	}
}

// A page of several lists has each of them.
func TestChecksByList(t *testing.T) {
	m := Meta{Batches: []ledger.Batch{{ID: 1, Files: []ledger.File{{Name: "in/march.csv"}}}, {ID: 2, Files: []ledger.File{{Name: "april.csv"}}}, {ID: 3, Files: []ledger.File{{Name: "none.csv"}}}}}
	row := func(batch int64, s ledger.KYCStatus) ledger.Reported {
		return ledger.Reported{Status: ledger.Created, Customer: ledger.Customer{ID: 1, Status: ledger.Created, LastBatch: batch, FirstSent: at(1), KYC: ledger.KYC{Status: s, At: at(1).Add(90 * time.Minute)}}}
	}
	page := string(write(t, HTML, m, seq(nil, row(1, ledger.KYCApproved), row(2, ledger.KYCUnknown), row(1, ledger.KYCDenied))))
	for _, want := range []string{"Identity checks by list", ">march.csv</td><td class=\"number\">2</td><td class=\"number\">2</td><td class=\"number\">0</td><td class=\"number\">1</td><td class=\"number\">1</td><td class=\"soft wide\">1 hour 30 minutes<", ">april.csv</td><td class=\"number\">1</td><td class=\"number\">0</td>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "none.csv</td>") {
		t.Error("the page has a list without users")
	}
}
