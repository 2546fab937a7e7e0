package pipeline

import (
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// window is when an attempt may have created its user, in the partner's time.
type window struct {
	from, to time.Time
	lookBack time.Time // for a used key: the attempt that used it may be older than our record of it
	open     bool      // unanswered, also if since proved absent: it may have acted later still
}

// by is the window as the clock of createdAt shows it.
func (w window) by(c calibration) window {
	w.from, w.to, w.lookBack = w.from.Add(c.offset-c.spread), w.to.Add(c.offset+c.spread), w.lookBack.Add(c.offset-c.spread)
	return w
}

// windowOf returns the window of attempt i. Attempts that cannot have created
// anything have none. One that was turned away has: that such an answer created
// nothing is assumed of the partner, and no user made inside it is called older
// than anything of ours.
func windowOf(h []ledger.Attempt, i int, t timing) (window, bool) {
	a := h[i]
	open := a.Absent || a.Class == ledger.Throttled || unanswered(h, i, t)
	if a.Removes != "" || !open && !turnedAway(a.Class) {
		return window{}, false
	}
	w := ownWindow(a, t)
	w.open = open
	if open {
		w.to = w.to.Add(t.settle)
	}
	if meansKeyUsed(h, i) {
		w.lookBack = w.from.Add(-t.ttl - t.margin())
	}
	return w, true
}

// ownWindow is the time from the intent of an attempt to its end.
func ownWindow(a ledger.Attempt, t timing) window {
	w := window{from: a.NotBefore.Partner().Add(-t.slack()), to: a.NotAfter.Partner().Add(t.slack())}
	w.lookBack = w.from
	return w
}

// contains reports whether a user was created inside the window.
func (w window) contains(u listedUser) bool {
	return !u.CreatedAt.Before(w.from) && !u.CreatedAt.After(w.to)
}

// mayHaveMade reports whether some attempt of a customer can have created a
// listed user: its own time is right, as far as clocks can be compared.
func mayHaveMade(c ledger.Customer, u listedUser, clock calibration, t timing) bool {
	for i, a := range c.History {
		switch {
		case a.Removes != "", a.Class == ledger.NotSent, a.Class == ledger.Busy, a.Class == ledger.Auth:
			continue
		case u.CreatedAt.IsZero(), !a.NotBefore.Certain, a.Class != ledger.Open && !a.NotAfter.Certain, !clock.usable(a.NotBefore.Partner(), t):
			continue
		}
		w := ownWindow(a, t)
		if a.Class == ledger.Open || a.Absent || unanswered(c.History, i, t) {
			w.to = maxTime(w.to, w.from).Add(t.settle)
		}
		if w = w.by(clock); !u.CreatedAt.Before(w.from) && !u.CreatedAt.After(w.to) {
			return true
		}
	}
	return false
}
