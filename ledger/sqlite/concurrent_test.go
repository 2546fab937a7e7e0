package sqlite

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// News is written while a run sends, and neither disturbs the other.
func TestConcurrent(t *testing.T) {
	l, b, in, ids := newWithIntents(t, 10, 2)
	side := openConcurrent(t, l.path)
	event := ledger.KYCEvent{ServiceID: "acme-rain-user-000000000001", Status: ledger.KYCApproved, At: time.Now()}
	if n, err := side.ObserveKYC(t.Context(), []ledger.KYCEvent{event}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if err := recordAll(t.Context(), l, answersTo(in, ids)); err != nil {
		t.Fatal(err)
	}
	if c := selectCustomers(t, side, ledger.Query{IDs: []int64{1}}); len(c) != 1 || c[0].KYC.Status != ledger.KYCApproved || c[0].Status != ledger.Created {
		t.Errorf("an event that came before its user: %+v", c)
	}
	// What sends or registers needs the lock.
	p, err := l.Plan(t.Context(), b.ID, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, intended := side.Intend(t.Context(), 1, intentsFor(p))
	_, registered := side.Register(t.Context(), ledger.Batch{Fingerprint: "x"})
	_, forgot := side.Forget(t.Context(), []string{"a00000009@example.com"})
	_, readmitted := side.Readmit(t.Context(), []string{"a00000009@example.com"})
	_, pruned := side.Prune(t.Context(), 1)
	for what, err := range map[string]error{"intend": intended, "register": registered, "forget": forgot, "readmit": readmitted, "prune": pruned,
		"rebind": side.Rebind(t.Context(), "new.host"), "rebind account": side.RebindAccount(t.Context())} {
		if !errors.Is(err, ledger.ErrWrite) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := l.Intend(t.Context(), 1, intentsFor(p)); err != nil {
		t.Error(err)
	}
	checkSound(t, l)
}

// A check pass holds the ledger for long. Another process that writes meanwhile is
// refused for now, and can be repeated.
func TestConcurrentWriterIsToldToComeBack(t *testing.T) {
	l, _, _, _ := newWithIntents(t, 1, 1)
	side := openConcurrent(t, l.path)
	if err := side.w.ExecScript(t.Context(), "PRAGMA busy_timeout = 20"); err != nil {
		t.Fatal(err)
	}
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "long"})
	if err != nil {
		t.Fatal(err)
	}
	event := []ledger.KYCEvent{{ServiceID: "acme-rain-user-000000000001", Status: ledger.KYCPending, At: time.Now()}}
	if _, err := side.ObserveKYC(t.Context(), event); !errors.Is(err, ErrBusy) {
		t.Errorf("during a check pass: %v", err)
	}
	if err := side.CheckWritable(t.Context()); !errors.Is(err, ErrBusy) {
		t.Errorf("writable during a check pass: %v", err)
	}
	if err := reg.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := side.CheckWritable(t.Context()); err != nil {
		t.Errorf("writable after it: %v", err)
	}
	if n, err := side.ObserveKYC(t.Context(), event); n != 1 || err != nil {
		t.Errorf("after it: %d %v", n, err)
	}
}

// A crash leaves the deletion of a user open: it is not known whether it happened.
func TestKilledWithOpenDeletion(t *testing.T) {
	l, _, in, ids := newWithIntents(t, 3, 2)
	found := answersTo(in, ids)
	for i := range found {
		found[i].Status, found[i].URL, found[i].Close[0].Class = ledger.LinkMissing, "", ledger.Unknown
	}
	if err := recordAll(t.Context(), l, found); err != nil {
		t.Fatal(err)
	}
	lost := selectCustomers(t, l, ledger.Query{Status: []ledger.Status{ledger.LinkMissing}})
	_, err := l.Intend(t.Context(), 1, []ledger.Intent{{Expect: ledger.Expect{Customer: lost[0].ID, Status: ledger.LinkMissing, Intents: 1},
		Generation: 1, Removes: lost[0].ServiceID, At: ledger.Instant{At: time.Now()}}})
	if err != nil {
		t.Fatal(err)
	}
	next := reopen(t, killedCopy(t, l))
	c := selectCustomers(t, next, ledger.Query{IDs: []int64{lost[0].ID}, History: true})[0]
	if c.Status != ledger.InDoubt || c.ServiceID != lost[0].ServiceID || c.Attempts != 1 || len(c.History) != 2 || c.History[1].Class != ledger.Unknown || c.History[1].Removes != c.ServiceID {
		t.Errorf("%+v", c)
	}
	checkSound(t, next)
}

// Close waits for the commit of a registration, and nothing is written after it.
func TestCloseWaitsForARegistration(t *testing.T) {
	l := openNew(t)
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "one", Files: []ledger.File{{Name: "a"}}})
	if err == nil {
		err = reg.Add(t.Context(), validRows(2000, "a"))
	}
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- l.Close() }()
	for range 100 { // mostly Close waits by then
		runtime.Gosched()
	}
	if _, err := reg.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(l.path + "-wal"); err == nil && info.Size() > 0 {
		t.Errorf("the ledger is closed and its log has %d bytes", info.Size())
	}
	if n := len(selectCustomers(t, reopen(t, l.path), ledger.Query{})); n != 2000 {
		t.Errorf("%d of 2000 customers are there", n)
	}
}
