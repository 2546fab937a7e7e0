package ledgertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func testRowStatus(t *testing.T, l ledger.Ledger) {
	one := addBatch(t, l, "one", append(validRows(7), repeatedRow(7, "p0000", 0))...)
	sendRow(t, l, one, 0, ledger.OK, ledger.Created, "")
	sendRow(t, l, one, 1, ledger.Unknown, ledger.LinkMissing, "")
	sendRow(t, l, one, 2, ledger.DupUser, ledger.Duplicate, "DUP_USER")
	sendRow(t, l, one, 3, ledger.Reject, ledger.Rejected, "BAD")
	sendRow(t, l, one, 4, ledger.Unknown, ledger.InDoubt, "")
	sendRow(t, l, one, 5, ledger.Funds, ledger.InsufficientBalance, "")
	same(t, "first input", readStatuses(t, l, ledger.Selection{Batch: one.ID}), []ledger.Status{ledger.Created, ledger.LinkMissing, ledger.Duplicate,
		ledger.Rejected, ledger.InDoubt, ledger.InsufficientBalance, ledger.Pending, ledger.DuplicateInInput})
	// The same customers in rows that are invalid now: the status of the customer is
	// shown, unless it is merely pending.
	var bad []ledger.Row
	for i := range 7 {
		bad = append(bad, invalidRow(i, fmt.Sprintf("p%04d", i)))
	}
	two := addBatch(t, l, "two", append(bad, invalidRow(7, "nobody"))...)
	same(t, "second input", readStatuses(t, l, ledger.Selection{Batch: two.ID}), []ledger.Status{ledger.Created, ledger.LinkMissing, ledger.Duplicate,
		ledger.Rejected, ledger.InDoubt, ledger.InsufficientBalance, ledger.Invalid, ledger.Invalid})
	tally, err := l.Tally(t.Context(), ledger.Selection{Batch: two.ID})
	must(t, err)
	same(t, "causes", tally.Code, map[ledger.StatusCode]int{{Status: ledger.Duplicate, Field: "email", Code: "DUP_USER"}: 1,
		{Status: ledger.Rejected, Field: "email", Code: "BAD"}: 1, {Status: ledger.Invalid, Field: "phoneNumber", Code: "phone_invalid"}: 2})
}

