package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// versionOne is a copy of a ledger that the first version wrote: six people,
// of whom one is created, one link_missing, one rejected, one in doubt.
func versionOne(t *testing.T) string { return writtenBefore(t, "version1.db") }

func writtenBefore(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	path := filepath.Join(t.TempDir(), "l.db")
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMigration(t *testing.T) {
	path := versionOne(t)
	for name, o := range map[string]Options{"reading": {ReadOnly: true}, "beside": {Beside: true}} {
		o.Path, o.Environment = path, "sandbox"
		if _, err := Open(t.Context(), o); !errors.Is(err, ErrOlder) {
			t.Errorf("%s: %v", name, err)
		}
	}
	l := reopen(t, path)
	if n := len(l.Notices()); n == 0 {
		t.Error("nobody is told")
	}
	sound(t, l)
	people := all(t, l, ledger.Query{History: true})
	var got []ledger.Status
	for _, c := range people {
		got = append(got, c.Status)
		if (c.URL != "") != !c.Issued.IsZero() || c.URL != "" && !c.Issued.Equal(c.Decided) {
			t.Errorf("customer %d: link issued at %v", c.ID, c.Issued)
		}
		for _, a := range c.History {
			if a.Removes != "" {
				t.Errorf("customer %d: %+v", c.ID, a)
			}
		}
	}
	want := []ledger.Status{ledger.Created, ledger.LinkMissing, ledger.Rejected, ledger.InDoubt, ledger.Pending, ledger.Pending}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if fresh := tables(t, openNew(t)); fmt.Sprint(tables(t, l)) != fmt.Sprint(fresh) {
		t.Errorf("a ledger that was brought forward:\n%v\na new one:\n%v", tables(t, l), fresh)
	}
	for _, how := range []Options{{ReadOnly: true}, {Beside: true}} { // while it is held
		how.Path, how.Environment = path, "sandbox"
		again, err := Open(t.Context(), how)
		if err == nil {
			err = again.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// Version 3 was killed while requests were under way: their intents are packed as
// they were then. Six people are created, five were under way.
func TestMigrationOfVersionThree(t *testing.T) {
	l := reopen(t, writtenBefore(t, "version3.db"))
	sound(t, l)
	statuses := map[ledger.Status]int{}
	for _, c := range all(t, l, ledger.Query{History: true}) {
		statuses[c.Status]++
		sent := c.Status != ledger.Pending
		if sent != (len(c.History) == 1) || sent && (c.History[0].Key != c.Key || len(c.Key) != 36 || len(c.History[0].Details) != 56) {
			t.Errorf("%+v", c)
		}
		switch {
		case c.Status == ledger.Created && (c.History[0].Class != ledger.OK || c.URL == "" || c.Issued.IsZero() || !c.Issued.Equal(c.Decided)):
			t.Errorf("%+v", c)
		case c.Status == ledger.InDoubt && (c.History[0].Class != ledger.Unknown || c.Email == "" || c.FirstName == ""):
			t.Errorf("%+v", c)
		}
	}
	if want := map[ledger.Status]int{ledger.Created: 6, ledger.InDoubt: 5}; !maps.Equal(statuses, want) {
		t.Error(statuses)
	}
	if fresh := tables(t, openNew(t)); fmt.Sprint(tables(t, l)) != fmt.Sprint(fresh) {
		t.Errorf("%v\na new one:\n%v", tables(t, l), fresh)
	}
}

// What was sent to somebody who is missing is not dropped with the table it is in.
func TestMigrationKeepsStrayAttempts(t *testing.T) {
	path := writtenBefore(t, "version3.db")
	old, err := openPool(path, modeWrite, 1)
	if err != nil {
		t.Fatal(err)
	}
	v, err := old.view(t.Context())
	if err == nil {
		err = v.run(t.Context(), "DELETE FROM customers WHERE id = (SELECT min(customer) FROM attempts)")
	}
	if err = errors.Join(err, v.close(), old.close()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first try leaves it as it was
		if _, err := Open(t.Context(), options(path)); !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), "1 attempts are of customers") {
			t.Error(err)
		}
	}
}

// A version 1 that is held by an older program is left alone.
func TestMigrationWaitsForTheLock(t *testing.T) {
	path := versionOne(t)
	held, err := takeLock(t.Context(), path, 0, "older", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer held.free()
	if _, err := Open(t.Context(), options(path)); !errors.Is(err, ledger.ErrLocked) {
		t.Error(err)
	}
}

// tables are the columns and indexes of a ledger.
func tables(t *testing.T, l *Ledger) (all []string) {
	t.Helper()
	v, end, err := l.snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	err = v.each(context.Background(), `SELECT m.name || ' ' || coalesce(c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || coalesce(c.dflt_value, '') || ' ' || c.pk, '')
		FROM sqlite_master m LEFT JOIN pragma_table_info(m.name) c ORDER BY 1`, nil, func(r *sql.Rows) error {
		var s string
		err := r.Scan(&s)
		all = append(all, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
