package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/patience"
)

// This file is what the recorder does while a shared ledger cannot be reached: it keeps
// receiving answers, saves each to the emergency file at once, and tries to record all
// of them until its patience is over.

const (
	recordTime = 3 * time.Second // how long a ledger on another host may take for a group
	retryEvery = time.Second     // how often the waiting answers are tried again
)

// outage is the time in which the ledger cannot be reached. The zero value is none. One
// goroutine uses it.
type outage struct {
	since   time.Time        // zero: the ledger can be reached
	again   <-chan time.Time // receives when the groups that wait are to be tried again; nil if none do
	waiting []recorded
}

// recorded is a group of outcomes as it is written to the ledger.
type recorded struct {
	changes     []ledger.Change // those of the answers first
	answers     []answered
	resolutions []resolved
	isOwn       []bool    // parallel to the changes of the resolutions: whether the row is of this input
	retries     []retryAt // where the jobs go next
}

// withRecordTime limits the time that a group may take, if the ledger is on another host.
func (r *recorder) withRecordTime(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.shared == nil {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, recordTime)
}

// isUnreachable reports whether an error of a shared ledger says that it cannot be
// reached, so that the answers must wait.
func (r *recorder) isUnreachable(err error) bool {
	return r.shared != nil && (errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded))
}

// isOver reports whether the ledger can be reached, as far as is known.
func (o *outage) isOver() bool { return len(o.waiting) == 0 }

// keepGroup keeps a group until the ledger can be reached. Its outcomes are saved to the
// emergency file first.
func (r *recorder) keepGroup(g recorded, cause error) {
	if r.outage.since.IsZero() {
		r.outage.since = pacing.WallTime()
		r.outage.again = time.After(retryEvery)
		r.cfg.Log.Warn("the ledger cannot be reached; answers are kept in the emergency file, and recorded when it can", "error", fmt.Sprint(cause))
	}
	if err := r.addToEmergency(g.changes); err != nil {
		r.cfg.Log.Warn("could not save answers to the emergency file; they are only in memory until the ledger can be reached", "answers", len(g.changes), "error", err.Error())
	}
	r.outage.waiting = append(r.outage.waiting, g)
	r.unsaved = nil
}

// retryWaiting tries to record the groups that wait. Its error says that the ledger was
// out of reach for longer than the run's patience, or has failed.
//
// The groups are merged like any late answer: the ledger could not be asked whether their
// users and links are another customer's, and other senders may have gone on.
func (r *recorder) retryWaiting(ctx context.Context) error {
	for len(r.outage.waiting) > 0 {
		g := r.outage.waiting[0]
		merging, cancel := r.withRecordTime(ctx)
		refused, err := r.cfg.Ledger.Merge(merging, g.changes)
		cancel()
		if r.isUnreachable(err) && pacing.WallTime().Sub(r.outage.since) < r.cfg.Pace.Patience {
			r.outage.again = time.After(retryEvery)
			return nil
		}
		if err != nil {
			return err // all of them are in the emergency file
		}
		r.outage.waiting = r.outage.waiting[1:]
		r.setAside(refused)
		r.finishGroup(ctx, g, customersOf(refused))
	}
	r.cfg.Log.Info("the ledger can be reached again; the answers are recorded", "after", pacing.WallTime().Sub(r.outage.since).Round(time.Second).String())
	r.outage.since, r.outage.again = time.Time{}, nil
	return nil
}

// giveUpWaiting leaves the groups that wait to the emergency file. What could not be saved
// there goes to Config.LastResort.
func (r *recorder) giveUpWaiting(cause error) error {
	for _, g := range r.outage.waiting {
		cause = r.saveToEmergency(g.changes, cause)
	}
	r.outage.waiting, r.outage.again = nil, nil
	return cause
}

// mergeRefused merges answers that came after their attempts were closed without them, and
// removes the customers of those that fit from refused.
func (r *recorder) mergeRefused(ctx context.Context, answers []ledger.Change, refused map[int64]bool) {
	if len(answers) == 0 {
		return
	}
	limited, cancel := r.withRecordTime(ctx)
	defer cancel()
	left, err := r.cfg.Ledger.Merge(limited, answers)
	switch {
	case r.isUnreachable(err):
		r.keepGroup(recorded{changes: answers, isOwn: make([]bool, len(answers))}, err)
	case err != nil:
		r.stopReason.stopWith(ledgerStop("recording outcomes", r.saveToEmergency(answers, err)))
	default:
		for _, c := range answers {
			delete(refused, c.Customer)
		}
		for _, c := range left {
			refused[c.Customer] = true
		}
		r.setAside(left)
	}
}

// setAside saves answers that contradict what the ledger has of their customers by now.
// With several senders that is possible: the list or another answer was first. The run
// continues.
func (r *recorder) setAside(refused []ledger.Change) {
	if len(refused) == 0 {
		return
	}
	r.cfg.Log.Warn("answers came too late to count, because their customers were settled otherwise; they are in the emergency file", "answers", len(refused))
	if err := r.addToEmergency(refused); err != nil {
		r.stopReason.stopWith(ledgerStop("recording outcomes", r.useLastResort(refused, err)))
	}
}

func customersOf(changes []ledger.Change) map[int64]bool {
	ids := make(map[int64]bool, len(changes))
	for _, c := range changes {
		ids[c.Customer] = true
	}
	return ids
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
//
// With a shared ledger all that is to be expected: another sender has closed the attempt,
// because this one was silent. The answer is then merged.
func (r *recorder) handleRefused(ctx context.Context, left, answers []ledger.Change) map[int64]bool {
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
	if r.shared != nil {
		r.mergeRefused(ctx, lost, refusedIDs)
		return refusedIDs
	}
	if n := len(left) - len(lost); n > 0 {
		r.cfg.Log.Warn("customers changed while the partner's list was read; the next run compares them", "customers", n)
	}
	if len(lost) > 0 {
		r.stopReason.stopWith(ledgerStop("recording outcomes", r.saveToEmergency(lost, fmt.Errorf("%d answers do not match the ledger's records of their customers: %w", len(lost), ledger.ErrConflict))))
	}
	return refusedIDs
}

// addToEmergency saves outcomes to the ledger's emergency file.
func (r *recorder) addToEmergency(changes []ledger.Change) error {
	e, ok := patience.UnwrapLedger(r.cfg.Ledger).(ledger.Emergency)
	if !ok {
		return errors.New("this ledger has no emergency file")
	}
	return e.Emergency(changes)
}

// saveToEmergency saves outcomes that the ledger did not accept to its emergency file,
// or, if that fails, hands them to Config.LastResort. It returns cause, with the failure
// if there was one.
func (r *recorder) saveToEmergency(changes []ledger.Change, cause error) error {
	if len(changes) == 0 {
		return cause
	}
	if err := r.addToEmergency(changes); err != nil {
		return errors.Join(cause, r.useLastResort(changes, err))
	}
	r.counters.countKept(changes)
	return cause
}

// useLastResort hands outcomes that the emergency file did not take to Config.LastResort. It
// returns why it did not.
func (r *recorder) useLastResort(changes []ledger.Change, cause error) error {
	if r.cfg.LastResort == nil {
		return fmt.Errorf("%d outcomes are lost: %w", len(changes), cause)
	}
	for _, c := range changes {
		r.cfg.LastResort(c)
	}
	return cause
}
