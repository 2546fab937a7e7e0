package sqlite

import (
	"errors"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func beside(t *testing.T, l *Ledger) *Ledger {
	t.Helper()
	o := options(l.path)
	o.Beside = true
	b, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// News is written beside a run, and neither disturbs the other.
func TestBeside(t *testing.T) {
	l, b, in, ids := sent(t, 10, 2)
	side := beside(t, l)
	event := ledger.KYCEvent{ServiceID: "acme-rain-user-000000000001", Status: ledger.KYCApproved, At: time.Now()}
	if n, err := side.ObserveKYC(t.Context(), []ledger.KYCEvent{event}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if err := recordAll(t.Context(), l, outcomes(in, ids)); err != nil {
		t.Fatal(err)
	}
	if c := all(t, side, ledger.Query{IDs: []int64{1}}); len(c) != 1 || c[0].KYC.Status != ledger.KYCApproved || c[0].Status != ledger.Created {
		t.Errorf("an event that came before its user: %+v", c)
	}
	// What sends, or takes rows in, needs the lock.
	p, err := l.Plan(t.Context(), b.ID, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, intended := side.Intend(t.Context(), 1, intents(p))
	_, registered := side.Register(t.Context(), ledger.Batch{Fingerprint: "x"})
	_, forgot := side.Forget(t.Context(), []string{"a00000009@example.com"})
	for what, err := range map[string]error{"intend": intended, "register": registered, "forget": forgot} {
		if !errors.Is(err, ledger.ErrWrite) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := l.Intend(t.Context(), 1, intents(p)); err != nil {
		t.Error(err)
	}
	sound(t, l)
}

// A check pass holds the ledger for long. Whoever writes beside it is told to
// come back, and can.
func TestBesideIsBusy(t *testing.T) {
	l, _, _, _ := sent(t, 1, 1)
	side := beside(t, l)
	if err := side.w.run(t.Context(), "PRAGMA busy_timeout = 20"); err != nil {
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
	if err := reg.Rollback(); err != nil {
		t.Fatal(err)
	}
	if n, err := side.ObserveKYC(t.Context(), event); n != 1 || err != nil {
		t.Errorf("after it: %d %v", n, err)
	}
}

// A crash leaves the deletion of a user open: nobody knows whether it happened.
func TestKilledWithOpenDeletion(t *testing.T) {
	l, _, in, ids := sent(t, 3, 2)
	found := outcomes(in, ids)
	for i := range found {
		found[i].Status, found[i].URL, found[i].Close[0].Class = ledger.LinkMissing, "", ledger.Unknown
	}
	if err := recordAll(t.Context(), l, found); err != nil {
		t.Fatal(err)
	}
	lost := all(t, l, ledger.Query{Status: []ledger.Status{ledger.LinkMissing}})
	_, err := l.Intend(t.Context(), 2, []ledger.Intent{{Expect: ledger.Expect{Customer: lost[0].ID, Status: ledger.LinkMissing, Intents: 1},
		Generation: 1, Removes: lost[0].ServiceID, At: ledger.Instant{At: time.Now()}}})
	if err != nil {
		t.Fatal(err)
	}
	next := reopen(t, image(t, l))
	c := all(t, next, ledger.Query{IDs: []int64{lost[0].ID}, History: true})[0]
	if c.Status != ledger.InDoubt || c.ServiceID != lost[0].ServiceID || c.Attempts != 1 || len(c.History) != 2 || c.History[1].Class != ledger.Unknown || c.History[1].Removes != c.ServiceID {
		t.Errorf("%+v", c)
	}
	sound(t, next)
}
