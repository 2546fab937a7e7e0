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

// maxWaiting is the number of answers that may wait for their fsync. A kill -9 loses at
// most that many links, and those of the requests in flight.
const maxWaiting = 64

// resolved is a row in doubt with the resolution that the evidence allows.
type resolved struct {
	job        *job            // nil for a customer of another input
	customer   ledger.Customer // as it was when the evidence was weighed
	resolution decide.Resolution
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
	warned    bool            // it was logged that the partner uses up the keys of requests that it turns away
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
	if failed == nil {
		if err := r.doubtSharedAnswers(ctx, batch); err != nil {
			failed = err
		}
	}
	changes := make([]ledger.Change, 0, len(batch)+len(resolutions))
	toRetry := make([]retryAt, 0, len(batch)+len(resolutions))
	var own []bool // parallel to the resolutions' changes: whether the row is of this input
	for i := range batch {
		change, retry := r.changeForAnswer(&batch[i])
		changes, toRetry = append(changes, change), append(toRetry, retry)
		r.unsaved, r.undecided = changes, batch[i+1:]
	}
	for i := range resolutions {
		change, retry, ok := r.changeForEvidence(&resolutions[i])
		if ok {
			changes, own = append(changes, change), append(own, resolutions[i].job != nil)
		}
		if retry.job != nil {
			toRetry = append(toRetry, retry)
		}
	}
	r.unsaved = changes
	var refused []ledger.Change
	if failed == nil && len(changes) > 0 {
		refused, failed = r.cfg.Ledger.Record(ctx, r.id, changes)
	}
	if failed != nil {
		return r.saveToEmergency(changes, failed)
	}
	refusedIDs := r.handleRefused(refused, changes[:len(batch)])
	r.unsaved = nil
	for i := range batch {
		if batch[i].class == ledger.OK {
			r.account.isProved.Store(true)
		}
		if a := &batch[i]; a.class != ledger.NotSent {
			r.cfg.OnAnswer(a.class, a.answer.Ended.Sub(a.answer.Began))
		}
	}
	r.countUnpaired(changes)
	for i, c := range changes {
		if !refusedIDs[c.Customer] && (i < len(batch) || own[i-len(batch)]) {
			r.counters.countChange(c)
			r.cfg.OnStatusChange(c.Expect.Status, c.Status)
		}
	}
	for i := range toRetry {
		if refusedIDs[toRetry[i].job.customer.ID] {
			toRetry[i].next = decide.NextDone
		}
	}
	r.retries.putAll(toRetry...)
	return nil
}

// handleRefused processes the changes that the ledger refused because their customers
// have changed, and returns the ids of these customers. The rest of the group is
// written, and the ledger still works.
//
// A refused answer means that another writer changed the customer while its request
// was in flight. The lock should prevent that. The answer is the only copy of what the
// partner said, so it goes to the emergency file: the next opening merges it or sets it
// aside. The run stops, because the same could happen to the next answer.
//
// A refused resolution was about an earlier state of the customer. It is dropped, and
// the next run looks the customer up again if it is still in doubt.
func (r *recorder) handleRefused(left, answers []ledger.Change) map[int64]bool {
	if len(left) == 0 {
		return nil
	}
	isAnswer, refusedIDs := make(map[int64]bool, len(answers)), make(map[int64]bool, len(left))
	for _, c := range answers {
		isAnswer[c.Customer] = true
	}
	var lost []ledger.Change
	for _, c := range left {
		refusedIDs[c.Customer] = true
		if isAnswer[c.Customer] {
			lost = append(lost, c)
		}
	}
	if n := len(left) - len(lost); n > 0 {
		r.cfg.Log.Warn("customers changed while the partner's list was read; the next run compares them", "customers", n)
	}
	if len(lost) > 0 {
		r.stopReason.stopWith(ledgerStop("recording outcomes", r.saveToEmergency(lost, fmt.Errorf("%d answers do not match the ledger's records of their customers: %w", len(lost), ledger.ErrConflict))))
	}
	return refusedIDs
}

// saveToEmergency saves outcomes that the ledger did not accept to its emergency file,
// or, if that fails, hands them to Config.LastResort. It returns cause, with the failure
// if there was one.
func (r *recorder) saveToEmergency(changes []ledger.Change, cause error) error {
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
