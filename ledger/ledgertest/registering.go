package ledgertest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func testEmpty(t *testing.T, l ledger.Ledger) {
	ctx := t.Context()
	if _, err := l.FindBatch(ctx, "none"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("FindBatch: %v", err)
	}
	if _, err := l.Tally(ctx, ledger.Selection{}); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("Tally of the newest of no batches: %v", err)
	}
	if _, err := l.Plan(ctx, 7, 0, 1); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("Plan: %v", err)
	}
	same(t, "all rows", len(readRows(t, l, ledger.Selection{All: true})), 0)
	same(t, "customers", len(listCustomers(t, l, ledger.Query{})), 0)
	b, err := l.Batches(ctx)
	must(t, err)
	same(t, "batches", len(b), 0)
	info, err := l.Info(ctx)
	must(t, err)
	if info.Environment == "" || info.Account != (ledger.Account{}) || info.Opened.IsZero() || info.Created.IsZero() {
		t.Errorf("info: %+v", info)
	}
}

func testRegister(t *testing.T, l ledger.Ledger) {
	rows := validRows(300)
	rows[7] = invalidRow(7, "bad")
	rows[9] = repeatedRow(9, "p0003", 3)
	rows[150].File, rows[150].Number, rows[150].Line = 1, 2, 5
	rows[151].Identity, rows[151].Email, rows[151].Claims, rows[151].Verdict = "", "not an e-mail", false, ledger.Invalid
	b := addBatch(t, l, "one", rows...)
	if b.ID == 0 || b.Rows != 300 || b.Settings != "delimiter=," || len(b.Files) != 1 || b.Carried[0] != "Carried" || !b.Registered.Equal(start()) {
		t.Errorf("batch: %+v", b)
	}
	found, err := l.FindBatch(t.Context(), "one")
	must(t, err)
	same(t, "found batch", found, b)
	all, err := l.Batches(t.Context())
	must(t, err)
	same(t, "batches", all, []ledger.Batch{b})
	lines := readRows(t, l, ledger.Selection{})
	same(t, "lines", len(lines), 300)
	for i, r := range lines {
		want := rows[i]
		want.Details, want.NameText, want.Recall = nil, "", ""
		same(t, fmt.Sprint("row ", i), r.Row, want)
	}
	tally, err := l.Tally(t.Context(), ledger.Selection{Batch: b.ID})
	must(t, err)
	same(t, "tally", tally, ledger.Tally{Rows: 300, Status: map[ledger.Status]int{ledger.Pending: 297, ledger.Invalid: 2, ledger.DuplicateInInput: 1},
		Code: map[ledger.StatusCode]int{{Status: ledger.Invalid, Field: "phoneNumber", Code: "phone_invalid"}: 1,
			{Status: ledger.DuplicateInInput, Field: "email", Code: "duplicate_in_input"}: 1}})
	c := lines[5].Customer
	same(t, "customer", c, ledger.Customer{ID: c.ID, Identity: "p0005@example.com", Email: "p0005@Example.com", FirstName: "p0005", LastName: "Doe",
		SenderID: "id-p0005", Status: ledger.Pending, Details: lines[5].Details})
	if len(c.Details) == 0 || c.ID == 0 || lines[7].Customer.ID != 0 || lines[9].Customer.ID != lines[3].Customer.ID {
		t.Errorf("customers of rows 5, 7, 9, 3: %d %d %d %d", c.ID, lines[7].Customer.ID, lines[9].Customer.ID, lines[3].Customer.ID)
	}
}

func testRegisterRefuses(t *testing.T, l ledger.Ledger) {
	ctx := t.Context()
	addBatch(t, l, "one", validRows(3)...)
	if _, err := l.Register(ctx, ledger.Batch{Fingerprint: "one"}); !errors.Is(err, ledger.ErrOutdated) {
		t.Errorf("same fingerprint: %v", err)
	}
	for name, rows := range map[string][]ledger.Row{
		"gap":         {validRow(1, "x")},
		"repeated":    {validRow(0, "x"), validRow(0, "y")},
		"claim twice": {validRow(0, "x"), validRow(1, "x")},
		"claim known": {validRow(0, "p0001"), validRow(1, "p0001")},
	} {
		reg, err := l.Register(ctx, ledger.Batch{Fingerprint: name})
		must(t, err)
		if err := reg.Add(ctx, rows); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := reg.Commit(ctx); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("%s: commit after an error: %v", name, err)
		}
		must(t, reg.Rollback())
	}
	all, err := l.Batches(ctx)
	must(t, err)
	same(t, "batches", len(all), 1)
}

