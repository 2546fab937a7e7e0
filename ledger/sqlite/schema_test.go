package sqlite

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// schemaBlock is a table or view of schema.sql with the comment before it.
type schemaBlock struct {
	comment, kind, name, body, options string
}

func schemaBlocks(t *testing.T) (all []schemaBlock) {
	t.Helper()
	block := regexp.MustCompile(`(?m)^((?:-- .*\n)*)CREATE (TABLE|VIEW) (\w+)(?: \(\n((?:\t.*\n)+)\)( [A-Z, ]+)?| AS\n((?:.+\n)+));?`)
	for _, m := range block.FindAllStringSubmatch(schema, -1) {
		all = append(all, schemaBlock{comment: m[1], kind: m[2], name: m[3], body: m[4] + m[6], options: m[5]})
	}
	if n := strings.Count(schema, "\nCREATE TABLE ") + strings.Count(schema, "\nCREATE VIEW "); len(all) != n || n < 15 {
		t.Fatalf("%d tables and views are read, of %d", len(all), n)
	}
	return all
}

// Every table, view and column has a sentence that says what it is.
func TestSchemaIsExplained(t *testing.T) {
	sentence := regexp.MustCompile(`^-- [A-Z][^\n]*(?s:.*)\.\n$`)
	column := regexp.MustCompile(`(?m)^\t([a-z_0-9]+) (INTEGER|TEXT|BLOB)\b(.*)$`)
	for _, b := range schemaBlocks(t) {
		if !sentence.MatchString(b.comment) {
			t.Errorf("%s %s: no sentence says what it is: %q", b.kind, b.name, b.comment)
		}
		if b.kind == "VIEW" {
			continue
		}
		if !slices.Contains(strings.Split(strings.TrimSpace(b.options), ", "), "STRICT") {
			t.Errorf("table %s is not STRICT: %q", b.name, b.options)
		}
		columns := column.FindAllStringSubmatch(b.body, -1)
		if n := len(regexp.MustCompile(`(?m)^\t[a-z]`).FindAllString(b.body, -1)); n != len(columns) {
			t.Errorf("table %s: %d columns are read, of %d", b.name, len(columns), n)
		}
		for _, c := range columns {
			name, rest := c[1], c[3]
			if _, comment, _ := strings.Cut(rest, " -- "); len(comment) < 4 {
				t.Errorf("%s.%s: no sentence says what it is: %q", b.name, name, comment)
			}
			if isTime := strings.HasSuffix(name, "_us"); isTime && c[2] != "INTEGER" {
				t.Errorf("%s.%s is a time in %s", b.name, name, c[2])
			}
		}
	}
}

// wordsOf returns the words that a CHECK allows in a column.
func wordsOf(t *testing.T, table, column string) (words []string) {
	t.Helper()
	line := regexp.MustCompile(`(?m)^\t` + column + ` .* CHECK \(.*$`)
	for _, b := range schemaBlocks(t) {
		if b.name == table {
			for _, m := range regexp.MustCompile(column+` = '(\w*)'`).FindAllStringSubmatch(line.FindString(b.body), -1) {
				words = append(words, m[1])
			}
		}
	}
	return words
}

// The words that columns may have are the constants of package ledger.
func TestSchemaHasTheWordsOfTheLedger(t *testing.T) {
	statuses := slices.DeleteFunc(ledger.Statuses(), func(s ledger.Status) bool { return s == ledger.Invalid || s == ledger.DuplicateInInput })
	for _, c := range []struct {
		table, column string
		want          []string
	}{
		{"customer", "status", textsOf(statuses...)},
		{"customer", "pairing", textsOf(ledger.NotPaired, ledger.Unconfirmed, ledger.Confirmed, ledger.EmailDiffers, ledger.UserDeleted, ledger.UserUnlisted, ledger.MixedUp)},
		{"attempt", "class", textsOf(ledger.Open, ledger.OK, ledger.OKBroken, ledger.KeyUsed, ledger.DupUser, ledger.Reject, ledger.Unclear, ledger.Busy, ledger.Throttled,
			ledger.Funds, ledger.Auth, ledger.NotSent, ledger.Unknown, ledger.Removed, ledger.NotRemoved)},
		{"input_row", "verdict", textsOf("", ledger.Invalid, ledger.DuplicateInInput)},
		{"plan", "state", textsOf(ledger.PlanMade, ledger.PlanApproved, ledger.PlanDeclined, ledger.PlanRunning, ledger.PlanUsed, ledger.PlanVoid)},
		{"gap", "cause", textsOf(ledger.GapRestore, ledger.GapAdopt, ledger.GapBackup, ledger.GapCopy)},
		{"ledger", "copy", textsOf("", ledger.GapRestore, ledger.GapAdopt, ledger.GapBackup, ledger.GapCopy)},
	} {
		got := wordsOf(t, c.table, c.column)
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s.%s may be %q, and the ledger knows %q", c.table, c.column, got, c.want)
		}
	}
}

