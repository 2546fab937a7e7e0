package sqlite

import (
	"context"
)

// round is late entries that go in together, in the order of their keys: so
// many with each commit that none takes long, and that they are through before
// as many wait again. Its zero value is one that is over.
type round struct {
	entries
	upTo int64 // once they are in, so are all of the attempts up to this one

	in    int  // so many of them are, as committed
	wrote int  // and with the transaction under way
	ends  bool // with the transaction under way

	spare entries // the room of the last one
}

// roundShare is how many entries of a round go in with each change: more than a
// change adds.
const roundShare = 4

// upTo is the attempt up to which all entries are in, or in the round.
func (x *late) upTo() int64 { return max(x.indexed, x.round.upTo) }

// begin begins a round with all that waits, and with what is left of the one
// under way.
func (x *late) begin(upTo int64) {
	r := &x.round
	left := r.part(r.in, r.len()) // what is not committed may be undone
	all := x.waiting
	x.waiting = entries{r.spare.marks[:0], r.spare.services[:0]}
	all.marks, all.services = append(all.marks, left.marks...), append(all.services, left.services...)
	all.sort()
	*r = round{entries: all, upTo: max(upTo, x.upTo())}
	x.sift(all.services)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.known.first == nil {
		x.known = x.none()
	}
	x.going, x.known = x.known, x.none()
	for _, s := range left.services {
		x.going.add(s)
	}
}

// committed lets go of a round that is in.
func (x *late) committed() {
	r := &x.round
	r.in = r.wrote
	if r.ends {
		clear(r.services)
		x.indexed = r.upTo
		*r = round{upTo: r.upTo, spare: r.entries}
		x.mu.Lock()
		defer x.mu.Unlock()
		x.going = owners{}
	}
}

// undone says that the transaction under way wrote nothing.
func (x *late) undone() { x.round.wrote, x.round.ends = x.round.in, false }

// indexSome writes some entries for so many changes, if there are enough of
// them, inside a transaction.
func (l *Ledger) indexSome(ctx context.Context, changes int) error {
	x := l.late
	if x.round.len() == 0 {
		if !x.full() {
			return nil
		}
		if err := l.beginRound(ctx); err != nil {
			return err
		}
	}
	return l.goRound(ctx, roundShare*changes)
}

// index writes all entries that wait, inside a transaction.
func (l *Ledger) index(ctx context.Context) error {
	if err := l.beginRound(ctx); err != nil {
		return err
	}
	return l.goRound(ctx, l.late.round.len())
}

func (l *Ledger) beginRound(ctx context.Context) error {
	if err := l.w.one(ctx, "SELECT coalesce(max(id), 0) FROM customers", nil, &l.late.newest); err != nil {
		return err
	}
	upTo := l.lastAttempt
	for _, b := range l.w.under { // their answers are still to come
		upTo = min(upTo, b.attempt-1)
	}
	l.late.begin(upTo)
	return nil
}

// goRound writes the next n entries of the round.
func (l *Ledger) goRound(ctx context.Context, n int) error {
	r := &l.late.round
	to := min(r.wrote+n, r.len())
	if err := l.insertSorted(ctx, r.part(r.wrote, to)); err != nil {
		return err
	}
	if r.wrote = to; to < r.len() {
		return nil
	}
	r.ends = true
	return l.w.do(ctx, "UPDATE state SET indexed = ?", r.upTo)
}
