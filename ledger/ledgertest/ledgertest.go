// Package ledgertest is the conformance suite for implementations of
// ledger.Ledger. Start at [Run].
package ledgertest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Run runs the suite. open makes an empty ledger and sees to its closing.
func Run(t *testing.T, open func(t *testing.T) ledger.Ledger) {
	for _, c := range []struct {
		name string
		test func(*testing.T, ledger.Ledger)
	}{
		{"empty", empty},
		{"register", register},
		{"register refuses", registerRefuses},
		{"rollback leaves nothing", rollback},
		{"look-up within a registration", lookupWithin},
		{"look-up of known customers", lookupKnown},
		{"a customer number is compared without what programs add", lookupPlainNumber},
		{"by what a customer is recognised", marks},
		{"a new batch takes a pending customer", takesPending},
		{"intend", intend},
		{"intend skips", intendSkips},
		{"intend again", intendAgain},
		{"intend refuses", intendRefuses},
		{"record", record},
		{"record leaves", recordLeaves},
		{"record again", recordAgain},
		{"repairs belong together", repairsTogether},
		{"merge", merge},
		{"merge leaves", mergeLeaves},
		{"record refuses", recordRefuses},
		{"record absent", recordAbsent},
		{"not sent is no attempt", notSent},
		{"times are whole microseconds", microseconds},
		{"plan", plan},
		{"row status", rowStatus},
		{"an invalid row and one that claims its customer", verdicts},
		{"notes on rows", notes},
		{"notes are refused", notesRefused},
		{"selections", selections},
		{"queries", queries},
		{"iterators see one state", snapshot},
		{"changed details", changed},
		{"known findings", known},
		{"pairing", pairing},
		{"repair", repair},
		{"near", near},
		{"another account", otherAccount},
		{"deletion", deletion},
		{"deletion refuses", deletionRefuses},
		{"verification", verification},
		{"verification links", verificationLinks},
		{"events in any order", anyOrder},
		{"denials", denials},
		{"resubmission", resubmission},
		{"retries", retries},
		{"gaps", gaps},
		{"runs", runs},
		{"bind", bind},
		{"learn", learn},
		{"a context that is done", done},
		{"concurrent writers", concurrent},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// start is a moment all tests reckon from.
func start() time.Time { return time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC) }

func at(seconds int) time.Time { return start().Add(time.Duration(seconds) * time.Second) }

func instant(seconds int) ledger.Instant {
	return ledger.Instant{At: at(seconds), Offset: -1500 * time.Millisecond, Certain: true}
}

// person is a valid row that claims its identity.
func person(ordinal int, name string) ledger.Row {
	return ledger.Row{Ordinal: ordinal, Number: ordinal + 2, Line: ordinal + 2, Identity: name + "@example.com", Email: name + "@Example.com",
		FirstName: name, LastName: "Doe", SenderID: "id-" + name, NameText: name + "|doe|+1415", Carry: []string{"carried " + name},
		Fields: []string{name, "Doe", "+1415", "salary", "192.0.2.1", "custodial"}, Claims: true, Recall: name + "@example.com", Repeats: -1}
}

// invalid is a row that broke a rule.
func invalid(ordinal int, name string) ledger.Row {
	r := person(ordinal, name)
	r.Fields, r.Claims, r.Verdict = nil, false, ledger.Invalid
	r.Findings = []ledger.Finding{{Field: "phoneNumber", Code: "phone_invalid", Message: "is no phone number"},
		{Field: "email", Code: "plus_tag", Message: "has a tag", Warning: true}}
	return r
}

// repetition is a row whose identity an earlier one claims.
func repetition(ordinal int, name string, of int) ledger.Row {
	r := person(ordinal, name)
	r.Claims, r.Verdict, r.Repeats = false, ledger.DuplicateInInput, of
	r.Findings = []ledger.Finding{{Field: "email", Code: "duplicate_in_input", Message: fmt.Sprintf("as row %d", of)}}
	return r
}

// people are n valid rows.
func people(n int) []ledger.Row {
	rows := make([]ledger.Row, n)
	for i := range rows {
		rows[i] = person(i, fmt.Sprintf("p%04d", i))
	}
	return rows
}

// add registers rows as a batch.
func add(t *testing.T, l ledger.Ledger, fingerprint string, rows ...ledger.Row) ledger.Batch {
	t.Helper()
	ctx := t.Context()
	reg, err := l.Register(ctx, ledger.Batch{Fingerprint: fingerprint, Files: []ledger.File{{Name: fingerprint + ".csv", SHA256: "ab", Rows: len(rows)}},
		Settings: "delimiter=,", Carried: []string{"Carried"}, Registered: start()})
	must(t, err)
	defer func() { must(t, reg.Rollback()) }()
	for len(rows) > 0 {
		n := min(50, len(rows))
		s := make([]ledger.LookupKey, n)
		for i, r := range rows[:n] {
			s[i] = ledger.LookupKey{Identity: r.Identity, SenderID: r.SenderID, NameText: r.NameText}
		}
		_, err := reg.Lookup(ctx, s)
		must(t, err)
		must(t, reg.Add(ctx, rows[:n]))
		rows = rows[n:]
	}
	b, err := reg.Commit(ctx)
	must(t, err)
	return b
}

// planned is the whole plan of a batch.
func planned(t *testing.T, l ledger.Ledger, b ledger.Batch) []ledger.Planned {
	t.Helper()
	p, err := l.Plan(t.Context(), b.ID, 0, b.Rows+1)
	must(t, err)
	if len(p) != b.Rows {
		t.Fatalf("plan has %d rows, batch %d", len(p), b.Rows)
	}
	return p
}

func expect(c ledger.Customer) ledger.Expect {
	return ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents}
}

