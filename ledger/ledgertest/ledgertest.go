// Package ledgertest is the conformance suite for implementations of
// ledger.Ledger. Start at [Run], which tests one rule after the other, and then at
// [RunTwins], which compares random histories with the ledger in memory. Both take
// a function that opens an empty ledger.
package ledgertest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Run runs the suite. open returns an empty ledger and closes it when the test ends.
func Run(t *testing.T, open func(t *testing.T) ledger.Ledger) {
	for _, c := range []struct {
		name string
		test func(*testing.T, ledger.Ledger)
	}{
		{"empty", testEmpty},
		{"register", testRegister},
		{"register refuses", testRegisterRefuses},
		{"rollback leaves nothing", testRollback},
		{"look-up within a registration", testLookupWithin},
		{"look-up of known customers", testLookupKnown},
		{"a customer number is compared without what programs add", testLookupPlainNumber},
		{"by what a customer is recognised", testMarks},
		{"a new batch claims a pending customer", testClaimsPending},
		{"intend", testIntend},
		{"intend skips", testIntendSkips},
		{"intend again", testIntendAgain},
		{"intend refuses", testIntendRefuses},
		{"record", testRecord},
		{"record leaves", testRecordLeaves},
		{"record again", testRecordAgain},
		{"repairs belong together", testRepairsTogether},
		{"merge", testMerge},
		{"merge leaves", testMergeLeaves},
		{"record refuses", testRecordRefuses},
		{"record absent", testRecordAbsent},
		{"not sent is no attempt", testNotSent},
		{"times are whole microseconds", testMicroseconds},
		{"plan", testPlan},
		{"row status", testRowStatus},
		{"an invalid row and one that claims its customer", testVerdicts},
		{"notes on rows", testNotes},
		{"notes are refused", testNotesRefused},
		{"selections", testSelections},
		{"queries", testQueries},
		{"iterators see one state", testSnapshot},
		{"changed details", testChangedDetails},
		{"details by name", testDetailsByName},
		{"known findings", testKnownFindings},
		{"pairing", testPairing},
		{"repair", testRepair},
		{"near", testNear},
		{"another account", testOtherAccount},
		{"deletion", testDeletion},
		{"deletion refuses", testDeletionRefuses},
		{"renewal", testRenewal},
		{"renewal refuses", testRenewalRefuses},
		{"verification", testVerification},
		{"verification links", testVerificationLinks},
		{"events in any order", testAnyOrder},
		{"denials", testDenials},
		{"resubmission", testResubmission},
		{"retries", testRetries},
		{"gaps", testGaps},
		{"runs", testRuns},
		{"saved plans", testPlans},
		{"rows of a saved plan", testPlanRows},
		{"runs of a saved plan", testPlanRuns},
		{"bind", testBind},
		{"learn", testLearn},
		{"a context that is done", testDoneContext},
		{"concurrent writers", testConcurrentWriters},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// start returns the moment from which all tests count.
func start() time.Time { return time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC) }

func at(seconds int) time.Time { return start().Add(time.Duration(seconds) * time.Second) }

func instantAt(seconds int) ledger.Instant {
	return ledger.Instant{At: at(seconds), Offset: -1500 * time.Millisecond, Certain: true}
}

// validRow returns a valid row that claims its identity.
func validRow(ordinal int, name string) ledger.Row {
	return ledger.Row{Ordinal: ordinal, Number: ordinal + 2, Line: ordinal + 2, Identity: name + "@example.com", Email: name + "@Example.com",
		FirstName: name, LastName: "Doe", SenderID: "id-" + name, NameText: name + "|doe|+1415", Carry: []string{"carried " + name},
		Details: namedDetails(name, "Doe", "+1415", "salary", "192.0.2.1", "custodial"), Claims: true, Recall: name + "@example.com", Repeats: -1}
}

// namedDetails returns details with the first names of a list that every test uses.
func namedDetails(values ...string) []ledger.Detail {
	names := [...]string{"firstName", "lastName", "phoneNumber", "accountPurpose", "ipAddress", "program"}
	details := make([]ledger.Detail, len(values))
	for i, value := range values {
		details[i] = ledger.Detail{Name: names[i], Value: value}
	}
	return details
}

// invalidRow returns a row that breaks a rule.
func invalidRow(ordinal int, name string) ledger.Row {
	r := validRow(ordinal, name)
	r.Details, r.Claims, r.Verdict = nil, false, ledger.Invalid
	r.Findings = []ledger.Finding{{Field: "phoneNumber", Code: "phone_invalid", Message: "is no phone number"},
		{Field: "email", Code: "plus_tag", Message: "has a tag", Warning: true}}
	return r
}

// repeatedRow returns a row whose identity an earlier one claims.
func repeatedRow(ordinal int, name string, of int) ledger.Row {
	r := validRow(ordinal, name)
	r.Claims, r.Verdict, r.Repeats = false, ledger.DuplicateInInput, of
	r.Findings = []ledger.Finding{{Field: "email", Code: "duplicate_in_input", Message: fmt.Sprintf("as row %d", of)}}
	return r
}

// validRows returns n valid rows.
func validRows(n int) []ledger.Row {
	rows := make([]ledger.Row, n)
	for i := range rows {
		rows[i] = validRow(i, fmt.Sprintf("p%04d", i))
	}
	return rows
}

// addBatch registers rows as a batch.
func addBatch(t *testing.T, l ledger.Ledger, fingerprint string, rows ...ledger.Row) ledger.Batch {
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

// readPlan returns the whole plan of a batch.
func readPlan(t *testing.T, l ledger.Ledger, b ledger.Batch) []ledger.Planned {
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
		Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, At: instantAt(10)}
}

// sendRow writes an intent for a row and records an outcome.
func sendRow(t *testing.T, l ledger.Ledger, b ledger.Batch, ordinal int, class ledger.Class, status ledger.Status, code string) ledger.Customer {
	t.Helper()
	p := readPlan(t, l, b)[ordinal]
	ids, err := l.Intend(t.Context(), 1, []ledger.Intent{intentOf(p)})
	must(t, err)
	c := readCustomer(t, l, p.Customer.ID)
	ch := ledger.Change{Expect: expect(c), Status: status, Code: code, At: at(20 + ordinal),
		Close: []ledger.Closing{{Attempt: ids[0], Class: class, NotAfter: instantAt(20 + ordinal), HTTPStatus: 200 + ordinal, Code: code, Excerpt: []byte("body")}}}
	if code != "" {
		ch.Field, ch.Message = "email", "because of "+code
	}
	if status == ledger.Created {
		ch.ServiceID, ch.URL = fmt.Sprintf("svc-%d", c.ID), fmt.Sprintf("https://verify.test/%d", c.ID)
	}
	recordAll(t, l, []ledger.Change{ch})
	return readCustomer(t, l, c.ID)
}

// readCustomer reads one customer with its attempts.
func readCustomer(t *testing.T, l ledger.Ledger, id int64) ledger.Customer {
	t.Helper()
	all := listCustomers(t, l, ledger.Query{IDs: []int64{id}, History: true})
	if len(all) != 1 {
		t.Fatalf("customer %d: found %d", id, len(all))
	}
	return all[0]
}

func listCustomers(t *testing.T, l ledger.Ledger, q ledger.Query) (all []ledger.Customer) {
	t.Helper()
	for c, err := range l.Customers(t.Context(), q) {
		must(t, err)
		all = append(all, c)
	}
	return all
}

func readRows(t *testing.T, l ledger.Ledger, s ledger.Selection) (all []ledger.Reported) {
	t.Helper()
	for r, err := range l.Rows(t.Context(), s) {
		must(t, err)
		all = append(all, r)
	}
	return all
}

func readStatuses(t *testing.T, l ledger.Ledger, s ledger.Selection) (all []ledger.Status) {
	t.Helper()
	for _, r := range readRows(t, l, s) {
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

// wantLeft requires that none of the changes fits.
func wantLeft(t *testing.T, l ledger.Ledger, what string, changes ...ledger.Change) {
	t.Helper()
	left, err := l.Record(t.Context(), 1, changes)
	must(t, err)
	same(t, what+" is left", left, changes)
}

// wantSkipped requires that none of the intents is written.
func wantSkipped(t *testing.T, l ledger.Ledger, what string, intents ...ledger.Intent) {
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

func cancelledContext() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
