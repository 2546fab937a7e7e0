package postgres

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// rowOf is a valid row of a customer. Every e-mail, name and number is its own.
func rowOf(ordinal int, prefix string) ledger.Row {
	name := fmt.Sprintf("%s%08d", prefix, ordinal)
	return ledger.Row{Ordinal: ordinal, Number: ordinal + 2, Line: ordinal + 2, Identity: name + "@example.com", Email: name + "@example.com", FirstName: "Jane", LastName: name,
		SenderID: name, NameText: "jane|" + name + "|+14155550123", Carry: []string{name}, Claims: true, Recall: name + "@example.com", Repeats: -1,
		Details: []ledger.Detail{{Name: "firstName", Value: "Jane"}, {Name: "lastName", Value: name}, {Name: "phoneNumber", Value: "+14155550123"}, {Name: "accountPurpose", Value: "payroll"},
			{Name: "ipAddress", Value: "192.0.2.1"}, {Name: "program", Value: "custodial"}, {Name: "walletAddress"}, {Name: "redirectUrl"}, {Name: "address"}, {Name: "city"}, {Name: "countryCode", Value: "US"}}}
}

// registerRows registers n rows as one input, 256 at a time.
func registerRows(t testing.TB, l ledger.Ledger, fingerprint string, n int, row func(int) ledger.Row) ledger.Batch {
	t.Helper()
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: fingerprint, Files: []ledger.File{{Name: fingerprint + ".csv"}}, Registered: time.Unix(1_700_000_000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	rows, keys := make([]ledger.Row, 0, 256), make([]ledger.LookupKey, 0, 256)
	for at := range n {
		r := row(at)
		rows = append(rows, r)
		keys = append(keys, ledger.LookupKey{Identity: r.Identity, SenderID: r.SenderID, NameText: r.NameText, Details: r.Details})
		if len(rows) < cap(rows) && at < n-1 {
			continue
		}
		if _, err = reg.Lookup(t.Context(), keys); err == nil {
			err = reg.Add(t.Context(), rows)
		}
		if err != nil {
			t.Fatal(err)
		}
		rows, keys = rows[:0], keys[:0]
	}
	b, err := reg.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// intentsFor returns the intents to send n rows of a batch.
func intentsFor(t testing.TB, l ledger.Ledger, batch int64, from, n int) []ledger.Intent {
	t.Helper()
	planned, err := l.Plan(t.Context(), batch, from, n)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]ledger.Intent, len(planned))
	for i, p := range planned {
		c := p.Customer
		all[i] = ledger.Intent{Expect: ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents}, Generation: c.Generation, Key: ledger.Key("sandbox", c.Identity, c.Generation),
			Details: p.Details, Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, At: ledger.Instant{At: time.Unix(1_700_000_100, 0), Certain: true}}
	}
	return all
}

// answersTo returns the changes after answers that created every user.
func answersTo(intents []ledger.Intent, ids []int64) []ledger.Change {
	all := make([]ledger.Change, len(intents))
	for i, in := range intents {
		token := fmt.Sprintf("%x", sha256.Sum256([]byte(in.Email)))
		at := time.Unix(1_700_000_101, 0)
		all[i] = ledger.Change{Expect: ledger.Expect{Customer: in.Customer, Status: ledger.InDoubt, Intents: in.Intents + 1}, Status: ledger.Created,
			ServiceID: "acme-rain-user-" + token[:15], URL: "https://verify.test/verify?inquiry-id=inq_" + token[:24], At: at,
			Close: []ledger.Closing{{Attempt: ids[i], Class: ledger.OK, HTTPStatus: 201, NotAfter: ledger.Instant{At: at, Certain: true}}}}
	}
	return all
}

// sendRows writes an intent and an answer for rows of a batch, in groups of 64.
func sendRows(t testing.TB, l ledger.Ledger, batch, run int64, from, n int) {
	t.Helper()
	for at := from; at < from+n; at += 64 {
		intents := intentsFor(t, l, batch, at, min(64, from+n-at))
		ids, err := l.Intend(t.Context(), run, intents)
		if err != nil {
			t.Fatal(err)
		}
		if left, err := l.Record(t.Context(), run, answersTo(intents, ids)); err != nil || len(left) > 0 {
			t.Fatal(err, left)
		}
	}
}

// beginRun begins a run of a batch.
func beginRun(t testing.TB, l ledger.Ledger, batch int64) int64 {
	t.Helper()
	run, err := l.Begin(t.Context(), ledger.Run{Command: "run", Batch: batch, Started: time.Unix(1_700_000_050, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// checkSound fails the test if Verify finds anything.
func checkSound(t testing.TB, l *Ledger) {
	t.Helper()
	found, err := l.Verify(t.Context())
	if err != nil || len(found) > 0 {
		t.Errorf("verify: %q %v", found, err)
	}
}

// countWith returns how many customers have a status.
func countWith(t testing.TB, l ledger.Ledger, s ledger.Status) (n int) {
	t.Helper()
	for _, err := range l.Customers(t.Context(), ledger.Query{Status: []ledger.Status{s}}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// sum returns the sum of a column.
func sum(t testing.TB, l *Ledger, column, from string) (n int) {
	t.Helper()
	n, err := read(t.Context(), &l.core, func(c *conn) (n int, err error) {
		err = c.QueryOne(t.Context(), "SELECT coalesce(sum("+column+"), 0)::bigint FROM "+from, nil, &n)
		return n, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// skipIfShort is for long tests in which nothing happens at the same time: the race detector
// would find nothing.
func skipIfShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("without -short")
	}
}
