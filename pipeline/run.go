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

// run is one run under way: what its goroutines share.
type run struct {
	cfg         Config
	id          int64
	batch       ledger.Batch
	clock       *pacing.Clock
	pace        *pacing.Limiter
	gate        *pacing.Gate
	lastFailure *lastFailure
	stopReason  *stopReason
	counters    *counters
	account     *account
	facts       facts
	sharedLinks *sharedLinks
	resolver    *resolver
	fee         Amount
	firstFee    Amount // what the first user of this run cost; unknown if it was not asked for
	existing    userlist.Existing
	gaps        *decide.Gaps
	gapStore    ledger.Gaps // where they are kept; nil without gaps
	reader      *userlist.Reader
	owner       string // of the wallet, if the partner says

	isConcurrent  bool          // another process holds the ledger
	isSendingDone bool          // no request is under way any more
	listLag       time.Duration // the longest that the list was seen to lag behind lately
	listError     string        // why the list could not confirm the users; "" = it could, or was not asked
	unpaired      atomic.Int64  // users created since the list was last compared
	masked        int           // users whose e-mail the list shows in a form that says nothing
}

func newRun(cfg Config) *run {
	pace := pacing.NewLimiter(cfg.Pace.ceiling(), cfg.Pace.Burst)
	known := facts{cfg.Ledger}
	r := &run{cfg: cfg, clock: &pacing.Clock{}, pace: pace, gate: pacing.NewGate(), lastFailure: &lastFailure{}, stopReason: &stopReason{},
		counters: newCounters(cfg.Watch, pace.CurrentRate), facts: known, account: &account{ledger: cfg.Ledger, facts: known},
		sharedLinks: &sharedLinks{facts: known, all: map[string]bool{}}}
	r.reader = &userlist.Reader{Partner: cfg.Partner, Clock: r.clock, Patience: cfg.Pace.Patience, AwaitPause: r.awaitPause, OnError: r.heedError, Log: cfg.Log}
	return r
}

// timing returns what is assumed of the partner at this moment.
func (r *run) timing() decide.Timing {
	offset, _ := r.clock.Skew()
	return decide.Timing{TTL: r.cfg.Doubt.KeyTTL, Settle: r.cfg.Doubt.Settle, Timeout: r.cfg.Doubt.Timeout, RoundTrip: r.clock.RoundTrip(),
		Offset: offset, Run: r.id, Now: r.clock.Now().Partner()}
}

// Run brings a batch from rows to created users. The same call again continues
// where a killed, interrupted or stopped one ended, and sends nothing when
// nothing is left to do.
//
// When ctx ends, nothing more is sent, requests in flight are awaited (or cut
// off by Config.Abort) and recorded. The error is nil if the batch is through,
// whatever became of its rows; a *Stop if it ended early; anything else is a
// fault of the configuration or of this program.
func Run(ctx context.Context, cfg Config) (Summary, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Summary{}, err
	}
	r := newRun(cfg)
	s := Summary{Started: pacing.WallTime()}
	batch, plan, err := r.planBatch(ctx)
	s.Plan = plan
	if err == nil {
		err = batch.commitBatch(ctx)
	}
	if err != nil {
		return s, errors.Join(asInterrupted(ctx, err), batch.rollBack())
	}
	r.batch, s.Batch = batch.batch, batch.batch
	before := batch.tally
	r.counters.update(func(f *figures) {
		f.Phase, f.Rows, f.ToSend, f.Since = Sending, before.Rows, s.Plan.Send+s.Plan.InDoubt, pacing.WallTime()
	})
	if s.Run, err = r.beginRun(context.WithoutCancel(ctx), s.Started); err != nil {
		return s, err
	}
	if err := r.notePreflight(ctx); err != nil {
		return s, err
	}
	if s.Plan.Send > 0 || s.Plan.InDoubt > 0 {
		if err = (gapCloser{r}).closeGaps(ctx); err == nil {
			err = r.askExisting(ctx, s.Plan.New)
		}
		if err == nil && r.stopReason.current() == nil {
			err = r.sendPass(ctx, r.feedRows)
		}
	}
	return r.finishRun(ctx, s, before, r.confirmAfter(ctx, err))
}

