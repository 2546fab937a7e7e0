package pipeline

import "github.com/bulkonboard/bulkonboard/ledger"

// window100 counts the partner's refusals for Bounds.MaxErrors. Duplicates do
// not count; a creation ends a row of refusals.
type window100 struct {
	row    int
	last   [100]bool
	n, bad int
}

func (w *window100) take(s ledger.Status) {
	switch s {
	case ledger.Rejected:
		w.row++
	case ledger.Created:
		w.row = 0
	case ledger.Duplicate:
		return
	}
	i := w.n % len(w.last)
	if w.n >= len(w.last) && w.last[i] {
		w.bad--
	}
	w.last[i] = s == ledger.Rejected
	if w.last[i] {
		w.bad++
	}
	w.n++
}

func (w *window100) over(b Bound) bool {
	switch {
	case b.Percent > 0:
		return w.n >= len(w.last) && float64(w.bad)*100 > b.Percent*float64(len(w.last))
	case b.Count > 0:
		return w.row >= b.Count
	default:
		return false
	}
}
