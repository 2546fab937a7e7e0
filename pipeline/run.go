package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/userlist"
)

// run holds what the goroutines of one run share.
type run struct {
	cfg         Config
	id          int64
	batch       ledger.Batch
	clock       *pacing.Clock
	pace        pacing.Pacer
	shared      *sharedRun // with other senders; nil = the run sends alone
	gate        *pacing.Gate
	lastFailure *lastFailure
	stopReason  *stopReason
	counters    *counters
	account     *account
	facts       facts
	sharedLinks *sharedLinks
	resolver    *resolver
	fee         Amount
	budget      pacing.Budget // the users that the wallet pays for
	cover       cover         // what the budget was counted from
	mayCost     atomic.Int64  // rows in doubt whose request may still be charged
	firstFee    Amount        // cost of the run's first user; unknown if it was not measured
	existing    userlist.Existing
	gaps        atomic.Pointer[decide.Gaps] // nil without gaps
	gapStore    ledger.Gaps                 // the ledger; nil if it has no gaps
	reader      *userlist.Reader
	owner       string // partnerId of the wallet; "" if the answer has none

	isConcurrent  bool          // another process may hold the ledger's lock
	isSendingDone bool          // no request is in flight any more
	listLag       time.Duration // longest lag of the list seen in the last 30 days
	listError     string        // why the list could not be read to confirm users; "" if it could, or was not read
	unpaired      atomic.Int64  // users created since the list was last read for pairing
	masked        int           // users whose e-mail the list shows masked
}

func newRun(cfg Config) *run {
	stored := facts{cfg.Ledger}
	r := &run{cfg: cfg, clock: &pacing.Clock{}, pace: pacing.NewLimiter(cfg.Pace.ceiling(), cfg.Pace.Burst), gate: pacing.NewGate(), lastFailure: &lastFailure{}, stopReason: &stopReason{},
		facts: stored, account: &account{ledger: cfg.Ledger, facts: stored},
		sharedLinks: &sharedLinks{facts: stored, all: map[string]bool{}}}
	r.counters = newCounters(cfg.OnProgress, func() float64 { return r.pace.CurrentRate() })
	r.reader = &userlist.Reader{Partner: cfg.Partner, Clock: r.clock, Patience: cfg.Pace.Patience, AwaitPause: r.awaitPause, OnError: r.pauseOnBusy, Log: cfg.Log}
	return r
}

// timing returns the assumptions about the partner, and the present time.
func (r *run) timing() decide.Timing {
	now := r.clock.Now()
	return decide.Timing{TTL: r.cfg.Doubt.KeyTTL, Settle: r.cfg.Doubt.Settle, Timeout: r.cfg.Doubt.Timeout, RoundTrip: r.clock.RoundTrip(),
		Offset: now.Offset, Run: r.id, Now: now.Partner()}
}

// Run brings a batch from rows to created users. A repeated call continues where a
// killed, interrupted or stopped run ended. It sends nothing if nothing is left to do.
//
// When ctx ends, Run sends nothing more. It waits for requests in flight, unless
// Config.Abort cuts them off, and records their outcomes. The error is nil if all rows
// were processed, whatever their status. It is a *Stop if the run ended early. Any
// other error is a fault of the configuration or of this program.
func Run(ctx context.Context, cfg Config) (Summary, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Summary{}, err
	}
	return joinAndDo(ctx, newRun(cfg), runBatch)
}

func runBatch(ctx context.Context, r *run) (Summary, error) {
	s := Summary{Started: pacing.WallTime()}
	batch, plan, err := registerBatch(ctx, r)
	for errors.Is(err, ledger.ErrOutdated) && ctx.Err() == nil {
		r.cfg.Log.Warn("the ledger has changed since the check began, so the input is checked again")
		batch, plan, err = registerBatch(ctx, r)
	}
	if s.Plan = plan; err != nil {
		return s, err
	}
	r.batch, s.Batch = batch.batch, batch.batch
	before := batch.tally
	r.counters.update(func(f *figures) {
		f.Phase, f.Rows, f.ToSend, f.Since = Sending, before.Rows, s.Plan.Send+s.Plan.InDoubt+r.cfg.Recreate.count(), pacing.WallTime()
	})
	if s.Run, err = r.beginRun(context.WithoutCancel(ctx), s.Started); err != nil {
		return s, err
	}
	if err := r.savePreflight(ctx); err != nil {
		return s, err
	}
	if s.Plan.Send > 0 || s.Plan.InDoubt > 0 || r.cfg.Recreate.count() > 0 {
		if err = (gapCloser{r}).closeGaps(ctx); err == nil {
			err = r.askExisting(ctx, s.Plan.New)
		}
		if err == nil && r.stopReason.current() == nil {
			err = sendBatch(ctx, r)
		}
	}
	return r.finishRun(ctx, s, before, r.confirmAfter(ctx, err))
}

