package decide

import (
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Window is when an attempt may have created its user, in the partner's time.
type Window struct {
	From, To time.Time
	lookBack time.Time // for a used key: another process may have used it before our attempt
	open     bool      // unanswered, even if proved absent since: it may have acted after its end
}

// Shifted returns the window as the clock of createdAt shows it.
func (w Window) Shifted(c Calibration) Window {
	w.From, w.To, w.lookBack = w.From.Add(c.Offset-c.Spread), w.To.Add(c.Offset+c.Spread), w.lookBack.Add(c.Offset-c.Spread)
	return w
}

// attemptWindow returns the window of attempt i. Attempts that cannot have created a user
// have none. An attempt that was turned away has one: that it created nothing is only an
// assumption about the partner, so a user created inside its window is never called older
// than our attempts.
func attemptWindow(h []ledger.Attempt, i int, t Timing) (Window, bool) {
	a := h[i]
	open := a.Absent || a.Class == ledger.Throttled || IsUnanswered(h, i, t)
	if a.Removes != "" || !open && !isTurnedAway(a.Class) {
		return Window{}, false
	}
	w := RequestWindow(a, t)
	w.open = open
	if open {
		w.To = w.To.Add(t.Settle)
	}
	if meansKeyUsed(h, i) {
		w.lookBack = w.From.Add(-t.TTL - t.keyMargin())
	}
	return w, true
}

// RequestWindow returns the time from the intent of an attempt to its end.
func RequestWindow(a ledger.Attempt, t Timing) Window {
	w := Window{From: a.NotBefore.Partner().Add(-t.clockSlack()), To: a.NotAfter.Partner().Add(t.clockSlack())}
	w.lookBack = w.From
	return w
}

// Contains reports whether a user was created inside the window.
func (w Window) Contains(u User) bool {
	return !u.CreatedAt.Before(w.From) && !u.CreatedAt.After(w.To)
}

// MayHaveCreated reports whether some attempt of a customer can have created a
// listed user: its own time is right, as far as clocks can be compared.
func MayHaveCreated(c ledger.Customer, u User, clock Calibration, t Timing) bool {
	for i, a := range c.History {
		switch {
		case a.Removes != "", a.Class == ledger.NotSent, a.Class == ledger.Busy, a.Class == ledger.Auth:
			continue
		case u.CreatedAt.IsZero(), !a.NotBefore.Certain, a.Class != ledger.Open && !a.NotAfter.Certain, !clock.IsUsable(a.NotBefore.Partner(), t):
			continue
		}
		w := RequestWindow(a, t)
		if a.Class == ledger.Open || a.Absent || IsUnanswered(c.History, i, t) {
			w.To = MaxTime(w.To, w.From).Add(t.Settle)
		}
		if w = w.Shifted(clock); !u.CreatedAt.Before(w.From) && !u.CreatedAt.After(w.To) {
			return true
		}
	}
	return false
}
