package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
)

// This file is the reading half of the send pass with a shared ledger: which rows this
// run hands on, and when the batch has ended for all its senders.

// sliceFeed is the reading half of the send pass with a shared ledger. It hands on the
// rows of the slices that the run claims, in passes over the input. One goroutine uses
// it.
type sliceFeed struct {
	*run
	slice  ledger.Slice
	next   int // ordinal of the slice's next row; the slice's end if there is none
	picked int // chunks with rows that were picked
	chunks int // those that were handed on

	isPassOver bool
	wanted     map[int64]bool // customers of the present pass; nil in a pass over slices
	tried      map[int64]int  // customers that were wanted, with their intents then

	isResting bool
	ending    batchEnding
}

// feedSlices hands on rows until all senders have done what they can for the batch. It
// closes out.
func (f *sliceFeed) feedSlices(ctx context.Context, out chan<- *chunk) error {
	defer close(out)
	f.tried = map[int64]int{}
	for ctx.Err() == nil {
		hasSlice, err := f.claimSlice(ctx)
		if err != nil {
			return err
		}
		if !hasSlice {
			f.shared.isIdle.Store(true)
			f.shared.wakePlanner()
			if isOver, err := f.awaitWork(ctx); err != nil || isOver {
				return err
			}
			if len(f.wanted) == 0 {
				continue
			}
		}
		f.shared.isIdle.Store(false)
		f.counters.showPause("", time.Time{})
		if err := f.setResting(ctx, false); err != nil {
			return err
		}
		if err := f.readPass(ctx, out); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// claimSlice reports whether there is a slice to be handed on; if need be it claims one.
func (f *sliceFeed) claimSlice(ctx context.Context) (bool, error) {
	if f.next < f.slice.From+ledger.SliceRows && f.slice.Batch != 0 {
		return true, nil
	}
	if err := f.shared.work.awaitRoom(ctx, f.picked); err != nil {
		return false, err
	}
	slice, err := f.shared.ClaimSlice(ctx, f.batch.ID)
	if errors.Is(err, ledger.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, ledgerStop("claiming rows", err)
	}
	f.slice, f.next = slice, slice.From
	return true, f.loadNewGap(ctx)
}

// loadNewGap looks whether another sender has ended together with what the database had lost.
// Rows that it was to send are claimed only after that is written.
func (f *sliceFeed) loadNewGap(ctx context.Context) error {
	before := f.gaps.Load()
	err := f.loadGaps(ctx)
	if f.gaps.Load() != before {
		f.cfg.Log.Warn("the ledger has lost what another sender did; no user created meanwhile is called a duplicate")
	}
	return err
}

// readPass reads the input once, up to the last row that is wanted.
func (f *sliceFeed) readPass(ctx context.Context, out chan<- *chunk) error {
	rows, err := f.cfg.Input.Rows(ctx)
	if err != nil {
		return &Stop{Reason: InputFault, Err: err}
	}
	pick := f.pickClaimed
	if len(f.wanted) > 0 {
		pick = f.pickWanted
	}
	f.isPassOver = false
	err = checkedRows(ctx, rowsUntil{rows, &f.isPassOver}, f.cfg.Rules, pick, func(c *chunk) error {
		if len(c.rows) == 0 {
			return nil
		}
		select {
		case out <- c:
			f.chunks++
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	f.wanted = nil
	if !f.isPassOver { // the last slice has fewer rows than others
		f.next = f.slice.From + ledger.SliceRows
	}
	return errors.Join(err, rows.Close())
}

// pickClaimed picks the rows of claimed slices that may have to be sent. It ends the pass
// if no slice is free, or one that was read past has become free.
func (f *sliceFeed) pickClaimed(ctx context.Context, first int, rows []checked) ([]checked, error) {
	var kept []checked
	for {
		hasSlice, err := f.claimSlice(ctx)
		if err != nil {
			return nil, err
		}
		if !hasSlice || f.next < first {
			f.isPassOver = true
			return f.countPicked(kept), nil
		}
		from, to := f.next-first, min(len(rows), f.slice.From+ledger.SliceRows-first)
		if from >= len(rows) {
			return f.countPicked(kept), nil
		}
		some, err := pickUnsettled(ctx, f.cfg, f.batch.ID, f.next, rows[from:to])
		if err != nil {
			return nil, err
		}
		kept, f.next = append(kept, some...), first+to
	}
}

func (f *sliceFeed) countPicked(rows []checked) []checked {
	if len(rows) > 0 {
		f.picked++
	}
	return rows
}

// pickWanted picks the rows of customers that are wanted, and ends the pass once it has
// them.
func (f *sliceFeed) pickWanted(ctx context.Context, first int, rows []checked) ([]checked, error) {
	some, err := pickUnsettled(ctx, f.cfg, f.batch.ID, first, rows)
	some = slices.DeleteFunc(some, func(c checked) bool { return !f.wanted[c.planned.Customer.ID] })
	for i := range some {
		delete(f.wanted, some[i].planned.Customer.ID)
	}
	f.isPassOver = len(f.wanted) == 0
	return f.countPicked(some), err
}

// rowsUntil ends rows early, once isOver is set.
type rowsUntil struct {
	Rows
	isOver *bool
}

// Read implements Rows.
func (r rowsUntil) Read(dst []Row) (int, error) {
	if *r.isOver {
		return 0, io.EOF
	}
	return r.Rows.Read(dst)
}

const (
	workEvery     = time.Second // how often a run that has nothing to send looks for work
	progressShare = 10          // counting what all have sent may use a tenth of the time
)

// awaitWork waits until there may be rows to hand on: a slice, or customers whose rows
// nobody has. It reports whether all senders have done what they can.
func (f *sliceFeed) awaitWork(ctx context.Context) (isOver bool, err error) {
	if err := pacing.SleepFor(ctx, workEvery); err != nil {
		return false, err
	}
	if err := f.findCleared(ctx); err != nil || len(f.wanted) > 0 {
		return false, err
	}
	if isDone := f.shared.work.isDone(f.chunks); !isDone || !f.isResting {
		return false, f.setResting(ctx, isDone)
	}
	began := pacing.WallTime()
	if began.Before(f.ending.lookAt) {
		return false, nil
	}
	p, err := f.shared.CountProgress(ctx, f.batch.ID)
	if err != nil {
		return false, ledgerStop("counting what all senders have sent", err)
	}
	now := pacing.WallTime()
	if p.Working > 0 || p.InDoubt > 0 {
		f.counters.showPause(fmt.Sprintf("nothing left to send here; in all %d of %d rows are done", p.Rows-p.Pending-p.InDoubt, p.Rows), time.Time{})
	}
	f.ending.lookAt = now.Add(progressShare * now.Sub(began))
	if p.Working == 0 && p.Pending > 0 {
		if err := f.findStrays(ctx); err != nil || len(f.wanted) > 0 {
			return false, err
		}
	}
	return f.ending.isReached(p, now, f.cfg.Pace.Patience), nil
}

// setResting says to the other senders whether the run has nothing left to do.
func (f *sliceFeed) setResting(ctx context.Context, isResting bool) error {
	if isResting == f.isResting {
		return nil
	}
	if err := f.shared.SetResting(ctx, isResting); err != nil {
		return ledgerStop("saying that nothing is left to send", err)
	}
	f.isResting = isResting
	return nil
}

// findCleared looks for customers that may be sent again. Those that the run has in hand
// are sent again by the resolver; their rows are read here in vain.
func (f *sliceFeed) findCleared(ctx context.Context) error {
	list, err := f.shared.FreshClearances(ctx, f.batch.ID)
	if err != nil {
		return ledgerStop("reading who may be sent again", err)
	}
	for _, c := range list {
		f.wantOnce(c.Customer, c.Intents)
	}
	return nil
}

// findStrays looks for customers that are pending although every sender has sent all its
// rows, because they became pending after a sender had looked at them.
func (f *sliceFeed) findStrays(ctx context.Context) error {
	for c, err := range f.cfg.Ledger.Customers(ctx, ledger.Query{Batch: f.batch.ID, Status: []ledger.Status{ledger.Pending}}) {
		if err != nil {
			return ledgerStop("looking for rows that were left over", err)
		}
		f.wantOnce(c.ID, c.Intents)
	}
	return nil
}

// wantOnce wants a customer, unless it was wanted in this state before.
func (f *sliceFeed) wantOnce(customer int64, intents int) {
	if was, isKnown := f.tried[customer]; isKnown && was == intents {
		return
	}
	f.tried[customer] = intents
	if f.wanted == nil {
		f.wanted = map[int64]bool{}
	}
	f.wanted[customer] = true
}

// batchEnding finds out when all senders have done what they can for a batch.
type batchEnding struct {
	lookAt time.Time // when to count again
	last   ledger.Progress
	since  time.Time // when the last change was seen
}

// isReached reports whether nothing more will become of the batch: no sender has rows
// left, and no evidence is awaited. Where nothing changes for so long as patience, no
// evidence comes.
func (e *batchEnding) isReached(p ledger.Progress, now time.Time, patience time.Duration) bool {
	if p != e.last || e.since.IsZero() {
		e.last, e.since = p, now
	}
	if p.Working > 0 {
		return false
	}
	return p.InDoubt == 0 || now.Sub(e.since) >= patience
}