// Settle looks up everything in doubt by the partner's list once and records
// what it shows. Nothing is sent; Config.Input is not needed.
func Settle(ctx context.Context, cfg Config) (Summary, error) {
	cfg.Input = struct{ Input }{} // never read
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Summary{}, err
	}
	r := newRun(cfg)
	s := Summary{Started: pacing.WallTime()}
	if err := r.recallLearnt(ctx); err != nil {
		return s, err
	}
	if s.Run, err = r.beginRun(ctx, s.Started); err != nil {
		return s, err
	}
	err = r.sendPass(ctx, func(_ context.Context, out chan<- *chunk) error { close(out); return nil })
	return r.finishRun(ctx, s, ledger.Tally{}, r.confirmAfter(ctx, err))
}

// beginRun writes the run to the ledger's log, and returns its number.
func (r *run) beginRun(ctx context.Context, started time.Time) (id int64, err error) {
	origin := r.cfg.Origin
	origin.Command, origin.Batch, origin.Started = cmp.Or(origin.Command, "run"), r.batch.ID, started
	if r.id, err = r.cfg.Ledger.Begin(ctx, origin); err != nil {
		return 0, ledgerStop("beginning the run", err)
	}
	return r.id, nil
}

// sendPass sends the batch: one goroutine for each part, all of them awaited here.
func (r *run) sendPass(ctx context.Context, feed func(context.Context, chan<- *chunk) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.stopReason.cancel = cancel
	sending, cutOff := context.WithCancel(context.WithoutCancel(ctx))
	defer cutOff()
	if d := r.cfg.Bounds.MaxDuration; d > 0 {
		defer time.AfterFunc(d, func() { r.stopReason.stopWith(stopf(MaxDuration, "reached --max-duration %s", d)) }).Stop()
	}

	fresh := make(chan *chunk, 2)
	intended := make(chan *job, maxGroup)
	drained := make(chan struct{}, 1)
	answers := make(chan answered)
	resolutions := make(chan []resolved)
	back := newMailbox[retryAt]()
	r.resolver = &resolver{run: r, in: newMailbox[*job](), resolutions: resolutions, finished: make(chan struct{}),
		own: make(map[int64]*waiting), others: make(map[int64]ledger.Customer), began: pacing.WallTime()}
	plan := &planner{run: r, fresh: fresh, back: back, out: intended, drained: drained}
	submit := &submitters{run: r, in: intended, drained: drained, answers: answers}
	record := &recorder{run: r, answers: answers, resolutions: resolutions, back: back}

	over, end := context.WithCancel(ctx) // ends with the sending, at the latest
	defer end()
	var watchers, parts errgroup.Group
	watchers.Go(func() error { return r.stopOn(recoverPanic(func() error { return r.controlGate(over) })) })
	watchers.Go(func() error {
		select {
		case <-r.cfg.Abort:
			cutOff()
		case <-sending.Done():
		}
		return nil
	})
	for _, part := range []func() error{
		func() error { return feed(ctx, fresh) },
		func() error { return plan.planRows(ctx) },
		func() error { return submit.sendAll(ctx, sending) },
		func() error { return record.recordAll(ctx) },
		func() error { return r.resolver.resolveAll(ctx) },
	} {
		parts.Go(func() error { return r.stopOn(recoverPanic(part)) })
	}
	err := parts.Wait()
	r.isSendingDone = true
	end()
	cutOff()
	return errors.Join(err, watchers.Wait())
}

// recoverPanic turns a panic into an error, so that the other parts can record
// what is under way before the process gives up.
func recoverPanic(part func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Stop{Reason: Fault, Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
		}
	}()
	return part()
}

// stopOn turns the error of one part into the reason why all stop. It returns nil.
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
