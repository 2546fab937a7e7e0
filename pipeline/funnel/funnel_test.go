package funnel

import (
	"slices"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// A week of users: what each is by its status, its link and its day.
func TestFunnel(t *testing.T) {
	day := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	now := day.AddDate(0, 0, 6)
	user := func(days int, s ledger.KYCStatus, took time.Duration, reasons ...string) ledger.Customer {
		at := day.AddDate(0, 0, days)
		c := ledger.Customer{Status: ledger.Created, ServiceID: "svc", URL: "https://verify.test/1", Issued: at, FirstSent: at, Decided: at, KYC: ledger.KYC{Status: s, Reasons: reasons}}
		if took > 0 {
			c.KYC.At = at.Add(took)
		}
		return c
	}
	missing := user(0, ledger.KYCUnknown, 0)
	missing.Status, missing.URL = ledger.LinkMissing, ""
	renewed := user(0, ledger.KYCNotBegun, 0)
	renewed.Issued, renewed.Decided = now.Add(-time.Hour), now.Add(-time.Hour)
	retried := user(1, ledger.KYCNotBegun, 0)
	retried.KYC.Retries = 1
	f := New(now, 24*time.Hour)
	for _, c := range []ledger.Customer{
		user(0, ledger.KYCApproved, 2*time.Hour), user(0, ledger.KYCApproved, 4*time.Hour), user(0, ledger.KYCDenied, 30*time.Hour, "EXPIRED", "SELFIE"),
		user(0, ledger.KYCDenied, 40*time.Hour), user(0, ledger.KYCNotBegun, 0), missing, renewed,
		user(1, ledger.KYCUnknown, 0), user(1, ledger.KYCPending, time.Hour), user(1, ledger.KYCMore, time.Hour), user(1, ledger.KYCDenied, time.Hour, "EXPIRED"), retried,
		{Status: ledger.InDoubt, FirstSent: day}, {Status: ledger.Duplicate, FirstSent: day},
	} {
		f.Add(&c)
	}
	want := []Day{{Date: "2026-03-02", Created: 7, Opened: 4, Approved: 2, Denied: 2, Median: 4 * time.Hour}, {Date: "2026-03-03", Created: 5, Opened: 4, Pending: 2, Denied: 1, Median: time.Hour}}
	got := f.Days()
	if len(got) != 2 || !sameDay(got[0], want[0]) || !sameDay(got[1], want[1]) {
		t.Errorf("%+v", got)
	}
	if f.Users != 12 || f.NoLink != 1 || f.Working != 1 || f.Dead != 4 || f.Renewable != 2 || !f.HasNews() {
		t.Errorf("%d users, %d without a link, %d working, %d dead, %d renewable", f.Users, f.NoLink, f.Working, f.Dead, f.Renewable)
	}
	if all := f.Total(); !sameDay(all, Day{Created: 12, Opened: 8, Pending: 2, Approved: 2, Denied: 3, Median: 4 * time.Hour}) {
		t.Errorf("total %+v", all)
	}
	if r := f.Reasons(); !slices.Equal(r, []Reason{{"EXPIRED", 2}, {"SELFIE", 1}, {NoReason, 1}}) {
		t.Errorf("%v", r)
	}
	if m := f.Median(); m != 4*time.Hour {
		t.Errorf("median %s", m)
	}
	if e := New(now, time.Hour); e.Median() != 0 || len(e.Days()) != 0 || e.HasNews() {
		t.Error("an empty funnel is not empty")
	}
}

func sameDay(a, b Day) bool {
	return a.Date == b.Date && a.Created == b.Created && a.Opened == b.Opened && a.Pending == b.Pending && a.Approved == b.Approved && a.Denied == b.Denied && a.Median == b.Median
}