func testRollback(t *testing.T, l ledger.Ledger) {
	ctx := t.Context()
	reg, err := l.Register(ctx, ledger.Batch{Fingerprint: "one"})
	must(t, err)
	must(t, reg.Add(ctx, validRows(400)))
	if _, err := l.FindBatch(ctx, "one"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("seen before Commit: %v", err)
	}
	same(t, "customers before Commit", len(listCustomers(t, l, ledger.Query{})), 0)
	must(t, reg.Rollback())
	must(t, reg.Rollback())
	if _, err := l.FindBatch(ctx, "one"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("after Rollback: %v", err)
	}
	b := addBatch(t, l, "one", validRows(400)...)
	same(t, "rows after all", b.Rows, 400)
	same(t, "rows of its file", b.Files[0].Rows, 400)
	same(t, "customers after all", len(listCustomers(t, l, ledger.Query{})), 400)
}

func testLookupWithin(t *testing.T, l ledger.Ledger) {
	ctx := t.Context()
	reg, err := l.Register(ctx, ledger.Batch{Fingerprint: "one"})
	must(t, err)
	defer func() { must(t, reg.Rollback()) }()
	rows := validRows(200)
	rows[60] = invalidRow(60, "later")
	must(t, reg.Add(ctx, rows))
	other := slices.Clone(rows[150].Details)
	other[1].Value, other[4].Value = "Smith", "198.51.100.9"
	k, err := reg.Lookup(ctx, []ledger.LookupKey{
		{Identity: "p0150@example.com", Details: other},
		{Identity: "p0199@example.com", Details: rows[199].Details},
		{Identity: "later@example.com"}, {Identity: "new@example.com"}, {},
	})
	must(t, err)
	same(t, "claimed", []int{k[0].Claimed, k[1].Claimed, k[2].Claimed, k[3].Claimed, k[4].Claimed}, []int{150, 199, -1, -1, -1})
	same(t, "claimed where", []int{k[0].First.Number, k[1].First.Number}, []int{rows[150].Number, rows[199].Number})
	same(t, "as kept", []bool{
		slices.Equal(l.Digest(rows[150].Details), l.Digest(rows[150].Details)), slices.Equal(l.Digest(rows[150].Details), l.Digest(other)),
	}, []bool{true, false})
	same(t, "differs", k[0].Differs, []string{"lastName"})
	same(t, "same", len(k[1].Differs), 0)
	if k[0].Customer != nil || k[0].ByID != nil || k[0].Forgot {
		t.Errorf("first seen here: %+v", k[0])
	}
	must(t, reg.Add(ctx, []ledger.Row{validRow(200, "later")}))
	k, err = reg.Lookup(ctx, []ledger.LookupKey{{Identity: "later@example.com"}})
	must(t, err)
	same(t, "claimed later", k[0].Claimed, 200)
	b, err := reg.Commit(ctx)
	must(t, err)
	lines := readRows(t, l, ledger.Selection{Batch: b.ID})
	if lines[60].Customer.ID != lines[200].Customer.ID || lines[60].Status != ledger.Invalid {
		t.Errorf("an invalid row before the one that claims: %+v", lines[60])
	}
}