func textsOf[T ~string](words ...T) (texts []string) {
	for _, w := range words {
		texts = append(texts, string(w))
	}
	return texts
}

// Every view can be read in full, of an empty ledger and of one with something in
// each table.
func TestViewsCanBeRead(t *testing.T) {
	var views []string
	for _, b := range schemaBlocks(t) {
		if b.kind == "VIEW" {
			views = append(views, b.name)
		}
	}
	for name, l := range map[string]*Ledger{"an empty ledger": openNew(t), "a small one": newProvenLedger(t)} {
		for _, view := range views {
			n, err := countRecords(t, l.path, "SELECT * FROM "+view)
			if err != nil || (n == 0) != (name == "an empty ledger") {
				t.Errorf("%s, %s: %d records, %v", name, view, n, err)
			}
		}
	}
}

// countRecords reads what any program would see, with all columns.
func countRecords(t *testing.T, path, query string) (n int, err error) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	into := make([]any, len(names))
	for i := range into {
		into[i] = new(any)
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

// The times of the views are as text, in UTC and to the millisecond.
func TestViewsShowTimes(t *testing.T) {
	l := openNew(t)
	b := registerAll(t, l, "one", validRows(1, "a"))
	at := time.Date(2026, 3, 4, 5, 6, 7, 8_000_000, time.UTC)
	run, err := l.Begin(t.Context(), ledger.Run{Command: "run", Batch: b.ID, Started: at})
	if err != nil {
		t.Fatal(err)
	}
	in, ids := intendRows(t, l, b, run, 0, 1)
	out := answersTo(in, ids)
	out[0].At = at
	if err := recordAll(t.Context(), l, out); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"SELECT started FROM runs", "SELECT issued FROM customers", "SELECT decided FROM customers"} {
		var text string
		if err := l.w.QueryOne(t.Context(), query, nil, &text); err != nil || text != "2026-03-04T05:06:07.008Z" {
			t.Errorf("%s: %q, %v", query, text, err)
		}
	}
	var ended any
	if err := l.w.QueryOne(t.Context(), "SELECT ended FROM runs", nil, &ended); err != nil || ended != nil {
		t.Errorf("a run that did not end ended at %v (%v)", ended, err)
	}
}