func testSelections(t *testing.T, l ledger.Ledger) {
	ctx := t.Context()
	one := addBatch(t, l, "one", validRows(200)...)
	two := addBatch(t, l, "two", validRow(0, "p0150"), invalidRow(1, "bad"), validRow(2, "new"))
	run, err := l.Begin(ctx, ledger.Run{Command: "run", Batch: one.ID, Started: start()})
	must(t, err)
	sendRow(t, l, one, 5, ledger.OK, ledger.Created, "")
	sendRow(t, l, one, 9, ledger.OK, ledger.Created, "")
	count := func(s ledger.Selection) int { return len(readRows(t, l, s)) }
	same(t, "newest", count(ledger.Selection{}), 3)
	same(t, "batch", count(ledger.Selection{Batch: one.ID}), 200)
	same(t, "run", count(ledger.Selection{Run: run}), 200)
	same(t, "only", count(ledger.Selection{Batch: one.ID, Only: []ledger.Status{ledger.Created, ledger.Rejected}}), 2)
	same(t, "since", count(ledger.Selection{Batch: one.ID, Since: at(26)}), 1)
	same(t, "since, own verdict", count(ledger.Selection{Batch: two.ID, Since: start()}), 1)
	same(t, "since, own verdict, later", count(ledger.Selection{Batch: two.ID, Since: at(1)}), 0)
	all := readRows(t, l, ledger.Selection{All: true})
	same(t, "all", len(all), 201)
	for i, r := range all {
		if i > 0 && (r.Customer.LastBatch < all[i-1].Customer.LastBatch || r.Customer.LastBatch == all[i-1].Customer.LastBatch && r.Ordinal <= all[i-1].Ordinal) {
			t.Fatalf("line %d is out of order", i)
		}
	}
	same(t, "last line", []any{all[200].Identity, all[199].Identity}, []any{"new@example.com", "p0150@example.com"})
	for _, s := range []ledger.Selection{{Batch: 99}, {Run: 99}} {
		if _, err := l.Tally(ctx, s); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	for _, err := range l.Rows(ctx, ledger.Selection{All: true}) { // and no more of it
		must(t, err)
		break
	}
}

func testQueries(t *testing.T, l ledger.Ledger) {
	one := addBatch(t, l, "one", validRows(600)...)
	two := addBatch(t, l, "two", validRow(0, "p0001"), validRow(1, "new"))
	for i := range 5 {
		sendRow(t, l, one, i, ledger.OK, ledger.Created, "")
	}
	doubt := sendRow(t, l, one, 300, ledger.Unknown, ledger.InDoubt, "")
	all := listCustomers(t, l, ledger.Query{})
	same(t, "all", len(all), 601)
	if !slices.IsSortedFunc(all, func(a, b ledger.Customer) int { return int(a.ID - b.ID) }) {
		t.Error("not in the order of ids")
	}
	names := func(q ledger.Query) (s []string) {
		for _, c := range listCustomers(t, l, q) {
			s = append(s, c.Identity)
		}
		return s
	}
	same(t, "in doubt", names(ledger.Query{Status: []ledger.Status{ledger.InDoubt}}), []string{"p0300@example.com"})
	same(t, "pending", len(names(ledger.Query{Status: []ledger.Status{ledger.Pending}})), 595)
	same(t, "two statuses", len(names(ledger.Query{Status: []ledger.Status{ledger.Created, ledger.InDoubt}})), 6)
	same(t, "batch", names(ledger.Query{Batch: two.ID}), []string{"p0001@example.com", "new@example.com"})
	same(t, "not batch", len(names(ledger.Query{NotBatch: one.ID})), 1)
	same(t, "created, not of batch", len(names(ledger.Query{NotBatch: two.ID, Status: []ledger.Status{ledger.Created}})), 4)
	same(t, "identities", names(ledger.Query{Identities: []string{"new@example.com", "nobody@example.com"}}), []string{"new@example.com"})
	same(t, "ids", names(ledger.Query{IDs: []int64{doubt.ID, doubt.ID, 9999}}), []string{"p0300@example.com"})
	same(t, "service ids", names(ledger.Query{ServiceIDs: []string{all[3].ServiceID, "none"}}), []string{"p0003@example.com"})
	same(t, "no customer", len(names(ledger.Query{Identities: []string{"nobody@example.com"}})), 0)
	same(t, "newest", names(ledger.Query{Newest: 2}), []string{"p0004@example.com", "p0003@example.com"})
	same(t, "newest of more than there are", len(names(ledger.Query{Newest: 20})), 5)
	if c := listCustomers(t, l, ledger.Query{IDs: []int64{doubt.ID}})[0]; c.History != nil {
		t.Error("attempts without asking")
	}
	same(t, "attempts", len(listCustomers(t, l, ledger.Query{IDs: []int64{doubt.ID}, History: true})[0].History), 1)
}

// testSnapshot changes the ledger under an iterator.
func testSnapshot(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(500)...)
	n := 0
	for r, err := range l.Rows(t.Context(), ledger.Selection{}) {
		must(t, err)
		if n == 0 {
			sendRow(t, l, b, 499, ledger.OK, ledger.Created, "")
			addBatch(t, l, "two", validRow(0, "new"))
		}
		if r.Status != ledger.Pending {
			t.Errorf("row %d is %s", r.Ordinal, r.Status)
		}
		n++
	}
	same(t, "rows", n, 500)
	n = 0
	for _, err := range l.Customers(t.Context(), ledger.Query{}) {
		must(t, err)
		if n == 0 {
			addBatch(t, l, "three", validRow(0, "newer"))
		}
		n++
	}
	same(t, "customers", n, 501)
}

func testChangedDetails(t *testing.T, l ledger.Ledger) {
	one := addBatch(t, l, "one", validRows(2)...)
	sendRow(t, l, one, 0, ledger.OK, ledger.Created, "")
	r, p := validRow(0, "p0000"), validRow(1, "p0001")
	r.Details[1].Value, r.Details[4].Value, r.Email = "Smith", "203.0.113.7", "P0000@example.com"
	p.Details[1].Value = "Smith"
	two := addBatch(t, l, "two", r, p)
	lines := readRows(t, l, ledger.Selection{Batch: two.ID})
	same(t, "changed", lines[0].Changed, []string{"lastName"})
	same(t, "not sent yet", len(lines[1].Changed), 0)
	same(t, "first input", len(readRows(t, l, ledger.Selection{Batch: one.ID})[0].Changed), 0)
	tally, err := l.Tally(t.Context(), ledger.Selection{})
	must(t, err)
	same(t, "tally", tally.Changed, 1)
}

