package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// secretText is a value that no error may contain.
const secretText = "jane.doe@example.com"

// putMalformed puts a value into every record of a column, whatever the type of the
// column: by way of a table that is not STRICT for a moment.
func putMalformed(t *testing.T, path, table, column, value string) {
	t.Helper()
	const relaxed = `UPDATE sqlite_schema SET sql = replace(replace(sql, ') STRICT, WITHOUT', ') WITHOUT'), ') STRICT', ')') WHERE name = '%s'`
	where, text := "", ""
	if column == "identity" || column == "email" || column == "customer" { // of one record, for they are not to be the same in two
		where = map[string]string{"customer": " WHERE id = 1", "attempt": " WHERE id = 1", "input_row": " WHERE batch = 1 AND ordinal = 0"}[table]
	}
	for _, b := range schemaBlocks(t) {
		if b.name == table {
			text = schemaTextOf(b)
		}
	}
	for _, statements := range [][]string{
		{"PRAGMA writable_schema = ON", fmt.Sprintf(relaxed, table)},
		{"PRAGMA ignore_check_constraints = ON", fmt.Sprintf("UPDATE %s SET %s = %s", table, column, value) + where},
		{"PRAGMA writable_schema = ON", fmt.Sprintf("UPDATE sqlite_schema SET sql = CAST(x'%x' AS TEXT) WHERE name = '%s'", text, table)},
	} {
		if err := tamper(t, path, statements...); err != nil {
			t.Fatalf("%s.%s: %v", table, column, err)
		}
	}
}

// schemaTextOf is the statement that made a table, as SQLite keeps it.
func schemaTextOf(b schemaBlock) string {
	return "CREATE TABLE " + b.name + " (\n" + b.body + ")" + b.options
}

// seen is what a method of reading gave, item by item, and how it ended.
type seen struct {
	items []any
	err   error
}

// readEverything calls every method that reads.
func readEverything(ctx context.Context, l *Ledger) map[string]seen {
	all := map[string]seen{}
	one := func(name string, value any, err error) {
		if err != nil {
			value = nil
		}
		all[name] = seen{[]any{value}, err}
	}
	customers := func(q ledger.Query) (s seen) {
		for c, err := range l.Customers(ctx, q) {
			if s.err = err; err == nil {
				s.items = append(s.items, c)
			}
		}
		return s
	}
	rows := func(sel ledger.Selection) (s seen) {
		for r, err := range l.Rows(ctx, sel) {
			if s.err = err; err == nil {
				s.items = append(s.items, r)
			}
		}
		return s
	}
	all["customers"] = customers(ledger.Query{History: true})
	all["customers by id"] = customers(ledger.Query{IDs: []int64{1, 2, 3, 4, 5}, History: true})
	all["rows"] = rows(ledger.Selection{Batch: 1})
	all["rows of a run"] = rows(ledger.Selection{Run: 1})
	planned, err := l.Plan(ctx, 1, 0, 100)
	one("plan", planned, err)
	batches, err := l.Batches(ctx)
	one("batches", batches, err)
	gaps, err := l.Gaps(ctx)
	one("gaps", gaps, err)
	value, at, err := l.Fact(ctx, "fee")
	one("learnt", []any{value, at}, err)
	info, err := l.Info(ctx)
	info.Path, info.Opened = "", time.Time{}
	one("info", info, err)
	var log seen
	for r, err := range l.Log(ctx) {
		if log.err = err; err == nil {
			log.items = append(log.items, r)
		}
	}
	all["log"] = log
	var walk walked
	walk.err = l.Walk(ctx, &walk)
	all["walk"] = walk.seen
	return all
}

// walked keeps what a walk shows.
type walked struct{ seen }

func (w *walked) add(item ...any) error {
	w.items = append(w.items, item)
	return nil
}

func (w *walked) Info(i ledger.Info) error {
	i.Path, i.Opened = "", time.Time{}
	return w.add(i)
}
func (w *walked) Fact(name, value string, at time.Time) error { return w.add(name, value, at) }
func (w *walked) Run(r ledger.Run) error                      { return w.add(r) }
func (w *walked) Batch(b ledger.Batch) error                  { return w.add(b) }
func (w *walked) Row(batch int64, r ledger.Reported) error    { return w.add(batch, r) }
func (w *walked) Customer(c ledger.Customer) error            { return w.add(c) }

