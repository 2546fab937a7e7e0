package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
)

// maxWaiting is how many answers may wait for the disk: what a kill -9 can cost
// in links, besides the requests in flight.
const maxWaiting = 64

// resolved is a row in doubt with what the evidence makes of it.
type resolved struct {
	job        *job            // nil for a customer of another input
	customer   ledger.Customer // the state that was weighed
	resolution decide.Resolution
}

// recorder writes outcomes: answers from the submitters and resolutions from
// the resolver, in groups, each group one transaction. A group is what waits at
// that moment; the recorder never waits for more. Cancellation does not reach
// it: what was sent is recorded. Only the recorder gives jobs back to the
// planner, after the commit.
type recorder struct {
	*run
	answers     <-chan answered
	resolutions <-chan []resolved
	back        *mailbox[retryAt]

	refusals pacing.RefusalWindow
	atHand   []answered      // of it those not yet decided
	unsaved  []ledger.Change // decided, and not known to be in the ledger
	warned   bool            // that the partner uses up keys of requests that it turns away
}

// recordAll runs until both channels are closed, or the ledger fails. After a
// failure it goes on to take answers and saves them where it can.
func (r *recorder) recordAll(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	answers, resolutions := r.answers, r.resolutions
	defer func() {
		if p := recover(); p != nil {
			r.saveAfterPanic(p, answers, resolutions)
		}
	}()
	var failed error // the ledger: nothing more is written to it
	for answers != nil || resolutions != nil {
		var batch []answered
		var some []resolved
		select {
		case a, ok := <-answers:
			if !ok {
				answers = nil
				continue
			}
			batch, answers = gather([]answered{a}, answers)
		case more, ok := <-resolutions:
			if !ok {
				resolutions = nil
				continue
			}
			some = more
		}
		if err := r.recordGroup(ctx, batch, some, failed); err != nil && failed == nil {
			failed = err
			r.stopReason.stopWith(ledgerStop("recording outcomes", err))
		}
	}
	return failed
}

// gather adds the answers that wait, up to maxWaiting in all. It returns nil for a
// channel that is closed.
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

// saveAfterPanic saves what can be saved after a panic: outcomes that are not yet in
// the ledger, and those that still come in, go to the emergency file.
func (r *recorder) saveAfterPanic(cause any, answers <-chan answered, resolutions <-chan []resolved) {
	fault := &Stop{Reason: Fault, Err: fmt.Errorf("panic: %v\n%s", cause, debug.Stack())}
	r.stopReason.stopWith(fault)
	keep := func(changes []ledger.Change) {
		if err := recoverPanic(func() error { return r.saveElsewhere(changes, nil) }); err != nil {
			r.stopReason.stopWith(&Stop{Reason: LedgerFault, Detail: "saving outcomes after a panic", Err: errors.Join(err, fault.Err)})
		}
	}
	keep(r.unsaved)
	for i := range r.atHand {
		if err := recoverPanic(func() error {
			change, _ := r.afterSend(&r.atHand[i])
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
			change, _ := r.afterSend(&a)
			keep([]ledger.Change{change})
		case _, ok := <-resolutions: // found out again by the next run
			if !ok {
				resolutions = nil
			}
		}
	}
}

// recordGroup writes one group. Once the ledger has failed, outcomes only go to the
// emergency file.
func (r *recorder) recordGroup(ctx context.Context, batch []answered, resolutions []resolved, failed error) error {
	r.atHand = batch
	if failed == nil {
		if err := r.doubtSharedAnswers(ctx, batch); err != nil {
			failed = err
		}
	}
	changes := make([]ledger.Change, 0, len(batch)+len(resolutions))
	backs := make([]retryAt, 0, len(batch)+len(resolutions))
	var own []bool // of the resolutions' changes: rows of this input
	for i := range batch {
		change, back := r.afterSend(&batch[i])
		changes, backs = append(changes, change), append(backs, back)
		r.unsaved, r.atHand = changes, batch[i+1:]
	}
	for i := range resolutions {
		change, back, ok := r.afterEvidence(&resolutions[i])
		if ok {
			changes, own = append(changes, change), append(own, resolutions[i].job != nil)
		}
		if back.job != nil {
			backs = append(backs, back)
		}
	}
	r.unsaved = changes
	var left []ledger.Change
	if failed == nil && len(changes) > 0 {
		left, failed = r.cfg.Ledger.Record(ctx, r.id, changes)
	}
	if failed != nil {
		return r.saveElsewhere(changes, failed)
	}
	refused := r.handleRefused(left, changes[:len(batch)])
	r.unsaved = nil
	for i := range batch {
		if batch[i].class == ledger.OK {
			r.account.isProved.Store(true)
		}
		if a := &batch[i]; a.class != ledger.NotSent {
			r.cfg.Answered(a.class, a.answer.Ended.Sub(a.answer.Began))
		}
	}
	r.countUnpaired(changes)
	for i, c := range changes {
		if !refused[c.Customer] && (i < len(batch) || own[i-len(batch)]) {
			r.counters.countChange(c)
			r.cfg.Moved(c.Expect.Status, c.Status)
		}
	}
	for i := range backs {
		if refused[backs[i].job.customer.ID] {
			backs[i].next = decide.NextDone
		}
	}
	r.back.putAll(backs...)
	return nil
}

// handleRefused deals with what the ledger left, and returns the customers. The rest of
// the group is written, and the ledger is fit for use.
//
// An answer that does not fit says that another writer has changed the customer
// while its request was under way, which nothing of ours does: it is the only copy
// of what the partner said, so it goes to the emergency file, from where the next
// opening merges it or sets it aside, and the run stops, because whatever did this
// would do it to the next answer, too. A resolution that does not fit was about a
// state that has passed. It is dropped: the customer counts as it is, and the next run
// looks at it again, by a list that is read then.
func (r *recorder) handleRefused(left, answers []ledger.Change) map[int64]bool {
	if len(left) == 0 {
		return nil
	}
	isAnswer, refused := make(map[int64]bool, len(answers)), make(map[int64]bool, len(left))
	for _, c := range answers {
		isAnswer[c.Customer] = true
	}
	var lost []ledger.Change
	for _, c := range left {
		refused[c.Customer] = true
		if isAnswer[c.Customer] {
			lost = append(lost, c)
		}
	}
	if n := len(left) - len(lost); n > 0 {
		r.cfg.Log.Warn("customers changed while the partner's list was read; the next run compares them", "customers", n)
	}
	if len(lost) > 0 {
		r.stopReason.stopWith(ledgerStop("recording outcomes", r.saveElsewhere(lost, fmt.Errorf("%d answers do not match the ledger's records of their customers: %w", len(lost), ledger.ErrConflict))))
	}
	return refused
}

// saveElsewhere puts outcomes that the ledger would not take into its emergency file.
func (r *recorder) saveElsewhere(changes []ledger.Change, cause error) error {
	if len(changes) == 0 {
		return cause
	}
	err := errors.New("this ledger has no emergency file")
	if e, ok := r.cfg.Ledger.(ledger.Emergency); ok {
		err = e.Emergency(changes)
	}
	if err == nil {
		return cause
	}
	if r.cfg.LastResort == nil {
		return errors.Join(cause, fmt.Errorf("%d outcomes are lost: %w", len(changes), err))
	}
	for _, c := range changes {
		r.cfg.LastResort(c)
	}
	return errors.Join(cause, err)
}