func testKnownFindings(t *testing.T, l ledger.Ledger) {
	ctx := t.Context()
	flags := func(s ledger.Selection) (f []bool) {
		for _, r := range readRows(t, l, s) {
			f = append(f, r.WasReported)
		}
		return f
	}
	run := func(b ledger.Batch, code int) int64 {
		id, err := l.Begin(ctx, ledger.Run{Command: "run", Batch: b.ID, Started: start()})
		must(t, err)
		must(t, l.Finish(ctx, id, ledger.RunEnd{At: at(1), ExitCode: code}))
		return id
	}
	one := addBatch(t, l, "one", validRow(0, "good"), invalidRow(1, "bad"), validRow(2, "refused"))
	sendRow(t, l, one, 2, ledger.Reject, ledger.Rejected, "BAD")
	run(one, 6)
	same(t, "after a run that stopped", flags(ledger.Selection{}), []bool{false, false, false})
	first := run(one, 3)
	same(t, "what the run itself reported", flags(ledger.Selection{}), []bool{false, false, false})
	other := invalidRow(2, "bad")
	other.Findings = []ledger.Finding{{Field: "email", Code: "other"}}
	other.Recall = "bad@example.com"
	two := addBatch(t, l, "two", invalidRow(0, "bad"), validRow(1, "good"), other, validRow(3, "refused"), invalidRow(4, "worse"))
	same(t, "another input", flags(ledger.Selection{}), []bool{true, false, false, true, false})
	if n, isCounted := countReported(t, l, invalidRow(0, "bad"), validRow(1, "good"), other, validRow(3, "refused"), invalidRow(4, "worse")); isCounted {
		same(t, "before it is registered", n, 1)
	}
	second := run(two, 3)
	same(t, "as of that run", flags(ledger.Selection{Run: second}), []bool{true, false, false, true, false})
	run(one, 0)
	same(t, "first input again", flags(ledger.Selection{Batch: one.ID}), []bool{false, true, true})
	same(t, "as of the first run", flags(ledger.Selection{Run: first}), []bool{false, false, false})
	tally, err := l.Tally(ctx, ledger.Selection{Batch: one.ID})
	must(t, err)
	same(t, "tally", tally.Known, 2)
}

// countReported returns how many invalid rows of a registration were reported before, and
// whether this ledger counts them. It leaves no trace.
func countReported(t *testing.T, l ledger.Ledger, rows ...ledger.Row) (n int, isCounted bool) {
	t.Helper()
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "counted", Files: []ledger.File{{Name: "counted.csv"}}, Registered: start()})
	must(t, err)
	defer func() { must(t, reg.Rollback()) }()
	must(t, reg.Add(t.Context(), rows))
	counter, ok := reg.(ledger.ReportedCounter)
	if !ok {
		return 0, false
	}
	n, err = counter.CountReported(t.Context(), ledger.Invalid)
	must(t, err)
	return n, true
}

func testRuns(t *testing.T, l ledger.Ledger) {
	ctx := t.Context()
	r := ledger.Run{Command: "run", Who: "ops", Host: "h", Version: "1", KeyPrint: "fp", Settings: "{}", Started: start()}
	first, err := l.Begin(ctx, r)
	must(t, err)
	second, err := l.Begin(ctx, r)
	must(t, err)
	end := ledger.RunEnd{At: at(5), ExitCode: 4, StopReason: "low_balance", Sent: 3, Created: 2, WalletFrom: "10", WalletTo: "1.5"}
	must(t, l.Finish(ctx, second, end))
	if err := l.Finish(ctx, 99, end); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("unknown run: %v", err)
	}
	var log []ledger.Run
	for r, err := range l.Log(ctx) {
		must(t, err)
		log = append(log, r)
	}
	same(t, "runs", len(log), 2)
	same(t, "ended", *log[0].End, end)
	r.ID = first
	same(t, "killed", log[1], r)
	if log[0].ID != second || log[1].End != nil {
		t.Errorf("order: %+v", log)
	}
}

