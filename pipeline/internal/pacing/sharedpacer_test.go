package pacing

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// fakeSource is a shared ledger whose clock is an hour ahead.
type fakeSource struct {
	draws   []ledger.Draw
	answer  func(now time.Time, d ledger.Draw) ledger.Slots
	paused  time.Time
	began   time.Time
	isEmpty []bool
	failed  error
}

func (f *fakeSource) Now() time.Time { return time.Now().Add(time.Hour) }

func (f *fakeSource) DrawSlots(_ context.Context, d ledger.Draw) (ledger.Slots, error) {
	f.draws = append(f.draws, d)
	return f.answer(f.Now(), d), f.failed
}

func (f *fakeSource) PauseAll(_ context.Context, until time.Time, _ float64, began time.Time) error {
	f.paused, f.began = until, began
	return f.failed
}

func (f *fakeSource) SetWalletEmpty(_ context.Context, isEmpty bool) error {
	f.isEmpty = append(f.isEmpty, isEmpty)
	return f.failed
}

func newTestPacer(t *testing.T, answer func(now time.Time, d ledger.Draw) ledger.Slots) (*SharedPacer, *fakeSource, *Gate) {
	f, gate := &fakeSource{answer: answer}, NewGate()
	return NewSharedPacer(f, NewLimiter(math.Inf(1), 1), gate, 10, func(string, error) { t.Error("a report failed") }), f, gate
}

// TestSharedTurns: turns are taken at their times, and one that was missed is given up.
func TestSharedTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, f, _ := newTestPacer(t, func(now time.Time, _ ledger.Draw) ledger.Slots {
			return ledger.Slots{First: now.Add(50 * time.Millisecond), Gap: 10 * time.Millisecond, Count: 5}
		})
		began := time.Now()
		takeTurn := func(at time.Duration) {
			t.Helper()
			if _, err := p.WaitToSend(t.Context(), 7); err != nil || time.Since(began) != at {
				t.Errorf("after %s, want %s; %v", time.Since(began), at, err)
			}
		}
		takeTurn(50 * time.Millisecond)
		takeTurn(60 * time.Millisecond)
		time.Sleep(30 * time.Millisecond) // until 90: those of 70 may still be used, for 20 ms
		takeTurn(90 * time.Millisecond)
		takeTurn(90 * time.Millisecond)
		time.Sleep(time.Second) // the one of 90 is missed
		takeTurn(1140 * time.Millisecond)
		if len(f.draws) != 2 || f.draws[0] != (ledger.Draw{Turns: 8}) {
			t.Errorf("%+v", f.draws)
		}
		if r := p.CurrentRate(); r != 100 {
			t.Errorf("rate %v", r)
		}
	})
}

// TestNoSharedTurn: a row that gets no turn goes back, and a look-up waits.
func TestNoSharedTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until := time.Now().Add(time.Hour + 10*time.Second) // by the ledger's clock
		p, f, gate := newTestPacer(t, func(now time.Time, d ledger.Draw) ledger.Slots {
			switch {
			case now.Before(until):
				return ledger.Slots{First: until, Reason: ledger.SlotsWait}
			case !d.IsLookUp && !d.IsTrial:
				return ledger.Slots{First: now, Reason: ledger.SlotsEmpty}
			}
			return ledger.Slots{First: now, Count: 1, IsTrial: d.IsTrial}
		})
		_, err := p.WaitToSend(t.Context(), 0)
		if shut, ok := errors.AsType[*ShutError](err); !ok || shut.Reason != ledger.SlotsWait || !shut.Until.Equal(WallTime().Add(10*time.Second)) {
			t.Errorf("%v", err)
		}
		began := time.Now()
		if err := p.WaitTurn(t.Context()); err != nil || time.Since(began) < 10*time.Second {
			t.Errorf("a look-up after %s, %v", time.Since(began), err)
		}
		if _, err := p.WaitToSend(t.Context(), 0); err == nil {
			t.Error("a row was sent with an empty wallet")
		}
		gate.HoldForAll(ledger.SlotsEmpty)
		gate.startProbe()
		if isTrial, err := p.WaitToSend(t.Context(), 9); !isTrial || err != nil {
			t.Errorf("no trial: %v", err)
		}
		if last := f.draws[len(f.draws)-1]; !last.IsTrial {
			t.Errorf("%+v", last)
		}
	})
}

// TestTurnsInTheBackground: a row of a sender in the background waits until no other
// sender needs the turn, and is stopped by what stops all. Look-ups, and the trial of an
// empty wallet, are not in the background.
func TestTurnsInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busyUntil := time.Now().Add(time.Hour + 3*time.Second) // by the ledger's clock
		p, f, gate := newTestPacer(t, func(now time.Time, d ledger.Draw) ledger.Slots {
			if d.IsBackground && now.Before(busyUntil) {
				return ledger.Slots{First: now.Add(20 * time.Millisecond), Reason: ledger.SlotsOthers}
			}
			return ledger.Slots{First: now, Count: 1, IsTrial: d.IsTrial}
		})
		p.YieldToOthers()
		began := time.Now()
		if err := p.WaitTurn(t.Context()); err != nil || time.Since(began) > 0 {
			t.Errorf("a look-up after %s, %v", time.Since(began), err)
		}
		if _, err := p.WaitToSend(t.Context(), 0); err != nil || time.Since(began) != 3*time.Second {
			t.Errorf("a row after %s, %v", time.Since(began), err)
		}
		if n := len(f.draws); n != 2+150 {
			t.Errorf("%d draws", n)
		}
		gate.HoldForAll(ledger.SlotsEmpty)
		gate.startProbe()
		if isTrial, err := p.WaitToSend(t.Context(), 9); !isTrial || err != nil || f.draws[len(f.draws)-1].IsBackground {
			t.Errorf("trial: %t, %v, %+v", isTrial, err, f.draws[len(f.draws)-1])
		}
		f.answer = func(now time.Time, _ ledger.Draw) ledger.Slots {
			return ledger.Slots{First: now.Add(time.Second), Reason: ledger.SlotsHeld}
		}
		if _, err := p.WaitToSend(t.Context(), 0); err == nil {
			t.Error("a row was sent although all senders are held")
		}
	})
}

// TestSharedReports: what one sender hears of the partner is reported by the ledger's
// clock, and a ledger that is away is only a warning.
func TestSharedReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, f, _ := newTestPacer(t, nil)
		now := WallTime()
		p.ReportBusy(now.Add(-time.Second), now, now.Add(30*time.Second))
		if !f.paused.Equal(now.Add(time.Hour+30*time.Second)) || !f.began.Equal(now.Add(time.Hour-time.Second)) {
			t.Errorf("%s, %s", f.paused, f.began)
		}
		p.ReportFunds(true)
		p.ReportFunds(false)
		if len(f.isEmpty) != 2 || !f.isEmpty[0] || f.isEmpty[1] {
			t.Errorf("%v", f.isEmpty)
		}
		warnings := 0
		p.warn = func(string, error) { warnings++ }
		f.failed = ledger.ErrUnavailable
		p.ReportFunds(true)
		if warnings != 1 {
			t.Errorf("%d warnings", warnings)
		}
	})
}
