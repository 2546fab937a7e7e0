package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// validRows returns n valid rows of customers whose e-mails share a prefix.
func validRows(n int, prefix string) []ledger.Row {
	rows := make([]ledger.Row, n)
	for i := range rows {
		rows[i] = benchRow(i, prefix)
	}
	return rows
}

func emailOf(prefix string, n int) string { return fmt.Sprintf("%s%08d@example.com", prefix, n) }

func registerAll(t testing.TB, l *Ledger, fingerprint string, rows []ledger.Row) ledger.Batch {
	t.Helper()
	return registerRows(t, l, fingerprint, len(rows), func(i int) ledger.Row { return rows[i] })
}

// intentsFor returns the intents to send planned rows, each under the key that the
// rules give it.
func intentsFor(planned []ledger.Planned) []ledger.Intent {
	all := make([]ledger.Intent, len(planned))
	for i, p := range planned {
		c := p.Customer
		all[i] = ledger.Intent{Expect: ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents}, Generation: c.Generation, Key: ledger.Key("sandbox", c.Identity, c.Generation),
			Details: p.Details, Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, At: ledger.Instant{At: time.Now(), Certain: true}}
	}
	return all
}

// answersTo returns the changes after answers that created every user.
func answersTo(in []ledger.Intent, ids []int64) []ledger.Change {
	all := make([]ledger.Change, len(in))
	for i := range in {
		all[i] = ledger.Change{Expect: ledger.Expect{Customer: in[i].Customer, Status: ledger.InDoubt, Intents: in[i].Intents + 1}, Status: ledger.Created,
			ServiceID: fmt.Sprintf("acme-rain-user-%012d", in[i].Customer), URL: fmt.Sprintf("https://verify.test/verify?inquiry-id=inq_%020d", in[i].Customer), At: time.Now(),
			Close: []ledger.Closing{{Attempt: ids[i], Class: ledger.OK, HTTPStatus: 201, NotAfter: ledger.Instant{At: time.Now(), Certain: true}}}}
	}
	return all
}

// asRefusal makes a change that of an answer that refused the user.
func asRefusal(ch *ledger.Change, s ledger.Status, class ledger.Class, httpStatus int) {
	ch.Status, ch.ServiceID, ch.URL = s, "", ""
	ch.Close[0].Class, ch.Close[0].HTTPStatus = class, httpStatus
}

// recordAll is Record, with ErrConflict for what was left.
func recordAll(ctx context.Context, l *Ledger, changes []ledger.Change) error {
	left, err := l.Record(ctx, 1, changes)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("%d changes were left: %w", len(left), ledger.ErrConflict)
	}
	return err
}

// newWithIntents makes a ledger with n customers in a batch and a run. Intents are
// open for the first of them.
func newWithIntents(t testing.TB, n, open int) (*Ledger, ledger.Batch, []ledger.Intent, []int64) {
	t.Helper()
	l := openNew(t)
	b := registerAll(t, l, "one", validRows(n, "a"))
	run, err := l.Begin(t.Context(), ledger.Run{Command: "run", Batch: b.ID, Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	in, ids := intendRows(t, l, b, run, 0, open)
	return l, b, in, ids
}

// intendRows opens intents for n rows of a batch.
func intendRows(t testing.TB, l *Ledger, b ledger.Batch, run int64, from, n int) ([]ledger.Intent, []int64) {
	t.Helper()
	p, err := l.Plan(t.Context(), b.ID, from, n)
	if err != nil {
		t.Fatal(err)
	}
	in := intentsFor(p)
	ids, err := l.Intend(t.Context(), run, in)
	if err != nil {
		t.Fatal(err)
	}
	return in, ids
}

// createFirst creates the customer of the first row of a batch.
func createFirst(t testing.TB, l *Ledger, b ledger.Batch) ledger.Change {
	t.Helper()
	in, ids := intendRows(t, l, b, 1, 0, 1)
	out := answersTo(in, ids)
	if err := recordAll(t.Context(), l, out); err != nil {
		t.Fatal(err)
	}
	return out[0]
}

func optionsFor(path string) Options {
	return Options{Path: path, Environment: "sandbox", Command: "test"}
}

// killedCopy copies the files of a ledger in use, as a kill would leave them.
func killedCopy(t testing.TB, l *Ledger) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "l.db")
	copyFiles(t, l.path, to, "", "-wal", ".emergency")
	return to
}

// copyFiles copies a ledger's files with these endings.
func copyFiles(t testing.TB, from, to string, ends ...string) {
	t.Helper()
	for _, end := range ends {
		b, err := os.ReadFile(from + end)
		if err == nil {
			err = os.WriteFile(to+end, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// wholeCopy makes a ledger with customers in every state of a run, in one file.
func wholeCopy(t testing.TB) string {
	t.Helper()
	l, _, in, ids := newWithIntents(t, 10, 4)
	if err := recordAll(t.Context(), l, answersTo(in, ids)[:2]); err != nil {
		t.Fatal(err)
	}
	return backupOf(t, l)
}

// backupOf backs a ledger up and returns the path.
func backupOf(t testing.TB, l *Ledger) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup.db")
	if err := l.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	return path
}

func reopen(t testing.TB, path string) *Ledger {
	t.Helper()
	return openWith(t, optionsFor(path))
}

// openWith opens a ledger and closes it at the end of the test.
func openWith(t testing.TB, o Options) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func openConcurrent(t testing.TB, path string) *Ledger {
	t.Helper()
	o := optionsFor(path)
	o.Concurrent = true
	return openWith(t, o)
}

func selectCustomers(t testing.TB, l *Ledger, q ledger.Query) (list []ledger.Customer) {
	t.Helper()
	for c, err := range l.Customers(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

func countWith(t testing.TB, l *Ledger, s ledger.Status) int {
	t.Helper()
	return len(selectCustomers(t, l, ledger.Query{Status: []ledger.Status{s}}))
}

// checkSound fails the test if Verify finds anything.
func checkSound(t testing.TB, l *Ledger) {
	t.Helper()
	found, err := l.Verify(t.Context())
	if err != nil || len(found) > 0 {
		t.Errorf("verify: %q %v", found, err)
	}
}

// tamper executes statements on a ledger file as any program could, one after the
// other on one connection.
func tamper(t testing.TB, path string, statements ...string) error {
	t.Helper()
	dsn := (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: "mode=rw"}).String()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	for _, s := range statements {
		if _, err = db.ExecContext(t.Context(), s); err != nil {
			break
		}
	}
	return errors.Join(err, db.Close())
}
