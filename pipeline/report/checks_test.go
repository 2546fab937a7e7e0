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
			"[[Identity checks 1 not heard of\n2 approved\n1 on hold]]"},
		{[]*ledger.Reported{row(ledger.Created, "", 7*24*time.Hour), row(ledger.Created, "", time.Hour)},
			"[[Links not opened 1 for 7 days or longer. They are listed by: bulkonboard links export --unverified --older-than 7d]]"},
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
	if !slices.Equal(followed[0], append(want, "kycStatus", "kycSince", "linkIssuedAt")) {
		t.Errorf("columns %q", followed[0])
	}
	for i, r := range followed {
		if !slices.Equal(r[:len(plain[i])], plain[i]) {
			t.Errorf("record %d: %q, without the checks %q", i, r, plain[i])
		}
		checks := strings.Join(r[len(plain[i]):], " ")
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