// Settle reads the partner's list once, and records what it shows of all customers in
// doubt. It creates no user. Config.Input is not needed.
func Settle(ctx context.Context, cfg Config) (Summary, error) {
	cfg.Input = struct{ Input }{} // never read
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Summary{}, err
	}
	return joinAndDo(ctx, newRun(cfg), settleDoubts)
}

// registerBatch plans and registers the input. With ErrOutdated the plan no longer holds, and
// all of it must be done again.
func registerBatch(ctx context.Context, r *run) (*registered, Plan, error) {
	batch, plan, err := r.planBatch(ctx)
	if err == nil {
		err = batch.commitBatch(ctx)
	}
	if err != nil {
		err = errors.Join(asInterrupted(ctx, err), batch.rollBack())
	}
	return batch, plan, err
}

func settleDoubts(ctx context.Context, r *run) (s Summary, err error) {
	s.Started = pacing.WallTime()
	if err := r.recallFacts(ctx); err != nil {
		return s, err
	}
	if s.Run, err = r.beginRun(ctx, s.Started); err != nil {
		return s, err
	}
	err = r.sendPass(ctx, func(_ context.Context, out chan<- *chunk) error { close(out); return nil })
	return r.finishRun(ctx, s, ledger.Tally{}, r.confirmAfter(ctx, err))
}

// beginRun writes the run to the ledger's log and returns its id.
func (r *run) beginRun(ctx context.Context, started time.Time) (id int64, err error) {
	origin := r.cfg.Origin
	origin.Command, origin.Batch, origin.Started = cmp.Or(origin.Command, "run"), r.batch.ID, started
	if r.id, err = r.cfg.Ledger.Begin(ctx, origin); err != nil {
		return 0, ledgerStop("beginning the run", err)
	}
	return r.id, nil
}

// sendPass sends the batch. It starts one goroutine for each part and waits for all.
func (r *run) sendPass(ctx context.Context, feed func(context.Context, chan<- *chunk) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.stopReason.cancel = cancel
	requestCtx, cutOffRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer cutOffRequests()
	if d := r.cfg.Bounds.MaxDuration; d > 0 {
		defer time.AfterFunc(d, func() { r.stopReason.stopWith(stopf(MaxDuration, "reached --max-duration %s", d)) }).Stop()
	}

	fresh := make(chan *chunk, 2)
	intended := make(chan *job, maxGroup)
	drained := make(chan struct{}, 1)
	answers := make(chan answered)
	resolutions := make(chan []resolved)
	retries := newMailbox[retryAt]()
	r.resolver = &resolver{run: r, in: newMailbox[*job](), resolutions: resolutions, finished: make(chan struct{}),
		own: make(map[int64]*waiting), others: make(map[int64]*elsewhere), began: pacing.WallTime()}
	plan := &planner{run: r, fresh: fresh, retries: retries, out: intended, drained: drained}
	if r.shared != nil {
		r.shared.nudge, plan.inHand = drained, map[int64]bool{}
	}
	submit := &submitters{run: r, in: intended, drained: drained, answers: answers}
	record := &recorder{run: r, answers: answers, resolutions: resolutions, retries: retries}

	watchCtx, stopWatching := context.WithCancel(ctx) // ends when all parts have ended, at the latest
	defer stopWatching()
	var watchers, parts errgroup.Group
	watchers.Go(func() error { return r.stopOn(recoverPanic(func() error { return r.controlGate(watchCtx) })) })
	watchers.Go(func() error {
		select {
		case <-r.cfg.Abort:
			cutOffRequests()
		case <-requestCtx.Done():
		}
		return nil
	})
	for _, part := range []func() error{
		func() error { return feed(ctx, fresh) },
		func() error { return plan.planRows(ctx) },
		func() error { return submit.sendAll(ctx, requestCtx) },
		func() error { return record.recordAll(ctx) },
		func() error { return r.resolver.resolveAll(ctx) },
	} {
		parts.Go(func() error { return r.stopOn(recoverPanic(part)) })
	}
	err := parts.Wait()
	r.isSendingDone = true
	stopWatching()
	cutOffRequests()
	return errors.Join(err, watchers.Wait())
}

// recoverPanic turns a panic into an error, so that the other parts can record the
// outcomes of requests in flight before the run ends.
func recoverPanic(part func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Stop{Reason: Fault, Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
		}
	}()
	return part()
}

// stopOn makes the error of one part the reason to stop all of them. It returns nil.
func (r *run) stopOn(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	s, ok := errors.AsType[*Stop](err)
	if !ok {
		s = &Stop{Reason: Fault, Err: err}
	}
	r.stopReason.stopWith(s)
	return nil
}
