package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
)

// maxWaiting is the number of answers that may wait for their fsync. A kill -9 loses at
// most that many links, and those of the requests in flight.
const maxWaiting = 64

// resolved is a row in doubt with the resolution that the evidence allows.
type resolved struct {
	job        *job            // nil for a customer of another input
	customer   ledger.Customer // as it was when the evidence was weighed
	resolution decide.Resolution
	freshUntil time.Time // of a customer without a job that may be sent again
}

// recorder writes outcomes: answers from the submitters and resolutions from the
// resolver. It writes them in groups, one transaction each. A group is what waits at
// the moment; the recorder never waits for more. It ignores cancellation, so the
// outcome of every request is recorded. It alone returns jobs to the planner, and only
// after the commit.
type recorder struct {
	*run
	answers     <-chan answered
	resolutions <-chan []resolved
	retries     *mailbox[retryAt]

	refusals  pacing.RefusalWindow
	undecided []answered      // answers of the current group that have no change yet
	unsaved   []ledger.Change // changes that may not be in the ledger yet
	outage    outage
	warned    bool // it was logged that the partner uses up the keys of requests that it turns away
}

// recordAll runs until both channels are closed. When the ledger has failed it still
// receives answers, and saves them to the emergency file.
func (r *recorder) recordAll(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	answers, resolutions := r.answers, r.resolutions
	defer func() {
		if p := recover(); p != nil {
			r.saveAfterPanic(p, answers, resolutions)
		}
	}()
	var failed error // of the ledger, which then accepts no further write
	for answers != nil || resolutions != nil || !r.outage.isOver() {
		var err error
		select {
		case a, ok := <-answers:
			if !ok {
				answers = nil
				continue
			}
			var batch []answered
			batch, answers = gather([]answered{a}, answers)
			err = r.recordGroup(ctx, batch, nil, failed)
		case some, ok := <-resolutions:
			if !ok {
				resolutions = nil
				continue
			}
			err = r.recordGroup(ctx, nil, some, failed)
		case <-r.outage.again:
			err = r.retryWaiting(ctx)
		}
		if err != nil && failed == nil {
			failed = r.giveUpWaiting(err)
			r.stopReason.stopWith(ledgerStop("recording outcomes", failed))
		}
	}
	return failed
}

// gather adds the answers that wait already, up to maxWaiting in all. The channel that
// it returns is nil if answers is closed.
func gather(batch []answered, answers <-chan answered) ([]answered, <-chan answered) {
	for len(batch) < maxWaiting {
		select {
		case a, ok := <-answers:
			if !ok {
				return batch, nil
			}
			batch = append(batch, a)
		default:
			return batch, answers
		}
	}
	return batch, answers
}

// saveAfterPanic saves outcomes to the emergency file after a panic: those that may not
// be in the ledger yet, and those that still arrive.
func (r *recorder) saveAfterPanic(cause any, answers <-chan answered, resolutions <-chan []resolved) {
	fault := &Stop{Reason: Fault, Err: fmt.Errorf("panic: %v\n%s", cause, debug.Stack())}
	r.stopReason.stopWith(fault)
	keep := func(changes []ledger.Change) {
		if err := recoverPanic(func() error { return r.saveToEmergency(changes, nil) }); err != nil {
			r.stopReason.stopWith(&Stop{Reason: LedgerFault, Detail: "saving outcomes after a panic", Err: errors.Join(err, fault.Err)})
		}
	}
	keep(r.unsaved)
	for i := range r.undecided {
		if err := recoverPanic(func() error {
			change, _ := r.changeForAnswer(&r.undecided[i])
			keep([]ledger.Change{change})
			return nil
		}); err != nil {
			r.stopReason.stopWith(&Stop{Reason: LedgerFault, Detail: "a panic lost an outcome", Err: err})
		}
	}
	for answers != nil || resolutions != nil {
		select {
		case a, ok := <-answers:
			if !ok {
				answers = nil
				continue
			}
			change, _ := r.changeForAnswer(&a)
			keep([]ledger.Change{change})
		case _, ok := <-resolutions: // the next run reads the list again
			if !ok {
				resolutions = nil
			}
		}
	}
}

// recordGroup writes one group. If failed is set, the outcomes only go to the emergency
// file.
func (r *recorder) recordGroup(ctx context.Context, batch []answered, resolutions []resolved, failed error) error {
	r.undecided = batch
	var away error // why a shared ledger cannot be reached
	limited, cancel := r.withRecordTime(ctx)
	defer cancel()
	if failed == nil && r.outage.isOver() {
		if err := r.doubtSharedAnswers(limited, batch); r.isUnreachable(err) {
			away = err
		} else {
			failed = err
		}
	}
	g := r.newGroup(batch, resolutions)
	r.unsaved = g.changes
	var refused []ledger.Change
	switch {
	case failed != nil:
		return r.saveToEmergency(g.changes, failed)
	case len(g.changes) == 0:
	case away != nil || !r.outage.isOver():
		r.keepGroup(g, away)
		return nil
	default:
		var err error
		if refused, err = r.cfg.Ledger.Record(limited, r.id, g.changes); r.isUnreachable(err) {
			r.keepGroup(g, err)
			return nil
		} else if err != nil {
			return r.saveToEmergency(g.changes, err)
		}
	}
	r.finishGroup(ctx, g, r.handleRefused(ctx, refused, g.changes[:len(batch)]))
	return nil
}

// newGroup turns answers and resolutions into changes.
func (r *recorder) newGroup(batch []answered, resolutions []resolved) recorded {
	g := recorded{answers: batch, resolutions: resolutions, changes: make([]ledger.Change, 0, len(batch)+len(resolutions)), retries: make([]retryAt, 0, len(batch)+len(resolutions))}
	for i := range batch {
		change, retry := r.changeForAnswer(&batch[i])
		g.changes, g.retries = append(g.changes, change), append(g.retries, retry)
		r.unsaved, r.undecided = g.changes, batch[i+1:]
	}
	for i := range resolutions {
		change, retry, ok := r.changeForEvidence(&resolutions[i])
		if ok {
			g.changes, g.isOwn = append(g.changes, change), append(g.isOwn, resolutions[i].job != nil)
		}
		if retry.job != nil {
			g.retries = append(g.retries, retry)
		}
	}
	return g
}

// finishGroup counts a group that is recorded, and returns its jobs to the planner.
// refused are the customers whose changes the ledger refused.
func (r *recorder) finishGroup(ctx context.Context, g recorded, refused map[int64]bool) {
	r.unsaved = nil
	for i := range g.answers {
		if g.answers[i].class == ledger.OK {
			r.account.isProved.Store(true)
		}
		if a := &g.answers[i]; a.class != ledger.NotSent {
			r.cfg.OnAnswer(a.class, a.answer.Ended.Sub(a.answer.Began))
		}
	}
	r.countUnpaired(g.changes)
	for i, c := range g.changes {
		if !refused[c.Customer] && (i < len(g.answers) || g.isOwn[i-len(g.answers)]) {
			r.counters.countChange(c)
			r.cfg.OnStatusChange(c.Expect.Status, c.Status)
		}
	}
	r.addClearances(ctx, g.resolutions)
	for i := range g.retries {
		if refused[g.retries[i].job.customer.ID] {
			g.retries[i].next = decide.NextDone
		}
	}
	r.retries.putAll(g.retries...)
}
