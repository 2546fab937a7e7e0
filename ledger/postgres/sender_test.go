package postgres

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
)

func TestSender(t *testing.T) {
	cluster := pgtest.Start(t)
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

// TestWatch: only a beat that was watched for a whole lease, without a pause in the
// watching, is taken for silence.
func TestWatch(t *testing.T) {
	const lease = 8 * time.Second
	type look struct {
		id, beat          int64
		at                time.Duration
		isAlive, isSilent bool
	}
	for name, looks := range map[string][]look{
		"silent":               {{1, 5, 0, false, false}, {1, 5, 4 * time.Second, false, false}, {1, 5, 8 * time.Second, false, false}, {1, 5, 9 * time.Second, false, true}},
		"alive":                {{1, 5, 0, false, false}, {1, 5, 3 * time.Second, false, false}, {1, 6, 5 * time.Second, true, false}, {1, 6, 9 * time.Second, false, false}, {1, 6, 13 * time.Second, false, false}},
		"another one":          {{1, 5, 0, false, false}, {2, 0, 3 * time.Second, false, false}, {2, 0, 7 * time.Second, false, false}, {2, 0, 11 * time.Second, false, false}, {2, 0, 12 * time.Second, false, true}},
		"the server was away":  {{1, 5, 0, false, false}, {1, 5, time.Hour, false, false}, {1, 5, time.Hour + 4*time.Second, false, false}, {1, 6, time.Hour + 5*time.Second, true, false}},
		"away and then silent": {{1, 5, 0, false, false}, {1, 5, 5 * time.Second, false, false}, {1, 5, 9 * time.Second, false, false}, {1, 5, 13 * time.Second, false, false}, {1, 5, 14 * time.Second, false, true}},
	} {
		var w watch
		for i, x := range looks {
			isAlive, isSilent := w.look(rival{id: x.id, beat: x.beat, lease: lease}, time.Unix(1_700_000_000, 0).Add(x.at))
			if isAlive != x.isAlive || isSilent != x.isSilent {
				t.Errorf("%s, look %d: alive %t, silent %t", name, i, isAlive, isSilent)
			}
		}
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
	closed := time.Now()
	var said []string
	o.Say = func(what string) { said = append(said, what) }
	next := openWith(t, o)
	for c, err := range next.Customers(t.Context(), ledger.Query{History: true}) {
		if err != nil {
			t.Fatal(err)
		}
		a := c.History[0]
		if a.Class != ledger.Unknown || a.NotAfter.At.Before(ledger.TruncateTime(closed.Add(200*time.Millisecond))) || len(said) == 0 {
			t.Errorf("closed as %s at %s, %s after the end; said %q", a.Class, a.NotAfter.At, a.NotAfter.At.Sub(closed), said)
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
	execute(t, l, "UPDATE sender SET host = 'another'")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
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
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.SaveFact(t.Context(), "pace", "5", time.Now()); err != nil {
		t.Fatal(err)
	}
	execute(t, l, "UPDATE sender SET writes = 0") // as after a failover to a standby that was behind
	err = l.SaveFact(t.Context(), "pace", "6", time.Now())
	if !errors.Is(err, ledger.ErrDamaged) || !errors.Is(err, ledger.ErrWrite) {
		t.Errorf("a write into an older state: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
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
