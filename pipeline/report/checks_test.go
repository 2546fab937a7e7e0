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
			"[[Identity checks 1 without news\n2 approved\n1 on hold]]"},
		{[]*ledger.Reported{row(ledger.Created, "", 7*24*time.Hour), row(ledger.Created, "", time.Hour)},
			"[[Links not opened 1 for 7 days or longer]]"},
	} {
		k := checks{at: now}
		for _, r := range test.rows {
			k.add(r)
		}
		if got := fmt.Sprint(k.facts()); got != test.want {
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
	if !slices.Equal(followed[0], append(want, "kycStatus", "kycSince", "linkIssuedAt", "kycReasons", "kycRetries")) {
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
			if checks != "approved 2026-03-01T09:00:30Z 2026-03-01T09:00:02Z" {
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
		{"denied", ledger.KYC{Status: ledger.KYCDenied, At: at(30), Reasons: reasons, RetryCount: 2, Retries: 1}, link, "", "denied|2026-03-01T09:00:30Z|2026-03-01T09:00:02Z|DOCUMENT_EXPIRED; SELFIE_MISMATCH|2"},
		{"submitted again", ledger.KYC{Status: ledger.KYCPending, At: at(40), Reasons: reasons, Retries: 1, Resubmitted: at(40)}, "", "warn:kyc_resubmitted", "pending|2026-03-01T09:00:40Z||DOCUMENT_EXPIRED; SELFIE_MISMATCH|1"},
		{"approved after that", ledger.KYC{Status: ledger.KYCApproved, At: at(50), Reasons: reasons, Retries: 1, Resubmitted: at(40)}, "", "", "approved|2026-03-01T09:00:50Z|||1"},
		{"denied after that", ledger.KYC{Status: ledger.KYCDenied, At: at(50), Reasons: reasons, Retries: 1, Resubmitted: at(40)}, "", "", "denied|2026-03-01T09:00:50Z||DOCUMENT_EXPIRED; SELFIE_MISMATCH|1"},
		{"a newer link", ledger.KYC{Status: ledger.KYCMore, At: at(60), Retries: 1, Resubmitted: at(40), Linked: at(60)}, link, "", "needs_verification|2026-03-01T09:00:60Z|2026-03-01T09:00:02Z||1"},
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
