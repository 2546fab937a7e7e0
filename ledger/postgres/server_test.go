package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// TestServerSettings: a server on which a commit is not what the promise needs is
// refused, with the way out.
func TestServerSettings(t *testing.T) {
	t.Parallel()
	cluster := shared.Start(t)
	o := optionsFor(cluster.URL())
	o.Create = true
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	execute(t, l, "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	latin := o
	latin.Address = strings.Replace(o.Address, "/postgres?", "/latin?", 1)
	wantUnsafe(t, latin, "encoded in LATIN1")
	for setting, way := range map[string]string{
		"fsync=off": "ALTER SYSTEM SET fsync = on", "full_page_writes=off": "ALTER SYSTEM SET full_page_writes = on", "default_transaction_read_only=on": "default_transaction_read_only = off",
	} {
		cluster.Stop(t, syscall.SIGQUIT)
		cluster.Run(t, setting)
		wantUnsafe(t, o, way)
		reading := o
		reading.Create, reading.ReadOnly = false, true
		openWith(t, reading)
	}
	cluster.Stop(t, syscall.SIGQUIT)
	cluster.Run(t, "synchronous_commit=off")
	l = openWith(t, o)
	var level string
	if err := l.write(t.Context(), holdLedger, func(ctx context.Context, tx *tx) error {
		return tx.QueryOne(ctx, "SELECT current_setting('synchronous_commit')", nil, &level)
	}); err != nil || level != "on" {
		t.Errorf("synchronous_commit is %q, %v", level, err)
	}
}

// TestHabits: what an administrator has set for a role neither cuts off what takes long nor
// hides what a commit lacks.
func TestHabits(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	const user = "with_habits"
	cluster.Query(t, "CREATE ROLE "+user+" LOGIN SUPERUSER")
	for _, setting := range []string{"statement_timeout = '7s'", "lock_timeout = '7s'", "idle_session_timeout = '7s'", "default_transaction_isolation = serializable",
		"default_transaction_deferrable = on", "client_min_messages = error", "search_path = nowhere", "synchronous_commit = off"} {
		cluster.Query(t, "ALTER ROLE "+user+" SET "+setting)
	}
	o := optionsFor(addressAs(cluster.URL(), user))
	o.Create = true
	l := openWith(t, o)
	b := registerRows(t, l, "one", 300, func(i int) ledger.Row { return rowOf(i, "a") })
	sendRows(t, l, b.ID, beginRun(t, l, b.ID), 0, 300)
	checkSound(t, l)
	for _, r := range []role{roleRead, roleWrite, roleBeat, rolePace} {
		db, err := l.address.connect(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		var all, lock string
		err = db.QueryOne(t.Context(), `SELECT concat_ws(' ', current_setting('statement_timeout'), current_setting('idle_session_timeout', true), current_setting('transaction_isolation'),
			current_setting('default_transaction_deferrable'), current_setting('client_min_messages'), current_setting('synchronous_commit')), current_setting('lock_timeout')`, nil, []any{&all, &lock})
		if err := errors.Join(err, db.Close()); err != nil || all != "0 0 read committed off notice on" || lock == "7s" {
			t.Errorf("role %d: %s, lock_timeout %s, %v", r, all, lock, err)
		}
	}
}

// TestCreateTogether: of several hosts that make a ledger at the same moment each one has it,
// and an owner of a schema needs no right to make others.
func TestCreateTogether(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	o := optionsFor(cluster.URL())
	o.Create, o.Shared = true, true
	var hosts sync.WaitGroup
	for range 4 {
		hosts.Go(func() {
			l, err := Open(t.Context(), o)
			if err == nil {
				err = l.Close()
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	hosts.Wait()
	const user = "without_create"
	owned := optionsFor(addressAs(cluster.URL(), user))
	owned.Create = true
	a, err := parseAddress(owned.Address)
	if err != nil {
		t.Fatal(err)
	}
	cluster.Query(t, "CREATE ROLE "+user+" LOGIN", "CREATE SCHEMA "+a.schema+" AUTHORIZATION "+user)
	openWith(t, owned)
}

func wantUnsafe(t *testing.T, o Options, way string) {
	t.Helper()
	_, err := Open(t.Context(), o)
	if !errors.Is(err, ledger.ErrUnsafe) || !strings.Contains(err.Error(), way) {
		t.Errorf("%v, want %q", err, way)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	o := optionsFor(cluster.URL())
	if _, err := Open(t.Context(), o); !errors.Is(err, ledger.ErrMissing) {
		t.Errorf("without a ledger: %v", err)
	}
	if has, err := Exists(t.Context(), o.Address); has || err != nil {
		t.Errorf("exists: %t %v", has, err)
	}
	o.Create = true
	l := openWith(t, o)
	if has, err := Exists(t.Context(), o.Address); !has || err != nil {
		t.Errorf("exists: %t %v", has, err)
	}
	other := o
	other.Environment = "production"
	if _, err := Open(t.Context(), other); !errors.Is(err, ledger.ErrEnvironment) {
		t.Errorf("another environment: %v", err)
	}
	reading := Options{Address: o.Address, ReadOnly: true}
	if err := openWith(t, reading).SaveFact(t.Context(), "pace", "1", time.Now()); !errors.Is(err, ledger.ErrWrite) {
		t.Errorf("a write without the right: %v", err)
	}
	execute(t, l, "UPDATE ledger SET schema_version = 99")
	openWith(t, reading) // its oldest reader is this version
	execute(t, l, "UPDATE ledger SET oldest_reader = 99")
	if _, err := Open(t.Context(), reading); !errors.Is(err, ledger.ErrNewer) {
		t.Errorf("a newer schema: %v", err)
	}
	execute(t, l, "UPDATE ledger SET schema_version = 0")
	if _, err := Open(t.Context(), reading); !errors.Is(err, ErrOlder) {
		t.Errorf("an older schema: %v", err)
	}
}

// TestBringForward: the steps behind a ledger's version are applied once.
func TestBringForward(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	l := openNew(t, cluster)
	newest := newestSchema() + 2
	all := append(steps(), step{statements: "ALTER TABLE fact ADD COLUMN more text"}, step{statements: "ALTER TABLE fact ADD COLUMN even_more text", oldestReader: newest})
	db, err := l.address.connect(t.Context(), roleRead)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.bringForward(t.Context(), all); !errors.Is(err, ledger.ErrLocked) || !strings.Contains(err.Error(), fmt.Sprintf("(process %d)", os.Getpid())) {
		t.Errorf("while an older program sends: %v", err)
	}
	execute(t, l, "UPDATE sender SET lease_us = 0") // it fell silent
	for range 2 {
		if err := db.bringForward(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	var version, oldest int
	if err := db.QueryOne(t.Context(), "SELECT schema_version, oldest_reader, count(more) + count(even_more) FROM ledger LEFT JOIN fact ON true GROUP BY 1, 2", nil, []any{&version, &oldest, new(int)}); err != nil {
		t.Fatal(err)
	}
	if version != newest || oldest != newest {
		t.Errorf("version %d, oldest reader %d", version, oldest)
	}
}

// TestQuestions: the questions of the page about the ledger can be asked here, too.
func TestQuestions(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	l := openNew(t, cluster)
	b := registerRows(t, l, "one", 5, func(i int) ledger.Row {
		r := rowOf(i, "a")
		if i == 4 {
			r.Details, r.Claims, r.Verdict = nil, false, ledger.Invalid
			r.Findings = []ledger.Finding{{Field: "email", Code: "email_invalid", Message: "is no e-mail"}, {Field: "phone", Code: "odd", Warning: true}}
		}
		return r
	})
	sendRows(t, l, b.ID, beginRun(t, l, b.ID), 0, 3)
	page, err := os.ReadFile("../../samples/docs/ledger.md")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, q := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllSubmatch(page, -1) {
		if strings.Contains(string(q[1]), "datetime(") { // SQLite's own function
			continue
		}
		asked++
		execute(t, l, string(q[1]))
	}
	if asked < 5 {
		t.Errorf("the page has %d questions", asked)
	}
	for view, want := range map[string]int{"row_status": 5, "row_findings": 2, "customers": 4, "attempts_of": 3, "runs": 1, "needs_attention": 0, "senders": 1, "status": 3} {
		if n := count(t, l, view); n != want {
			t.Errorf("%s has %d rows, want %d", view, n, want)
		}
	}
}

// TestTexts: texts that PostgreSQL cannot keep come back as they were.
func TestTexts(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	l := openNew(t, cluster)
	odd := []string{"a\x00b", "\xff\xfe", escape + "41", "x' OR 1=1 --", "ü\u2028"}
	b := registerRows(t, l, "one", len(odd), func(i int) ledger.Row {
		r := rowOf(i, "a")
		r.Identity, r.Email, r.FirstName, r.SenderID = odd[i]+"@example.com", odd[i]+"@example.com", odd[i], odd[i]
		return r
	})
	i := 0
	for r, err := range l.Rows(t.Context(), ledger.Selection{Batch: b.ID}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.FirstName != odd[i] || r.Email != odd[i]+"@example.com" || r.Customer.Identity != r.Email || r.Customer.SenderID != odd[i] {
			t.Errorf("row %d: %q %q", i, r.FirstName, r.Email)
		}
		i++
	}
	if i != len(odd) {
		t.Errorf("%d rows", i)
	}
	checkSound(t, l)
}

// TestUnreachable: each host of an address is named once, with why it cannot be reached.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	const address = "postgres://u@127.0.0.1:1,127.0.0.1:2/x?sslmode=disable"
	_, err := Open(t.Context(), optionsFor(address))
	if err == nil {
		t.Fatal("no error")
	}
	causes, _ := strings.CutPrefix(err.Error(), address+": 127.0.0.1:1: ") // Windows has other words for them
	if !errors.Is(err, ledger.ErrUnavailable) || strings.Count(causes, "127.0.0.1") != 1 || !strings.Contains(causes, "; 127.0.0.1:2: ") {
		t.Error(err)
	}
}
