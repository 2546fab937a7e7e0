package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

func TestSender(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	for name, test := range map[string]func(*testing.T, Options){
		"a second one is refused":                testSecondSender,
		"a silent one is succeeded":              testSilentSender,
		"a finished one is succeeded at once":    testFinishedSender,
		"requests are waited for":                testWaitForRequests,
		"another machine's clock is not trusted": testForeignClock,
		"answers are merged from the file":       testEmergencyFile,
		"a check pass that died leaves nothing":  testDeadPass,
		"lost commits are noticed":               testLostCommits,
	} {
		t.Run(name, func(t *testing.T) {
			o := optionsFor(cluster.URL())
			o.Create, o.Lease = true, 500*time.Millisecond
			test(t, o)
		})
	}
}

func testSecondSender(t *testing.T, o Options) {
	l := openWith(t, o)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), o)
	if !errors.Is(err, ledger.ErrLocked) || !strings.Contains(err.Error(), fmt.Sprintf("on %s (process %d)", host, os.Getpid())) {
		t.Errorf("a second sender: %v", err)
	}
	if !l.MaySend() {
		t.Error("the first one may not send")
	}
	if err := l.SaveFact(t.Context(), "pace", "5", time.Now()); err != nil {
		t.Error(err)
	}
}

func testSilentSender(t *testing.T, o Options) {
	l := openWith(t, o)
	b := registerRows(t, l, "one", 3, func(i int) ledger.Row { return rowOf(i, "a") })
	run := beginRun(t, l, b.ID)
	intents := intentsFor(t, l, b.ID, 0, 1)
	ids, err := l.Intend(t.Context(), run, intents)
	if err != nil {
		t.Fatal(err)
	}
	l.sender.stop() // as a process that is frozen
	next := openWith(t, o)
	if l.MaySend() {
		t.Error("the silent one may still send")
	}
	if len(next.Notices()) == 0 || countWith(t, next, ledger.InDoubt) != 1 {
		t.Errorf("notices %q, %d in doubt", next.Notices(), countWith(t, next, ledger.InDoubt))
	}
	// Whatever the silent one still tries is refused, and nothing of it is written.
	if _, err := l.Intend(t.Context(), run, intentsFor(t, next, b.ID, 1, 1)); !errors.Is(err, ledger.ErrWrite) || !errors.Is(err, errFenced) {
		t.Errorf("an intent of the silent one: %v", err)
	}
	if _, err := l.Record(t.Context(), run, answersTo(intents, ids)); !errors.Is(err, ledger.ErrWrite) {
		t.Errorf("an answer of the silent one: %v", err)
	}
	// But its answer counts where it comes late.
	if left, err := next.Merge(t.Context(), answersTo(intents, ids)); err != nil || len(left) > 0 {
		t.Errorf("its answer, late: %v %v", left, err)
	}
	if n := countWith(t, next, ledger.Created); n != 1 {
		t.Errorf("%d are created", n)
	}
	checkSound(t, next)
}

func testFinishedSender(t *testing.T, o Options) {
	o.Lease = time.Hour
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	openWith(t, o)
}