func testLookupKnown(t *testing.T, l ledger.Ledger) {
	ctx := t.Context()
	b := addBatch(t, l, "one", validRows(4)...)
	made := sendRow(t, l, b, 0, ledger.OK, ledger.Created, "")
	sendRow(t, l, b, 1, ledger.Reject, ledger.Rejected, "BAD")
	third := readPlan(t, l, b)[2]
	must(t, func() error {
		_, err := l.Intend(ctx, 1, []ledger.Intent{intentOf(third)})
		return err
	}())
	reg, err := l.Register(ctx, ledger.Batch{Fingerprint: "two"})
	must(t, err)
	defer func() { must(t, reg.Rollback()) }()
	details := validRow(0, "p0000").Details
	details[3].Value = "other"
	k, err := reg.Lookup(ctx, []ledger.LookupKey{
		{Identity: "p0000@example.com", SenderID: "id-p0000", NameText: "p0000|doe|+1415", Details: details},
		{Identity: "a@example.com", SenderID: "id-p0000"},
		{Identity: "b@example.com", NameText: "p0002|doe|+1415"},
		{Identity: "c@example.com", SenderID: "id-p0001", NameText: "p0003|doe|+1415"},
		{Identity: "p0002@example.com", SenderID: "id-p0000"},
	})
	must(t, err)
	made.History = nil
	same(t, "created", *k[0].Customer, made)
	same(t, "differs from what was sent", k[0].Differs, []string{"accountPurpose"})
	if k[0].ByID != nil || k[0].ByName != nil || k[0].Claimed != -1 {
		t.Errorf("own marks shown as another's: %+v", k[0])
	}
	if k[1].Customer != nil || k[1].ByID == nil || k[1].ByID.ID != made.ID {
		t.Errorf("by number: %+v", k[1])
	}
	if k[2].ByName == nil || k[2].ByName.Status != ledger.InDoubt || k[2].ByName.Identity != "p0002@example.com" {
		t.Errorf("by name, in doubt: %+v", k[2])
	}
	if k[3].ByID != nil || k[3].ByName != nil {
		t.Errorf("rejected and pending people do not count: %+v", k[3])
	}
	if k[4].Customer == nil || k[4].ByID != nil {
		t.Errorf("looked for others like an onboarded customer: %+v", k[4])
	}
}

// testLookupPlainNumber holds that 1001, 1001.0 and 1,001 are one customer's number,
// in whichever form it came first.
func testLookupPlainNumber(t *testing.T, l ledger.Ledger) {
	rows := validRows(3)
	for i, number := range []string{"1001.0", "1002", "1,003"} {
		rows[i].SenderID = number
	}
	b := addBatch(t, l, "one", rows...)
	for i := range rows {
		sendRow(t, l, b, i, ledger.OK, ledger.Created, "")
	}
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "two"})
	must(t, err)
	defer func() { must(t, reg.Rollback()) }()
	numbers := []string{"1001", "1002.0", "1003.00", "1,001", " 1002", "1004", "10010"}
	keys := make([]ledger.LookupKey, len(numbers))
	for i, number := range numbers {
		keys[i] = ledger.LookupKey{Identity: number + "@example.com", SenderID: number}
	}
	k, err := reg.Lookup(t.Context(), keys)
	must(t, err)
	for i := range numbers {
		if found, known := k[i].ByID != nil, i < 5; found != known {
			t.Errorf("number %q is known: %v", numbers[i], found)
		}
	}
}

func testClaimsPending(t *testing.T, l ledger.Ledger) {
	one := addBatch(t, l, "one", validRows(3)...)
	made := sendRow(t, l, one, 2, ledger.OK, ledger.Created, "")
	r, again := validRow(1, "p0001"), validRow(2, "p0002")
	r.FirstName, r.Details[0].Value, again.FirstName, again.Details[0].Value = "New", "New", "New", "New"
	two := addBatch(t, l, "two", invalidRow(0, "p0000"), r, again)
	c := readCustomer(t, l, readPlan(t, l, two)[1].Customer.ID)
	same(t, "claimed", []any{c.FirstName, c.LastBatch, c.LastRow, c.Status}, []any{"New", two.ID, 1, ledger.Pending})
	c = readCustomer(t, l, made.ID)
	same(t, "sent already", []any{c.FirstName, c.LastBatch, c.LastRow, c.Status}, []any{"p0002", two.ID, 2, ledger.Created})
	p := readPlan(t, l, two)
	same(t, "invalid row does not take", p[0].Customer.LastBatch, one.ID)
	if p[1].Customer.Details == nil || bytes.Equal(p[1].Details, readPlan(t, l, one)[1].Details) {
		t.Errorf("details of the rows must differ by one field")
	}
	same(t, "customers", len(listCustomers(t, l, ledger.Query{})), 3)
}