// columnsOf returns the columns of all tables with a value of another type.
func columnsOf(t *testing.T) (all [][3]string) {
	t.Helper()
	column := regexp.MustCompile(`(?m)^\t([a-z_0-9]+) (INTEGER|TEXT|BLOB)\b(.*)$`)
	for _, b := range schemaBlocks(t) {
		if b.kind != "TABLE" {
			continue
		}
		for _, c := range column.FindAllStringSubmatch(b.body, -1) {
			value := "'" + secretText + "'"
			switch {
			case strings.Contains(c[3], "PRIMARY KEY") || strings.Contains(c[3], "UNIQUE"): // one value for all, or none but a number
				continue
			case c[2] == "TEXT":
				value = "CAST('" + secretText + "' AS BLOB)"
			case strings.Contains(b.body, "PRIMARY KEY (") && (c[1] == "batch" || c[1] == "ordinal" || c[1] == "number" || c[1] == "digest" || c[1] == "gap"):
				continue
			}
			all = append(all, [3]string{b.name, c[1], value})
		}
	}
	return all
}

// filledLedger makes a ledger with a record in every table, in one file.
func filledLedger(t *testing.T) string {
	t.Helper()
	l := newProvenLedger(t)
	for _, do := range []func() error{
		func() error { return l.SaveFact(t.Context(), "fee", "0.50", time.Unix(1, 0)) },
		func() error { return l.Bind(t.Context(), ledger.Account{Partner: "p", Slug: "acme"}) },
		func() error { return l.Finish(t.Context(), 1, ledger.RunEnd{ExitCode: 3}) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	return backupOf(t, l)
}

// leadsTo reports whether a column is one by which tables are joined.
func leadsTo(table, column string) bool {
	return column == "customer" || table == "run" && column == "batch"
}

// readMalformed reads everything of a ledger with a malformed value, and compares it
// with what was read before.
func readMalformed(t *testing.T, l *Ledger, before map[string]seen, isJoin bool, check func(string, error)) {
	t.Helper()
	for what, after := range readEverything(t.Context(), l) {
		if !errors.Is(after.err, ledger.ErrNotFound) || !isJoin {
			check(what, after.err)
		}
		want := before[what].items
		if after.err != nil {
			want = want[:min(len(want), len(after.items))]
			if len(after.items) == 1 && after.items[0] == nil {
				continue
			}
		}
		if isJoin {
			continue // it leads nowhere, as NULL would: Verify finds it
		}
		if !reflect.DeepEqual(after.items, want) && (len(after.items) > 0 || len(want) > 0) {
			t.Errorf("%s: a malformed value is mistaken for another: %d items (%v)", what, len(after.items), after.err)
		}
	}
	found, err := l.Verify(t.Context())
	if check("verify", err); err == nil && len(found) == 0 {
		t.Error("Verify finds nothing")
	}
}

// A value of another type than its column has is refused by whatever reads it: none
// is mistaken for another value, none is in an error, and a run does not begin. It makes no
// difference whether it is in the file or in the log.
func TestMalformedValues(t *testing.T) {
	skipIfShort(t)
	whole := filledLedger(t)
	before := readEverything(t.Context(), openWith(t, Options{Path: whole, ReadOnly: true}))
	refusals := 0
	for i, c := range columnsOf(t) {
		table, column := c[0], c[1]
		t.Run(table+"."+column, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "l.db")
			copyFiles(t, whole, path, "")
			if i%2 == 0 { // another connection keeps the log from being moved into the file
				openWith(t, Options{Path: path, ReadOnly: true})
			}
			putMalformed(t, path, table, column, c[2])
			check := func(what string, err error) {
				if err == nil {
					return
				}
				refusals++
				if !errors.Is(err, ledger.ErrDamaged) || strings.Contains(err.Error(), secretText) {
					t.Errorf("%s: %v", what, err)
				}
			}
			o := Options{ReadOnly: true}
			if i%4 < 2 {
				o = Options{Concurrent: true, Environment: "sandbox"}
			}
			o.Path = path
			l, err := Open(t.Context(), o)
			if check("opening", err); err == nil {
				readMalformed(t, l, before, leadsTo(table, column), check)
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}
			l, err = Open(t.Context(), optionsFor(path))
			if check("a run", err); err == nil {
				t.Error("a run begins")
				_ = l.Close()
			}
		})
	}
	if refusals < 100 {
		t.Errorf("%d refusals: nothing is tested", refusals)
	}
}

