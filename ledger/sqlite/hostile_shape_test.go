package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// shapeDoors are all ways into a ledger whose file was tampered with.
func shapeDoors() map[string]func(t *testing.T, path string) error {
	doors := map[string]func(t *testing.T, path string) error{
		"restore": func(t *testing.T, path string) error {
			to := filepath.Join(t.TempDir(), "restored.db")
			l, _, err := Restore(t.Context(), optionsFor(to), path)
			if err == nil {
				return l.Close()
			}
			if _, failed := os.Lstat(to); !errors.Is(failed, os.ErrNotExist) {
				t.Errorf("it was put in place: %v", failed)
			}
			return err
		},
	}
	for name, o := range map[string]Options{"run": {}, "read only": {ReadOnly: true}, "concurrent": {Concurrent: true}, "adopt": {Adopt: true}} {
		doors[name] = func(t *testing.T, path string) error {
			o.Path, o.Environment, o.Command = path, "sandbox", "test"
			l, err := Open(t.Context(), o)
			if err == nil {
				err = l.Close()
			}
			return err
		}
	}
	return doors
}

// TestHostileSchema: a ledger with anything that this program did not make is
// damaged, however it is opened. Each of these files is whole to SQLite.
func TestHostileSchema(t *testing.T) {
	whole := wholeCopy(t)
	for name, statements := range map[string][]string{
		"trigger that sends all again":    {`CREATE TRIGGER again AFTER UPDATE ON customer BEGIN UPDATE customer SET status = 'pending', intents = 0 WHERE id = new.id; END`},
		"trigger on every write":          {`CREATE TRIGGER t BEFORE UPDATE ON ledger BEGIN DELETE FROM attempt; END`},
		"trigger that refuses":            {`CREATE TRIGGER t BEFORE INSERT ON attempt BEGIN SELECT RAISE(IGNORE); END`},
		"trigger on a view":               {`CREATE TRIGGER t INSTEAD OF INSERT ON customers BEGIN SELECT 1; END`},
		"trigger of which the name hides": {"CREATE TRIGGER \"\x1b[2J\u202e\" AFTER DELETE ON customer BEGIN SELECT 1; END"},
		"view in a table's place": {`ALTER TABLE reported RENAME TO kept`,
			`CREATE VIEW reported AS SELECT mark, 0 AS first_run, last_run FROM kept`},
		"view in the place of customers": {`PRAGMA legacy_alter_table = ON`, `ALTER TABLE customer RENAME TO kept`,
			`CREATE VIEW customer AS SELECT *, 'pending' AS status FROM kept`},
		"view that never ends": {`ALTER TABLE ledger RENAME TO kept`,
			`CREATE VIEW ledger AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT 1 AS one, i AS id, i AS environment, i AS writes FROM n`},
		"view":              {`CREATE VIEW v AS SELECT * FROM customer`},
		"view that differs": {`DROP VIEW needs_attention`, `CREATE VIEW needs_attention AS SELECT * FROM customer WHERE 0`},
		"no view":           {`DROP VIEW needs_attention`},
		"table":             {`CREATE TABLE more (a)`},
		"virtual table":     {`CREATE VIRTUAL TABLE more USING fts5(a)`},
		"index":             {`CREATE INDEX more ON customer (message)`},
		"statistics":        {`ANALYZE`},
		"no index":          {`DROP INDEX customer_service_id`},
		"no uniqueness":     {`DROP INDEX attempt_open`, `CREATE INDEX attempt_open ON attempt (customer) WHERE class = ''`},
		"no table":          {`DROP TABLE reported`},
		"column":            {`ALTER TABLE kyc ADD COLUMN more TEXT`},
		"generated column":  {`ALTER TABLE kyc ADD COLUMN more TEXT AS (service_id)`},
		"column renamed":    {`ALTER TABLE kyc RENAME COLUMN seen_us TO seen_at`},
		"not strict":        {`PRAGMA writable_schema = ON`, `UPDATE sqlite_schema SET sql = replace(sql, 'STRICT, WITHOUT ROWID', 'WITHOUT ROWID') WHERE name = 'fact'`},
		"check left out":    {`PRAGMA writable_schema = ON`, `UPDATE sqlite_schema SET sql = replace(sql, ' CHECK (one = 1)', '') WHERE name = 'ledger'`},
		"default changed":   {`PRAGMA writable_schema = ON`, `UPDATE sqlite_schema SET sql = replace(sql, 'intents INTEGER NOT NULL DEFAULT 0', 'intents INTEGER NOT NULL DEFAULT 9') WHERE name = 'customer'`},
		"pages of another": {`PRAGMA writable_schema = ON`,
			`UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'customer_url') WHERE name = 'customer_name'`},
		"index unknown to its table": {`PRAGMA writable_schema = ON`,
			`UPDATE sqlite_schema SET tbl_name = 'kyc' WHERE name = 'customer_url'`},
		"application_id": {`PRAGMA application_id = 1`},
	} {
		path := filepath.Join(t.TempDir(), "l.db")
		copyFiles(t, whole, path, "")
		if err := tamper(t, path, statements...); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for door, enter := range shapeDoors() {
			t.Run(name+"/"+door, func(t *testing.T) {
				err := enter(t, path)
				if !errors.Is(err, ledger.ErrDamaged) {
					t.Errorf("got %v", err)
				} else if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r > '~' }) {
					t.Errorf("the error has what a terminal obeys: %q", err)
				}
			})
		}
	}
}