func intentOf(p ledger.Planned) ledger.Intent {
	c := p.Customer
	return ledger.Intent{Expect: expect(c), Generation: c.Generation, Key: fmt.Sprintf("key-%d-%d", c.ID, c.Generation), Details: p.Details,
		Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, At: instant(10)}
}

// send intends for a row and records an outcome.
func send(t *testing.T, l ledger.Ledger, b ledger.Batch, ordinal int, class ledger.Class, status ledger.Status, code string) ledger.Customer {
	t.Helper()
	p := planned(t, l, b)[ordinal]
	ids, err := l.Intend(t.Context(), 1, []ledger.Intent{intentOf(p)})
	must(t, err)
	c := customer(t, l, p.Customer.ID)
	ch := ledger.Change{Expect: expect(c), Status: status, Code: code, At: at(20 + ordinal),
		Close: []ledger.Closing{{Attempt: ids[0], Class: class, NotAfter: instant(20 + ordinal), HTTPStatus: 200 + ordinal, Code: code, Excerpt: []byte("body")}}}
	if code != "" {
		ch.Field, ch.Message = "email", "because of "+code
	}
	if status == ledger.Created {
		ch.ServiceID, ch.URL = fmt.Sprintf("svc-%d", c.ID), fmt.Sprintf("https://verify.test/%d", c.ID)
	}
	recordAll(t, l, []ledger.Change{ch})
	return customer(t, l, c.ID)
}

// customer reads one customer with its attempts.
func customer(t *testing.T, l ledger.Ledger, id int64) ledger.Customer {
	t.Helper()
	all := list(t, l, ledger.Query{IDs: []int64{id}, History: true})
	if len(all) != 1 {
		t.Fatalf("customer %d: found %d", id, len(all))
	}
	return all[0]
}

func list(t *testing.T, l ledger.Ledger, q ledger.Query) (all []ledger.Customer) {
	t.Helper()
	for c, err := range l.Customers(t.Context(), q) {
		must(t, err)
		all = append(all, c)
	}
	return all
}

func report(t *testing.T, l ledger.Ledger, s ledger.Selection) (all []ledger.Reported) {
	t.Helper()
	for r, err := range l.Rows(t.Context(), s) {
		must(t, err)
		all = append(all, r)
	}
	return all
}

func statuses(t *testing.T, l ledger.Ledger, s ledger.Selection) (all []ledger.Status) {
	t.Helper()
	for _, r := range report(t, l, s) {
		all = append(all, r.Status)
	}
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// recordAll records changes that all fit.
func recordAll(t *testing.T, l ledger.Ledger, changes []ledger.Change) {
	t.Helper()
	left, err := l.Record(t.Context(), 1, changes)
	must(t, err)
	if len(left) > 0 {
		t.Fatalf("left: %+v", left)
	}
}

// leaves holds that none of some changes fits.
func leaves(t *testing.T, l ledger.Ledger, what string, changes ...ledger.Change) {
	t.Helper()
	left, err := l.Record(t.Context(), 1, changes)
	must(t, err)
	same(t, what+" is left", left, changes)
}

// intendNone holds that none of some intents is written.
func intendNone(t *testing.T, l ledger.Ledger, what string, intents ...ledger.Intent) {
	t.Helper()
	ids, err := l.Intend(t.Context(), 1, intents)
	must(t, err)
	same(t, what+" is skipped", ids, make([]int64, len(intents)))
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
