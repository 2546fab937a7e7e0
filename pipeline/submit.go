package pipeline

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

const (
	firstWorkers     = 4  // at the start, if Pace.Workers is 0
	unlimitedWorkers = 64 // maximum at an unlimited rate

	// AutoWorkers is the maximum number of workers if Pace.Workers is 0. Each request
	// in flight when the process is killed may lose its link.
	AutoWorkers = 512
	// MaxWorkers is the largest valid Pace.Workers.
	MaxWorkers = 8192
)

// submitters is the pool of workers that send. It receives jobs whose intents are
// written, waits for one token of the limiter for each, and passes on the answers. The
// pool starts small. While tokens find no free worker, it may grow by two workers for
// each user created.
type submitters struct {
	*run
	in      <-chan *job
	drained chan<- struct{}
	answers chan<- answered

	ready   chan *job
	created atomic.Int64 // users created by this pool
}

// sendAll sends every job that it receives, and closes answers when all are answered.
// When ctx ends it sends nothing more, and answers the remaining jobs as not sent. The
// requests themselves use requestCtx, so those in flight can finish.
func (s *submitters) sendAll(ctx, requestCtx context.Context) error {
	defer close(s.answers)
	s.ready = make(chan *job)
	var pool errgroup.Group
	first, maxWorkers := firstWorkers, AutoWorkers
	switch {
	case s.cfg.Pace.Workers > 0:
		first, maxWorkers = s.cfg.Pace.Workers, s.cfg.Pace.Workers
	case s.cfg.Pace.Unlimited:
		maxWorkers = unlimitedWorkers
	}
	workers := 0
	for j := range s.in {
		select {
		case s.drained <- struct{}{}:
		default:
		}
		if cause := s.awaitTurn(ctx, j); cause != "" {
			s.answers <- s.notSent(j, cause)
			continue
		}
		select {
		case s.ready <- j:
			continue
		default:
		}
		if workers < min(first+2*int(s.created.Load()), maxWorkers) {
			workers++
			pool.Go(func() error { s.runWorker(ctx, requestCtx); return nil })
		}
		s.ready <- j
	}
	close(s.ready)
	return pool.Wait()
}

// runWorker sends jobs, one at a time.
func (s *submitters) runWorker(ctx, requestCtx context.Context) {
	for j := range s.ready {
		cause := s.renewTurn(ctx, j)
		if cause != "" {
			s.answers <- s.notSent(j, cause)
			continue
		}
		a := s.sendJob(ctx, requestCtx, j)
		if a.class == ledger.OK {
			s.created.Add(1)
		}
		s.answers <- a
	}
}

// sendJob sends the one request of an attempt. The gate learns the answer before the
// answer is recorded, so that it can hold back further requests at once.
func (s *submitters) sendJob(ctx, requestCtx context.Context, j *job) answered {
	switch {
	case ctx.Err() != nil:
		return s.notSent(j, "stopped")
	case j.isStale(pacing.WallTime()), j.freshUntil.IsZero() && decide.HasUnanswered(j.customer.History, s.timing()): // a THROTTLED attempt has become unanswered meanwhile
		return s.notSent(j, "stale")
	case !s.gate.MayPass(j.attempt.ID):
		return s.notSent(j, "gate")
	}
	began := pacing.WallTime()
	a, isForbidden := s.callPartner(requestCtx, j)
	if isForbidden {
		s.gate.CancelProbe(j.attempt.ID)
		return s.notSent(j, "lease")
	}
	if a.Began.IsZero() || a.Ended.IsZero() { // the Partner did not set them
		a.Began, a.Ended = began, pacing.WallTime()
	}
	s.clock.ObserveDate(a.Began, a.Ended, a.Date)
	out := answered{job: j, answer: a, class: createClass(a.Class), ended: s.clock.InstantAt(j.endedAt(a.Ended, time.Now()))}
	if requestCtx.Err() != nil && (out.class == ledger.NotSent || out.class == ledger.Unknown) {
		s.gate.CancelProbe(j.attempt.ID)
		return out // we cut the request off: no evidence about the partner
	}
	now := pacing.WallTime()
	if a.Class == ledger.NotSent && a.Cause == partner.CauseLocal {
		s.pace.ReportExhausted(now)
		s.gate.ObserveExhaustion(j.attempt.ID, now)
		return out
	}
	s.lastFailure.keepAnswer(a)
	s.gate.ObserveAnswer(j.attempt.ID, out.class, a.RetryAfter, a.Began, now)
	s.reportFunds(out)
	s.reactToRefusal(out)
	if out.class.AsksToWait() {
		s.reactToBusy(out, now)
	}
	return out
}

// callPartner calls the partner. isForbidden says that nothing was sent, because the
// request might no longer begin. A panic of the Partner ends the run, and counts as an
// unknown answer, because the request may have been sent.
func (s *submitters) callPartner(ctx context.Context, j *job) (a partner.Answer, isForbidden bool) {
	defer func() {
		if p := recover(); p != nil {
			s.stopReason.stopWith(&Stop{Reason: Fault, Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())})
			a = partner.Answer{Class: ledger.Unknown, Cause: "panic", Ended: pacing.WallTime()}
		}
	}()
	ctx, wasForbidden := s.withPermission(ctx, j)
	a = s.cfg.Partner.Create(ctx, j.attempt.Key, j.user)
	return a, a.Class == ledger.NotSent && wasForbidden()
}

// notSent returns the answer for a job whose request was not sent.
func (s *submitters) notSent(j *job, cause string) answered {
	return answered{
		job: j, class: ledger.NotSent,
		answer: partner.Answer{Class: ledger.NotSent, Cause: cause},
		ended:  s.clock.Now(),
	}
}