// TestHostileSchemaInLog: the objects may be only in the log, and the header of
// the file that is looked at first says nothing of them.
func TestHostileSchemaInLog(t *testing.T) {
	for name, tt := range map[string]struct {
		statement string
		want      error
	}{
		"trigger":        {`CREATE TRIGGER t AFTER UPDATE ON customer BEGIN DELETE FROM customer; END`, ledger.ErrDamaged},
		"application_id": {`PRAGMA application_id = 1`, ledger.ErrDamaged},
		"newer":          {fmt.Sprintf(`PRAGMA user_version = %d`, newestSchema(steps())+1), ledger.ErrNewer},
		"older":          {fmt.Sprintf(`PRAGMA user_version = %d`, newestSchema(steps())-1), ErrOlder},
	} {
		l := openNew(t)
		if err := tamper(t, l.path, tt.statement); err != nil { // l is open, so the log is not moved into the file
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "l.db")
		for _, end := range []string{"", "-wal"} {
			copyFiles(t, l.path+end, path+end, "")
		}
		for door, enter := range shapeDoors() {
			if err := enter(t, path); !errors.Is(err, tt.want) {
				t.Errorf("%s, %s: %v", name, door, err)
			}
		}
	}
}

// TestHostileEncoding: a ledger whose text is UTF-16 sorts otherwise.
func TestHostileEncoding(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.db")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := tamper(t, path, `PRAGMA encoding = 'UTF-16le'`, schema, fmt.Sprintf("PRAGMA application_id = %d", applicationID),
		fmt.Sprintf("PRAGMA user_version = %d", newestSchema(steps())), "PRAGMA journal_mode = WAL"); err != nil {
		t.Fatal(err)
	}
	for door, enter := range shapeDoors() {
		if err := enter(t, path); !errors.Is(err, ledger.ErrDamaged) {
			t.Errorf("%s: %v", door, err)
		}
	}
}

// FuzzForeignSchema puts an object into sqlite_schema: a ledger with anything
// but what this program makes is refused, and never hangs or panics.
func FuzzForeignSchema(f *testing.F) {
	l := openNew(f)
	whole := filepath.Join(f.TempDir(), "whole.db")
	if err := l.Backup(f.Context(), whole); err != nil {
		f.Fatal(err)
	}
	want, err := wantedObjects(f.Context(), schemaOf(newestSchema(steps()), steps()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("trigger", "t", "customer", 0, "CREATE TRIGGER t AFTER UPDATE ON customer BEGIN DELETE FROM customer; END", "")
	f.Add("view", "ledger", "ledger", 0, "CREATE VIEW ledger AS SELECT 1 AS one, 1 AS writes, 1 AS openings", "ledger")
	f.Add("table", "fact", "fact", 3, "CREATE TABLE fact (name TEXT PRIMARY KEY, value) WITHOUT ROWID", "fact")
	f.Add("index", "sqlite_autoindex_x_1", "customer", 2, "", "")
	f.Add("table", "sqlite_stat1", "sqlite_stat1", 0, "CREATE TABLE sqlite_stat1(tbl,idx,stat)", "")
	f.Fuzz(func(t *testing.T, kind, name, table string, page int, text, instead string) {
		path := filepath.Join(t.TempDir(), "l.db")
		copyFiles(t, whole, path, "")
		err := tamper(t, path, `PRAGMA writable_schema = ON`,
			fmt.Sprintf(`DELETE FROM sqlite_schema WHERE name = %s`, literal(instead)),
			fmt.Sprintf(`INSERT INTO sqlite_schema VALUES (%s, %s, %s, %d, %s)`, literal(kind), literal(name), literal(table), page, literal(text)))
		if err != nil {
			t.Skip(err) // SQLite itself refuses
		}
		l, err := Open(t.Context(), Options{Path: path, ReadOnly: true})
		if err != nil {
			if !errors.Is(err, ledger.ErrDamaged) {
				t.Errorf("got %v", err)
			}
			return
		}
		defer l.Close()
		v, end, err := l.snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer end()
		if have, err := v.Objects(t.Context()); err != nil || !slices.Equal(have, want) {
			t.Errorf("opened with %+v, %v", have, err)
		}
	})
}

// literal is a text in SQL, byte for byte.
func literal(s string) string { return fmt.Sprintf("CAST(x'%x' AS TEXT)", s) }
