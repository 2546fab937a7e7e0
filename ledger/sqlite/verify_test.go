package sqlite

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// The customers of newProvenLedger, by what became of them. Their rows are those of
// the first input, in this order.
const (
	createdCustomer    = 1 // by its first request
	rejectedCustomer   = 2 // and created by its second one, under another key
	openCustomer       = 3 // its request is open
	busyCustomer       = 4 // asked to wait, and then open
	removedCustomer    = 5 // its user was deleted
	otherCustomer      = 6 // created by its first request, too
	unansweredCustomer = 7
	waitingCustomer    = 8 // never sent, and repeated by a row of the first input
	neverSentCustomer  = 9 // only named by the first input
	erasedCustomer     = 10
)

const (
	repeatingRow = 10 // ordinals of the first input
	invalidRow   = 11
)

// newProvenLedger makes a ledger with something that every claim of Verify is about.
func newProvenLedger(t *testing.T) *Ledger {
	t.Helper()
	l := openNew(t)
	ctx := t.Context()
	rows := validRows(12, "a")
	rows[repeatingRow].Identity, rows[repeatingRow].Email = rows[waitingCustomer-1].Identity, rows[waitingCustomer-1].Email
	rows[repeatingRow].Claims, rows[repeatingRow].Verdict, rows[repeatingRow].Repeats = false, ledger.DuplicateInInput, waitingCustomer-1
	rows[invalidRow].Claims, rows[invalidRow].Verdict, rows[invalidRow].Details = false, ledger.Invalid, nil
	rows[invalidRow].Findings = []ledger.Finding{{Field: "phone", Code: "phone_length", Message: "too short"}}
	b := registerFile(t, l, "one", rows)
	again := validRows(8, "a")
	registerFile(t, l, "two", again)
	for range 2 {
		if _, err := l.Begin(ctx, ledger.Run{Command: "run", Batch: b.ID, Started: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	in, ids := intendRows(t, l, b, 1, 0, unansweredCustomer)
	out := answersTo(in, ids)
	asRefusal(&out[rejectedCustomer-1], ledger.Rejected, ledger.Reject, 400)
	asRefusal(&out[busyCustomer-1], ledger.Pending, ledger.Busy, 429)
	asRefusal(&out[unansweredCustomer-1], ledger.InDoubt, ledger.Unknown, 0)
	out[removedCustomer-1].Status, out[removedCustomer-1].URL = ledger.LinkMissing, ""
	if err := recordAll(ctx, l, slices.Delete(out, openCustomer-1, openCustomer)); err != nil {
		t.Fatal(err)
	}
	deleted := selectCustomers(t, l, ledger.Query{IDs: []int64{removedCustomer}})[0]
	resend, err := l.Plan(ctx, b.ID, 0, 4)
	if err != nil {
		t.Fatal(err)
	}
	in = intentsFor([]ledger.Planned{resend[rejectedCustomer-1], resend[busyCustomer-1]})
	in[0].Generation, in[0].Key = 1, ledger.Key("sandbox", resend[rejectedCustomer-1].Customer.Identity, 1)
	in = append(in, ledger.Intent{Expect: ledger.Expect{Customer: deleted.ID, Status: deleted.Status, Intents: deleted.Intents}, Generation: 1, Removes: deleted.ServiceID, At: ledger.Instant{At: time.Now()}})
	if ids, err = l.Intend(ctx, 2, in); err != nil || slices.Contains(ids, 0) {
		t.Fatal(ids, err)
	}
	out = answersTo(in, ids)
	asRefusal(&out[2], ledger.InDoubt, ledger.Removed, 200)
	out[2].Close[0].Absent = true
	if err := recordAll(ctx, l, []ledger.Change{out[0], out[2]}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Forget(ctx, []string{rows[erasedCustomer-1].Identity}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.ObserveKYC(ctx, []ledger.KYCEvent{{ServiceID: out[0].ServiceID, Status: ledger.KYCApproved, At: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	g, err := l.OpenGap(ctx, ledger.Gap{Cause: ledger.GapCopy})
	if err == nil {
		err = l.AddToGap(ctx, g.ID, []string{"someone@example.com"})
	}
	if err != nil {
		t.Fatal(err)
	}
	carryOutPlan(t, l)
	return l
}

// carryOutPlan saves a plan, approves it and begins the third run with it.
func carryOutPlan(t *testing.T, l *Ledger) {
	t.Helper()
	ctx, now := t.Context(), time.Now()
	p := ledger.Plan{ID: "0123456789abcdef", Terms: "{}", Who: "ann", Host: "h", Made: now, Expires: now.Add(time.Hour)}
	err := l.SavePlan(ctx, p, []ledger.PlanRow{l.DigestPlanRow("a0@example.com", nil, 0)})
	if err == nil {
		err = l.DecidePlan(ctx, p.ID, ledger.PlanDecision{Approves: true, Who: "ben", Host: "h", At: now})
	}
	if err == nil {
		_, err = l.Begin(ctx, ledger.Run{Command: "run", Plan: p.ID, Started: now})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// registerFile is registerAll for rows of one file.
func registerFile(t testing.TB, l *Ledger, fingerprint string, rows []ledger.Row) ledger.Batch {
	t.Helper()
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: fingerprint, Files: []ledger.File{{Name: fingerprint + ".csv"}}, Carried: []string{"note"}})
	if err == nil {
		err = reg.Add(t.Context(), rows)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := reg.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// breakage is a way to break a good ledger.
type breakage struct {
	claim      string   // what it contradicts, or "table.column" of a foreign key
	statements string   // one, or what must come before it
	found      []string // all that Verify says
}

// fileClaim is what SQLite's own checks hold.
const fileClaim = "the file is whole"

func breakages() []breakage {
	one := func(subject, claim, statements string, more ...string) breakage {
		return breakage{claim, statements, append([]string{subject + ": " + claim}, more...)}
	}
	reference := func(column, subject, parent, statements string, more ...string) breakage {
		return breakage{column, statements, append([]string{subject + ": it refers to a " + parent + " that is not there"}, more...)}
	}
	invalid := func(subject, column, statement string) breakage {
		claim := "a value of " + column + " is none that the column may have"
		return breakage{claim, "PRAGMA ignore_check_constraints = ON; " + statement, []string{subject + ": " + claim}}
	}
	const (
		wrongMark   = "its link or service id is not found by its digest"
		wrongKey    = "the key of an attempt is not that of its e-mail and generation"
		notOwnRow   = "the input row that named it last is not its own"
		notLed      = "a row of it does not lead to the customer of its e-mail"
		sameService = "another customer has the same service id"
		noRun       = "its run is not in the log"
		noApproval  = "the plan that it carried out was not approved"
		noPlan      = "two persons have to approve what is sent, and its run carried out no plan"
		mayBeSent   = "an attempt is unanswered and its status says that it may be sent or was refused"
		notCounted  = "its number of attempts differs from its count"
		notNewest   = "key or generation are not those of its newest create-user request"
	)
	return []breakage{
		one("customer 3", "an attempt is open and it is not in doubt", "UPDATE customer SET status = 'duplicate' WHERE id = 3"),
		one("customer 4", "two of its requests are in flight", "DROP INDEX attempt_open; UPDATE attempt SET class = '' WHERE customer = 4"),
		one("customer 1", sameService, "UPDATE customer SET (service_id, service_mark) = (SELECT service_id, service_mark FROM customer WHERE id = 1) WHERE id = 6", "customer 6: "+sameService),
		one("customer 9", "its e-mail is gone and it is not forgotten", "UPDATE customer SET email = '', identity = NULL WHERE id = 9"),
		one("customer 10", "its e-mail is gone and it is not forgotten", "UPDATE customer SET email = 'x@example.com' WHERE id = 10"),
		one("customer 9", notOwnRow, "UPDATE customer SET last_row = 7 WHERE id = 9"),
		one("customer 8", notOwnRow, "UPDATE customer SET last_batch = 1, last_row = 10 WHERE id = 8"),
		one("customer 8", notOwnRow, "UPDATE customer SET last_row = 999 WHERE id = 8"),
		one("customer 1", wrongMark, "UPDATE customer SET url_mark = 0 WHERE id = 1"),
		one("customer 9", wrongMark, "UPDATE customer SET url_mark = 77 WHERE id = 9"),
		one("customer 1", wrongMark, "UPDATE customer SET service_mark = 0 WHERE id = 1"),
		one("customer 1", wrongMark, "UPDATE customer SET service_mark = service_mark + 1 WHERE id = 1"),
		one("customer 1", wrongMark, "UPDATE customer SET url_mark = (SELECT url_mark FROM customer WHERE id = 6) WHERE id = 1"),
		one("attempt 8", noRun, "DELETE FROM run WHERE id = 2", "attempt 9: "+noRun, "attempt 10: "+noRun),
		one("attempt 10", "its number is higher than the last one given", "UPDATE ledger SET last_attempt = 9"),
		one("attempt 1", "it ended before it began", "UPDATE attempt SET not_after_us = not_before_us - 5000001 WHERE id = 1"),
		{"it ended before it began", "UPDATE attempt SET not_after_us = not_before_us - 5000000, not_after_offset_us = not_before_offset_us WHERE id = 1", []string{}},
		one("run 3", noApproval, "UPDATE plan SET approves = 0"),
		one("run 3", noApproval, "UPDATE plan SET decided_us = NULL"),
		one("attempt 9", noPlan, "UPDATE attempt SET not_before_us = not_before_us + 1000000 WHERE id = 9; INSERT INTO fact SELECT 'approval', 'two-persons', not_before_us FROM attempt WHERE id = 9"),
		{noPlan, "INSERT INTO fact SELECT 'approval', 'none', 0", []string{}},
		{noPlan, "UPDATE run SET plan = '0123456789abcdef'; INSERT INTO fact SELECT 'approval', 'two-persons', 0", []string{}},
		one("batch 1", "its number of rows differs from its count", "UPDATE batch SET rows = 13 WHERE id = 1"),
		one("batch 1", "its number of rows differs from its count", "DELETE FROM input_row WHERE batch = 1 AND ordinal = 11"),
		one("batch 1", "two of its rows claim one customer", "UPDATE input_row SET claims = 1 WHERE batch = 1 AND ordinal = 10"),
		one("batch 1", notLed, "UPDATE input_row SET customer = 9 WHERE batch = 1 AND ordinal = 10"),
		one("batch 1", notLed, "UPDATE input_row SET customer = NULL WHERE batch = 1 AND ordinal = 0"),
		one("batch 1", notLed, "UPDATE input_row SET customer = NULL WHERE batch = 1 AND ordinal = 10"),

		one("customer 1", notCounted, "UPDATE customer SET attempts = 2 WHERE id = 1"),
		one("customer 1", notCounted, "UPDATE customer SET intents = 2 WHERE id = 1"),
		one("customer 9", notCounted, "UPDATE customer SET intents = 1 WHERE id = 9"),
		one("customer 1", notNewest, "UPDATE customer SET generation = 1 WHERE id = 1"),
		one("customer 1", notNewest, "UPDATE customer SET key = 'another' WHERE id = 1"),
		one("customer 7", mayBeSent, "UPDATE customer SET status = 'pending' WHERE id = 7"),
		one("customer 7", mayBeSent, "UPDATE customer SET status = 'rejected' WHERE id = 7"),
		one("customer 7", mayBeSent, "UPDATE customer SET status = 'insufficient_balance' WHERE id = 7"),
		one("customer 1", "it is created without service id or link", "UPDATE customer SET service_id = '', service_mark = 0 WHERE id = 1"),
		one("customer 1", "it is created without service id or link", "UPDATE customer SET url = '', url_mark = 0 WHERE id = 1"),
		one("customer 1", "it is created or link_missing and every attempt was refused or never sent", "UPDATE attempt SET class = 'BUSY' WHERE customer = 1"),
		one("customer 5", "its user was deleted and not created again, and it is not in doubt, nor to be sent", "UPDATE customer SET status = 'link_missing' WHERE id = 5"),
		one("customer 1", "its service id or link must not be kept or shown", fmt.Sprintf("UPDATE customer SET service_id = '../../users', service_mark = %d WHERE id = 1", tables.Mark("../../users"))),
		one("customer 2", "a request was made under a new key while an older one was unanswered", "UPDATE attempt SET class = 'UNKNOWN' WHERE id = 2"),
		one("customer 2", wrongKey, "UPDATE attempt SET key = 'another' WHERE id = 2"),
		one("customer 4", wrongKey, "UPDATE attempt SET key = (SELECT key FROM attempt WHERE customer = 3) WHERE id = 4"),

		reference("run.batch", "run, record 1", "batch", "UPDATE run SET batch = 99 WHERE id = 1"),
		reference("run.plan", "run, record 3", "plan", "UPDATE run SET plan = 'none' WHERE id = 3"),
		reference("plan_row.plan", "plan_row", "plan", "UPDATE plan_row SET plan = 'none'"),
		reference("input_file.batch", "input_file", "batch", "UPDATE input_file SET batch = 99 WHERE batch = 1"),
		reference("input_row.batch", "input_row", "batch", "UPDATE input_row SET batch = 99 WHERE batch = 1 AND ordinal = 11", "batch 1: its number of rows differs from its count"),
		reference("input_row.customer", "input_row", "customer", "UPDATE input_row SET customer = 99 WHERE batch = 1 AND ordinal = 11"),
		reference("attempt.customer", "attempt, record 7", "customer", "UPDATE attempt SET customer = 99 WHERE id = 7", "customer 7: "+notCounted),
		reference("forgotten.customer", "forgotten", "customer", "UPDATE forgotten SET customer = 99"),
		reference("gap_user.gap", "gap_user", "gap", "UPDATE gap_user SET gap = 99"),

		invalid("customer", "status", "UPDATE customer SET status = 'creatde' WHERE id = 9"),
		invalid("customer", "pairing", "UPDATE customer SET pairing = 'confirmde' WHERE id = 1"),
		invalid("customer", "manual", "UPDATE customer SET manual = 2 WHERE id = 9"),
		invalid("attempt", "class", "UPDATE attempt SET class = 'FINE' WHERE id = 1"),
		invalid("attempt", "absent", "UPDATE attempt SET absent = 2"),
		invalid("attempt", "not_before_certain", "UPDATE attempt SET not_before_certain = 2 WHERE id = 1"),
		invalid("attempt", "not_after_certain", "UPDATE attempt SET not_after_certain = -1 WHERE id = 1"),
		invalid("input_row", "verdict", "UPDATE input_row SET verdict = 'valid' WHERE batch = 1 AND ordinal = 0"),
		invalid("input_row", "claims", "UPDATE input_row SET claims = 2 WHERE batch = 1 AND ordinal = 0"),
		invalid("kyc", "retry_open", "UPDATE kyc SET retry_open = 2"),
		invalid("plan", "state", "UPDATE plan SET state = 'aproved'"),
		invalid("plan", "approves", "UPDATE plan SET approves = 2"),
		invalid("gap", "cause", "UPDATE gap SET cause = 'rain'"),
		invalid("gap", "from_certain", "UPDATE gap SET from_certain = 2"),
		invalid("gap", "to_certain", "UPDATE gap SET to_certain = 2"),
		invalid("ledger", "one", "UPDATE ledger SET one = 2"),
		invalid("ledger", "copy", "UPDATE ledger SET copy = 'carbon'"),
		{fileClaim, "DROP TABLE fact; CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT, at_us INTEGER) STRICT, WITHOUT ROWID; INSERT INTO fact VALUES ('x', NULL, 1); " +
			"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'value TEXT', 'value TEXT NOT NULL') WHERE name = 'fact'", []string{"NULL value in fact.value"}},
		{fileClaim, "DROP TABLE fact; CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL, at_us INTEGER) WITHOUT ROWID; INSERT INTO fact VALUES ('x', 'y', 'noon'); " +
			"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'WITHOUT ROWID', 'STRICT, WITHOUT ROWID') WHERE name = 'fact'", []string{"non-INTEGER value in fact.at_us"}},
	}
}

// Each claim of Verify is broken in a good ledger, and is what it finds: that and
// nothing else but what follows from it.
func TestVerifyProves(t *testing.T) {
	skipIfShort(t)
	isFound := map[string]bool{}
	proven := newProvenLedger(t)
	whole := backupOf(t, proven)
	checkSound(t, openWith(t, Options{Path: whole, ReadOnly: true}))
	for _, b := range breakages() {
		isFound[b.claim] = isFound[b.claim] || len(b.found) > 0
		t.Run(b.claim+": "+b.statements, func(t *testing.T) {
			path := t.TempDir() + "/l.db"
			copyFiles(t, whole, path, "")
			l := openWith(t, Options{Path: path, ReadOnly: true}) // before: an opening compares the schema
			if err := tamper(t, path, strings.Split(b.statements, "; ")...); err != nil {
				t.Fatal(err)
			}
			found, err := l.Verify(t.Context())
			if err != nil || !slices.Equal(found, b.found) {
				t.Errorf("found %q, want %q (%v)", found, b.found, err)
			}
		})
	}
	claims := claimsOfVerify(t, proven)
	for _, claim := range claims {
		if !isFound[claim] {
			t.Errorf("no ledger is broken so that %q is found", claim)
		}
	}
	if len(claims) != len(isFound) || len(claims) < 25 {
		t.Errorf("%d claims, and ledgers are broken in %d ways", len(claims), len(isFound))
	}
}

// claimsOfVerify lists everything that Verify claims.
func claimsOfVerify(t *testing.T, l *Ledger) []string {
	t.Helper()
	all, err := l.w.Claims(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = l.w.Query(t.Context(), `SELECT m.name || '.' || f."from" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`, nil, func(r *record) error {
		all = append(all, r.Text())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return append(all, fileClaim)
}