// A text that must be a JSON list and is none, or is one of something else, is
// refused as well: in the file and in the log.
func TestMalformedLists(t *testing.T) {
	whole := filledLedger(t)
	for i, c := range []string{"batch.carried", "input_row.carry", "input_row.findings"} {
		for _, text := range []string{"{", `["a"`, `{"a": 1}`, "7", `[1, {"a"]`, secretText} {
			path := filepath.Join(t.TempDir(), "l.db")
			copyFiles(t, whole, path, "")
			if i%2 == 0 {
				openWith(t, Options{Path: path, ReadOnly: true})
			}
			table, column, _ := strings.Cut(c, ".")
			if err := tamper(t, path, fmt.Sprintf("UPDATE %s SET %s = '%s'", table, column, text)); err != nil {
				t.Fatal(err)
			}
			l := openWith(t, Options{Path: path, ReadOnly: true})
			all := readEverything(t.Context(), l)
			for _, what := range map[string][]string{"batch.carried": {"batches", "plan", "rows", "walk"}, "input_row.carry": {"rows", "walk"}, "input_row.findings": {"rows", "walk"}}[c] {
				if err := all[what].err; !errors.Is(err, ledger.ErrDamaged) || strings.Contains(err.Error(), secretText) {
					t.Errorf("%s = %q, %s: %v", c, text, what, err)
				}
			}
			if n := len(all["rows"].items); n > 0 {
				t.Errorf("%s = %q: %d rows are shown", c, text, n)
			}
		}
	}
}

// Digests of another length than ours lead to no customer, and break nothing.
func TestMalformedDigests(t *testing.T) {
	whole := filledLedger(t)
	for _, value := range []string{"x''", "x'01'", "zeroblob(11)", "zeroblob(13)", "zeroblob(1000)"} {
		path := filepath.Join(t.TempDir(), "l.db")
		copyFiles(t, whole, path, "")
		if err := tamper(t, path, "UPDATE customer SET details = "+value, "UPDATE input_row SET details = "+value, "UPDATE attempt SET details = "+value,
			"UPDATE forgotten SET digest = "+value, "UPDATE gap_user SET digest = "+value); err != nil {
			t.Fatal(err)
		}
		l := reopen(t, path)
		for what, s := range readEverything(t.Context(), l) {
			if s.err != nil {
				t.Errorf("%s, %s: %v", value, what, s.err)
			}
		}
		rows := validRows(12, "a")
		rows[0].LastName, rows[0].Details[1].Value = "Other", "Other"
		b := registerAll(t, l, "four", rows)
		if tally, err := l.Tally(t.Context(), ledger.Selection{Batch: b.ID}); err != nil || tally.Rows != 12 {
			t.Errorf("%s: %+v, %v", value, tally, err)
		}
		if in, err := l.InGap(t.Context(), []string{"someone@example.com"}); err != nil || len(in) > 0 {
			t.Errorf("%s: in the gap: %v, %v", value, in, err)
		}
	}
	for _, secret := range []string{"", "00", strings.Repeat("0", 30), strings.Repeat("0", 34), strings.Repeat("x", 32)} {
		path := filepath.Join(t.TempDir(), "l.db")
		copyFiles(t, whole, path, "")
		if err := tamper(t, path, "UPDATE ledger SET secret = '"+secret+"'"); err != nil {
			t.Fatal(err)
		}
		for door, enter := range shapeDoors() {
			if err := enter(t, path); !errors.Is(err, ledger.ErrDamaged) {
				t.Errorf("secret %q, %s: %v", secret, door, err)
			}
		}
	}
}
