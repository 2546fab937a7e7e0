package pacing

import "github.com/bulkonboard/bulkonboard/ledger"

// lastHundred remembers which of the last hundred events were bad. The zero
// value is empty.
type lastHundred struct {
	isBad  [100]bool
	n, bad int
}

func (l *lastHundred) add(isBad bool) {
	i := l.n % len(l.isBad)
	if l.isBad[i] { // overwritten: only a full window has one here
		l.bad--
	}
	l.isBad[i] = isBad
	if isBad {
		l.bad++
	}
	l.n++
}

// isFull reports whether a hundred events are known.
func (l *lastHundred) isFull() bool { return l.n >= len(l.isBad) }

// breaker counts answers that prove nothing. It trips at three in a row, or at 5 % of the
// last hundred once there are a hundred. The zero value is ready to use.
type breaker struct {
	inRow  int
	recent lastHundred
}

func (b *breaker) countAnswer(class ledger.Class) {
	isBlind := class == ledger.Unknown || class == ledger.OKBroken
	b.recent.add(isBlind)
	b.inRow++
	if !isBlind {
		b.inRow = 0
	}
}

func (b *breaker) isTripped() bool { return b.inRow >= 3 || b.recent.isFull() && b.recent.bad >= 5 }

// RefusalWindow counts the partner's refusals. Duplicates do not count, and a creation
// ends a series of refusals. The zero value is ready to use.
type RefusalWindow struct {
	row    int
	recent lastHundred
}

// CountStatus counts the status that an answer gave to a row.
func (w *RefusalWindow) CountStatus(s ledger.Status) {
	switch s {
	case ledger.Rejected:
		w.row++
	case ledger.Created:
		w.row = 0
	case ledger.Duplicate:
		return
	}
	w.recent.add(s == ledger.Rejected)
}

// IsOver reports whether count refusals came in a row, or more than percent of
// the last hundred. A bound of 0 or less is none. If percent is set, count is ignored.
func (w *RefusalWindow) IsOver(count int, percent float64) bool {
	if percent > 0 {
		return w.recent.isFull() && float64(w.recent.bad) > percent
	}
	return count > 0 && w.row >= count
}