func testWaitForRequests(t *testing.T, o Options) {
	o.Timeout = 300 * time.Millisecond
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b := registerRows(t, l, "one", 1, func(i int) ledger.Row { return rowOf(i, "a") })
	if _, err := l.Intend(t.Context(), beginRun(t, l, b.ID), intentsFor(t, l, b.ID, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	closes := sum(t, openWith(t, Options{Address: o.Address, ReadOnly: true}), "closes_us", "sender")
	next := openWith(t, o)
	for c, err := range next.Customers(t.Context(), ledger.Query{History: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if a := c.History[0]; a.Class != ledger.Unknown || a.NotAfter.At.UnixMicro() < int64(closes) {
			t.Errorf("closed as %s at %s, before its request was over at %s", a.Class, a.NotAfter.At, time.UnixMicro(int64(closes)).UTC())
		}
	}
}

func testForeignClock(t *testing.T, o Options) {
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b := registerRows(t, l, "one", 1, func(i int) ledger.Row { return rowOf(i, "a") })
	if _, err := l.Intend(t.Context(), beginRun(t, l, b.ID), intentsFor(t, l, b.ID, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, l, "UPDATE sender SET host = 'another', token = ''") // as a program of version 1 leaves it
	next := openWith(t, o)
	for c, err := range next.Customers(t.Context(), ledger.Query{History: true}) {
		if a := c.History[0]; err != nil || a.NotAfter.Certain || !a.NotBefore.Certain {
			t.Errorf("%+v %v", a, err)
		}
	}
}

func testEmergencyFile(t *testing.T, o Options) {
	o.Emergency = filepath.Join(t.TempDir(), "answers.emergency")
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b := registerRows(t, l, "one", 2, func(i int) ledger.Row { return rowOf(i, "a") })
	intents := intentsFor(t, l, b.ID, 0, 2)
	ids, err := l.Intend(t.Context(), beginRun(t, l, b.ID), intents)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Emergency(answersTo(intents, ids)[:1]); err != nil {
		t.Fatal(err)
	}
	if err := l.abandon(); err != nil {
		t.Fatal(err)
	}
	next := openWith(t, o)
	if created, doubts := countWith(t, next, ledger.Created), countWith(t, next, ledger.InDoubt); created != 1 || doubts != 1 {
		t.Errorf("%d created, %d in doubt", created, doubts)
	}
	checkSound(t, next)
}

func testDeadPass(t *testing.T, o Options) {
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "one"})
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]ledger.Row, rowsAtOnce)
	for i := range rows {
		rows[i] = rowOf(i, "a")
	}
	if err := reg.Add(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	if batches, err := l.Batches(t.Context()); err != nil || len(batches) > 0 || countWith(t, l, ledger.Pending) > 0 {
		t.Errorf("before the commit: %v %v", batches, err)
	}
	if n := count(t, l, "input_row"); n != rowsAtOnce {
		t.Fatalf("%d rows were copied", n)
	}
	checkSound(t, l)
	if err := l.abandon(); err != nil {
		t.Fatal(err)
	}
	next := openWith(t, o)
	for _, table := range []string{"input_row", "newcomer", "check_pass"} {
		if n := count(t, next, table); n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
}

func testLostCommits(t *testing.T, o Options) {
	o.Emergency = filepath.Join(t.TempDir(), "answers.emergency")
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := l.SaveFact(t.Context(), "pace", "5", time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.abandon(); err != nil {
		t.Fatal(err)
	}
	execute(t, l, "UPDATE sender SET writes = 1") // as after a failover to a standby that was behind
	if _, err := Open(t.Context(), o); !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), "ledger adopt") {
		t.Errorf("a database that lost commits: %v", err)
	}
	o.Adopt = true
	openWith(t, o)
}

// execute runs a statement as any other program could.
func execute(t testing.TB, l *Ledger, text string) {
	t.Helper()
	db, err := l.address.connect(t.Context(), roleRead)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.ExecScript(t.Context(), text, nil); err != nil {
		t.Fatal(err)
	}
}

// count returns how many rows a table has.
func count(t testing.TB, l *Ledger, table string) (n int) {
	t.Helper()
	n, err := read(t.Context(), &l.core, func(c *conn) (n int, err error) {
		err = c.QueryOne(t.Context(), "SELECT count(*) FROM "+table, nil, &n)
		return n, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestMigration: a ledger of the first version is brought forward by whoever opens it to
// send, with what is in it.
func TestMigration(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	o := optionsFor(cluster.URL())
	a, err := parseAddress(o.Address)
	if err != nil {
		t.Fatal(err)
	}
	db, err := a.connect(t.Context(), roleRead)
	if err != nil {
		t.Fatal(err)
	}
	err = db.ExecScript(t.Context(), "CREATE SCHEMA "+a.schema+";"+schema+`;
		INSERT INTO ledger (one, id, environment, secret, created_us, schema_version, oldest_reader) VALUES (1, 'x', 'sandbox', repeat('00', `+fmt.Sprint(len(keyed.Secret{}))+`), 1, 1, 1);
		INSERT INTO sender (host, pid, os_user, command, lease_us, timeout_us, began_us, beat_us, ended_us, closes_us) VALUES ('h', 1, 'u', 'run', 1, 1, 1, 1, 1, 1);
		INSERT INTO run (id, command, who, host, version, key_print, settings, started_us) VALUES (1, 'run', '', '', '', '', '', 1);
		INSERT INTO customer (id, status, intents, attempts, email, key, first_sent_us) VALUES (1, 'in_doubt', 1, 1, 'a@example.com', NULL, 1), (2, 'pending', 1, 1, 'b@example.com', NULL, 1);
		UPDATE customer SET status = 'created', service_id = 'acme-rain-user-1', url = 'https://verify.test/1', service_mark = 7, url_mark = 8, pairing = 'unconfirmed', decided_us = 2 WHERE id = 2;
		INSERT INTO attempt (customer, run, sender, generation, key, not_before_us, not_before_offset_us, not_before_certain) VALUES (1, 1, 1, 0, 'k', 1, 0, 1)`, nil)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Address: o.Address, ReadOnly: true}); !errors.Is(err, ErrOlder) {
		t.Errorf("an older one, to read: %v", err)
	}
	o.Shared = true
	l := openWith(t, o)
	await(t, "the sweep of what the first version left open", func() bool { return countOpen(t, l) == 0 })
	for c, err := range l.Customers(t.Context(), ledger.Query{Status: []ledger.Status{ledger.InDoubt}, History: true}) {
		if err != nil || c.History[0].NotAfter.Certain {
			t.Errorf("%+v %v", c, err)
		}
	}
}

// TestTurnsBesideSenders: a process that is no sender takes its turns from those of all,
// and none while they are held.
func TestTurnsBesideSenders(t *testing.T) {
	o := sharedOptions(shared.Cluster(t).URL())
	x := newParty(t, o, newPartner())
	o.Concurrent = true
	beside := openWith(t, o)
	if err := x.SetRate(t.Context(), 0.001); err != nil {
		t.Fatal(err)
	}
	if err := beside.AwaitTurn(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := x.DrawSlots(t.Context(), ledger.Draw{Turns: 1})
	if next := s.First.Sub(x.Now()); err != nil || next < 500*time.Second {
		t.Errorf("the sender's next turn is in %s, want that of 1,000 s; %v", next, err)
	}
	if err := errors.Join(x.SetRate(t.Context(), 0), x.Hold(t.Context(), "ops", "tests")); err != nil {
		t.Fatal(err)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if err := beside.AwaitTurn(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("the wait ended with %v", err)
	}
	taken := make(chan error, 1)
	go func() { taken <- beside.AwaitTurn(t.Context()) }()
	if err := x.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-taken; err != nil {
		t.Error(err)
	}
}