// The view row_status shows the status that RowStatus gives, and the view status
// counts it, for every verdict, with and without another row that claims the
// customer, and every status of a customer, or none.
func TestRowStatusViewIsTheRule(t *testing.T) {
	l := openNew(t)
	if err := l.w.ExecScript(t.Context(), "INSERT INTO batch (id, fingerprint, settings, carried, rows, registered_us) VALUES (1, 'x', '', '', 0, 0)"); err != nil {
		t.Fatal(err)
	}
	customers := []ledger.Customer{{}}
	for _, s := range ledger.Statuses() {
		if s == ledger.Invalid || s == ledger.DuplicateInInput {
			continue
		}
		c := ledger.Customer{ID: int64(len(customers)), Status: s, Identity: string(s) + "@example.com"}
		if err := l.w.ExecScript(t.Context(), "INSERT INTO customer (id, status, email) VALUES (?, ?, ?)", c.ID, string(s), c.Identity); err != nil {
			t.Fatal(err)
		}
		customers = append(customers, c)
	}
	var want []ledger.Status
	counts := map[ledger.Status]int{}
	for _, verdict := range []ledger.Status{"", ledger.Invalid, ledger.DuplicateInInput} {
		for _, repeats := range []int{-1, 0, 5} {
			for _, c := range customers {
				var customer any
				if c.ID != 0 {
					customer = c.ID
				}
				if err := l.w.ExecScript(t.Context(), `INSERT INTO input_row (batch, ordinal, file, number, line, customer, claims, verdict, repeats, email, first_name, last_name, sender_id, carry, findings, name_mark)
					VALUES (1, ?, 0, 0, 0, ?, 0, ?, ?, ?, '', '', '', '', '', 0)`, len(want), customer, string(verdict), repeats, c.Identity); err != nil {
					t.Fatal(err)
				}
				status := ledger.RowStatus(verdict, repeats >= 0, c)
				counts[status]++
				want = append(want, status)
			}
		}
	}
	if len(want) != 3*3*9 {
		t.Fatalf("%d combinations", len(want))
	}
	n := 0
	if err := l.w.Query(t.Context(), "SELECT ordinal, status, customer FROM row_status ORDER BY ordinal", nil, func(r *record) error {
		ordinal, status, customer := r.Int(), ledger.Status(r.Text()), r.Int()
		if n++; status != want[ordinal] {
			t.Errorf("row %d of customer %d is %s by the view, and %s by the rule", ordinal, customer, status, want[ordinal])
		}
		return nil
	}); err != nil || n != len(want) {
		t.Errorf("%d rows of %d, %v", n, len(want), err)
	}
	if err := l.w.Query(t.Context(), "SELECT status, rows FROM status WHERE batch = 1", nil, func(r *record) error {
		status, rows := ledger.Status(r.Text()), r.Int()
		if counts[status] != rows {
			t.Errorf("%d rows are %s by the view, and %d by the rule", rows, status, counts[status])
		}
		delete(counts, status)
		return nil
	}); err != nil || len(counts) > 0 {
		t.Errorf("not counted: %v, %v", counts, err)
	}
	// What a report shows is the same.
	if err := l.w.ExecScript(t.Context(), "UPDATE batch SET rows = ?", n); err != nil {
		t.Fatal(err)
	}
	for r, err := range l.Rows(t.Context(), ledger.Selection{Batch: 1}) {
		if err != nil || r.Status != want[r.Ordinal] {
			t.Errorf("row %d is %s in a report, and %s by the rule (%v)", r.Ordinal, r.Status, want[r.Ordinal], err)
		}
	}
}

// The view needs_attention has those customers that Status.NeedsReview and Customer.NeedsReview name,
// and those in doubt or without money, each with a reason.
func TestNeedsAttentionViewIsTheRule(t *testing.T) {
	l := openNew(t)
	isWanted := map[int64]bool{}
	id := int64(0)
	for _, s := range ledger.Statuses() {
		if s == ledger.Invalid || s == ledger.DuplicateInInput {
			continue
		}
		for _, pairing := range []ledger.Pairing{ledger.NotPaired, ledger.Unconfirmed, ledger.Confirmed, ledger.EmailDiffers, ledger.UserDeleted, ledger.UserUnlisted, ledger.MixedUp} {
			for _, code := range []string{"", ledger.CodeOtherAccount, "another"} {
				id++
				c := ledger.Customer{ID: id, Status: s, Pairing: pairing, Code: code}
				isWanted[id] = c.NeedsReview() || s.NeedsReview() || s == ledger.InDoubt || s == ledger.InsufficientBalance
				if err := l.w.ExecScript(t.Context(), "INSERT INTO customer (id, status, pairing, code, email) VALUES (?, ?, ?, ?, ?)", id, string(s), string(pairing), code, fmt.Sprint(id)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := l.w.Query(t.Context(), "SELECT customer, status, why FROM needs_attention", nil, func(r *record) error {
		customer, status, why := r.Int64(), r.Text(), r.Text()
		if !isWanted[customer] || why == "" {
			t.Errorf("customer %d is %s and shown because %q", customer, status, why)
		}
		delete(isWanted, customer)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for customer, isMissing := range isWanted {
		if isMissing {
			t.Errorf("customer %d is not shown", customer)
		}
	}
}
