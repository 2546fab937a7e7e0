package patience

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestOutage: calls wait for a ledger that comes back, and end with its error if it does
// not, or when their context ends.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := memory.New("sandbox").Connect()
		l, ok := WrapLedger(p, time.Minute).(ledger.Shared)
		if !ok || UnwrapLedger(l) != ledger.Ledger(p) {
			t.Fatal("the ledger is not shared any more, or another one")
		}
		member, err := l.Join(t.Context(), ledger.Sender{Lease: 15 * time.Second, Timeout: 30 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		p.Cut(true)
		back := time.AfterFunc(30*time.Second, func() { p.Cut(false) })
		defer back.Stop()
		began := time.Now()
		if s, err := member.DrawSlots(t.Context(), ledger.Draw{Turns: 1}); err != nil || s.Count != 1 || time.Since(began) < 30*time.Second {
			t.Errorf("%+v, %v after %s", s, err, time.Since(began))
		}
		p.Cut(true)
		began = time.Now()
		if _, err := l.Merge(t.Context(), nil); !errors.Is(err, ledger.ErrUnavailable) || time.Since(began) < time.Minute {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		soon, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began = time.Now()
		if err := member.SetResting(soon, true); !errors.Is(err, ledger.ErrUnavailable) || time.Since(began) > 4*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		p.Cut(false)
		for _, err := range l.Customers(t.Context(), ledger.Query{}) {
			t.Error(err)
		}
		if err := member.Leave(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestFileLedger: a ledger that one process holds alone stays as it is.
func TestFileLedger(t *testing.T) {
	m := memory.New("sandbox")
	if WrapLedger(m, time.Minute) != ledger.Ledger(m) || UnwrapLedger(m) != ledger.Ledger(m) {
		t.Error("it was wrapped")
	}
}