func testBind(t *testing.T, l ledger.Ledger) {
	ctx := t.Context()
	must(t, l.Bind(ctx, ledger.Account{}))
	must(t, l.Bind(ctx, ledger.Account{Slug: "acme"}))
	must(t, l.Bind(ctx, ledger.Account{Slug: "acme", Partner: "7"})) // a name that was missing is learnt
	must(t, l.Bind(ctx, ledger.Account{Partner: "7"}))
	for _, other := range []ledger.Account{{Slug: "other"}, {Partner: "8"}, {Slug: "other", Partner: "7"}, {Slug: "acme", Partner: "8"}} {
		if err := l.Bind(ctx, other); !errors.Is(err, ledger.ErrAccount) {
			t.Errorf("account %+v: %v", other, err)
		}
	}
	must(t, l.Bind(ctx, ledger.Account{}))
	info, err := l.Info(ctx)
	must(t, err)
	same(t, "account", info.Account, ledger.Account{Slug: "acme", Partner: "7"})
}

func testLearn(t *testing.T, l ledger.Ledger) {
	ctx := t.Context()
	if _, _, err := l.Fact(ctx, "pace"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	must(t, l.SaveFact(ctx, "pace", "5", at(0)))
	must(t, l.SaveFact(ctx, "pace", "7", at(1)))
	v, when, err := l.Fact(ctx, "pace")
	must(t, err)
	same(t, "learnt", []any{v, when}, []any{"7", at(1)})
}

func testDoneContext(t *testing.T, l ledger.Ledger) {
	b := addBatch(t, l, "one", validRows(1)...)
	p := readPlan(t, l, b)
	ctx := cancelledContext()
	_, err := l.Intend(ctx, 1, []ledger.Intent{intentOf(p[0])})
	_, err2 := l.Register(ctx, ledger.Batch{Fingerprint: "two"})
	_, err3 := l.Record(ctx, 1, []ledger.Change{{}})
	_, err4 := l.Merge(ctx, []ledger.Change{{}})
	for _, err := range []error{err, err2, err3, err4, l.SaveFact(ctx, "a", "b", at(0))} {
		if !errors.Is(err, context.Canceled) || errors.Is(err, ledger.ErrWrite) {
			t.Errorf("got %v", err)
		}
	}
	same(t, "after", readPlan(t, l, b), p)
	sendRow(t, l, b, 0, ledger.OK, ledger.Created, "")
}

// A later program may know more fields, and in another order.
func testDetailsByName(t *testing.T, l ledger.Ledger) {
	one := addBatch(t, l, "one", validRow(0, "p0000"))
	sendRow(t, l, one, 0, ledger.OK, ledger.Created, "")
	r := validRow(0, "p0000")
	slices.Reverse(r.Details)
	same(t, "another order", l.Digest(r.Details), l.Digest(validRow(0, "p0000").Details))
	r.Details = append([]ledger.Detail{{Name: "nickName", Value: "Jay"}, {Name: "suffix"}}, r.Details...)
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "refused"})
	must(t, err)
	must(t, reg.Add(t.Context(), []ledger.Row{r}))
	must(t, reg.Rollback())
	info, err := l.Info(t.Context())
	must(t, err)
	same(t, "names after a refusal", len(info.DetailNames), len(validRow(0, "").Details))

	two := addBatch(t, l, "two", r)
	same(t, "differs", readRows(t, l, ledger.Selection{Batch: two.ID})[0].Changed, []string{"nickName"})
	if planned := readPlan(t, l, two)[0].Details; !bytes.Equal(planned, l.Digest(r.Details)) {
		t.Errorf("planned %x, digest %x", planned, l.Digest(r.Details))
	}
	info, err = l.Info(t.Context())
	must(t, err)
	same(t, "new names", info.DetailNames[len(info.DetailNames)-2:], ledger.DetailNames{"nickName", "suffix"})
	same(t, "changed at first", len(readRows(t, l, ledger.Selection{Batch: one.ID})[0].Changed), 0)
}
