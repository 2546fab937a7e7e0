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
	firstWorkers     = 4  // to begin with, when their number is found by itself
	unlimitedWorkers = 64 // at most, when the rate is unlimited

	// AutoWorkers is how many there may be when their number is found by itself:
	// what is in flight when a process is killed costs a link each.
	AutoWorkers = 512
	// MaxWorkers is how many may be asked for.
	MaxWorkers = 8192
)

// submitters is the worker pool: it receives intended jobs, one token each, and
// gives answers. It begins small and grows by two workers for each success while
// a token finds no free worker, that is, while the rate is not reached: threefold
// with each round of answers.
type submitters struct {
	*run
	in      <-chan *job
	drained chan<- struct{}
	answers chan<- answered

	ready   chan *job
	created atomic.Int64 // users
}

// sendAll sends everything that comes in and closes answers when all of it is
// answered. After ctx ends nothing more is sent: what was intended is answered
// as not sent. Requests in flight end with sending.
func (s *submitters) sendAll(ctx, sending context.Context) error {
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
		if err := s.pace.WaitTurn(ctx); err != nil {
			s.answers <- s.notSent(j, "stopped")
			continue
		}
		select {
		case s.ready <- j:
			continue
		default:
		}
		if workers < min(first+2*int(s.created.Load()), maxWorkers) {
			workers++
			pool.Go(func() error { s.runWorker(ctx, sending); return nil })
		}
		s.ready <- j
	}
	close(s.ready)
	return pool.Wait()
}

// runWorker sends one job after the other.
func (s *submitters) runWorker(ctx, sending context.Context) {
	for j := range s.ready {
		a := s.sendJob(ctx, sending, j)
		if a.class == ledger.OK {
			s.created.Add(1)
		}
		s.answers <- a
	}
}

// sendJob makes the one request of an attempt, and gives the gate its answer
// before anything else.
func (s *submitters) sendJob(ctx, sending context.Context, j *job) answered {
	switch {
	case ctx.Err() != nil:
		return s.notSent(j, "stopped")
	case j.isStale(pacing.WallTime()), j.freshUntil.IsZero() && decide.HasUnanswered(j.customer.History, s.timing()): // a limiter's 429 counted as an answer until now
		return s.notSent(j, "stale")
	case !s.gate.MayPass(j.attempt.ID):
		return s.notSent(j, "gate")
	}
	began := pacing.WallTime()
	a := s.callPartner(sending, j)
	if a.Began.IsZero() || a.Ended.IsZero() { // a Partner that does not tell
		a.Began, a.Ended = began, pacing.WallTime()
	}
	s.clock.ObserveDate(a.Began, a.Ended, a.Date)
	out := answered{job: j, answer: a, class: createClass(a.Class), ended: s.clock.InstantAt(j.endedAt(a.Ended, time.Now()))}
	if sending.Err() != nil && (out.class == ledger.NotSent || out.class == ledger.Unknown) {
		s.gate.CancelTrial(j.attempt.ID)
		return out // cut off by us: says nothing of the partner
	}
	now := pacing.WallTime()
	if a.Class == ledger.NotSent && a.Cause == partner.CauseLocal {
		s.pace.ReportExhausted(now)
		s.gate.ObserveExhaustion(j.attempt.ID, now)
		return out
	}
	s.lastFailure.keepAnswer(a)
	s.gate.ObserveAnswer(j.attempt.ID, out.class, a.RetryAfter, a.Began, now)
	s.stopIfHopeless(out, now)
	return out
}

// callPartner calls the partner. A panic in there is an answer that says nothing,
// and the end of the run.
func (s *submitters) callPartner(ctx context.Context, j *job) (a partner.Answer) {
	defer func() {
		if p := recover(); p != nil {
			s.stopReason.stopWith(&Stop{Reason: Fault, Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())})
			a = partner.Answer{Class: ledger.Unknown, Cause: "panic", Ended: pacing.WallTime()}
		}
	}()
	return s.cfg.Partner.Create(ctx, j.attempt.Key, j.user)
}

// notSent answers a job that never left.
func (s *submitters) notSent(j *job, cause string) answered {
	return answered{
		job: j, class: ledger.NotSent,
		answer: partner.Answer{Class: ledger.NotSent, Cause: cause},
		ended:  s.clock.Now(),
	}
}
