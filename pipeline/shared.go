package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// This file is the run as one of several senders of a ledger.Shared: how it joins and
// leaves, when a request may still begin, and what pauses all senders. The slices of the
// batch are in feed.go, rows in doubt in doubts.go.

// sharedRun is the run's part in a shared ledger.
type sharedRun struct {
	ledger.Membership
	run    *run
	ledger ledger.Shared

	work     workload
	leaseOut atomic.Int64  // when a request did not begin because the lease had ended, in nanoseconds since 1970
	leaseEnd atomic.Int64  // when that was the first time since one began; 0 = one has
	isIdle   atomic.Bool   // the feed has nothing to hand on at present
	nudge    chan struct{} // makes the planner look again
	since    time.Time     // when the run joined, by the ledger's clock
}

// leasePause is how long no request is tried after the lease had ended for one: the next
// beat may extend it.
const leasePause = time.Second

// leaveTime is how long the end of a run waits for a shared ledger.
const leaveTime = 10 * time.Second

// joinAndDo runs a part of the program as a sender, if the ledger is shared.
func joinAndDo(ctx context.Context, r *run, do func(context.Context, *run) (Summary, error)) (Summary, error) {
	shared, ok := r.cfg.Ledger.(ledger.Shared)
	if !ok {
		return do(ctx, r)
	}
	o := r.cfg.Origin
	member, err := shared.Join(ctx, ledger.Sender{Host: o.Host, User: o.Who, Version: o.Version, Command: cmp.Or(o.Command, "run"),
		PID: os.Getpid(), Lease: r.cfg.Lease, Timeout: r.cfg.Doubt.Timeout})
	if err != nil {
		return Summary{}, ledgerStop("joining the other senders", err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
		defer cancel()
		if err := member.Leave(ctx); err != nil { // the others find out by its silence
			r.cfg.Log.Warn("could not leave the shared ledger", "error", err.Error())
		}
	}()
	pace, err := shared.Pace(ctx)
	if err != nil {
		return Summary{}, ledgerStop("reading the shared rate", err)
	}
	rate := cmp.Or(pace.PerSecond, math.Inf(1))
	r.shared = &sharedRun{Membership: member, run: r, ledger: shared, since: member.Now(), work: workload{changed: make(chan struct{}, 1)}}
	r.clock.Shared = member.Now
	pacer := pacing.NewSharedPacer(member, pacing.NewLimiter(r.cfg.Pace.ceiling(), r.cfg.Pace.Burst), r.gate, rate, func(what string, err error) {
		r.cfg.Log.Warn("could not inform the other senders", "about", what, "error", err.Error())
	})
	if r.cfg.Pace.Background {
		pacer.YieldToOthers()
	}
	r.pace = pacer
	return do(ctx, r)
}

// sendBatch runs the send pass: over the whole batch, or over the slices of it that the
// run claims.
func sendBatch(ctx context.Context, r *run) error {
	if r.shared == nil {
		return r.sendPass(ctx, r.feedRows)
	}
	all, err := r.shared.ledger.Senders(ctx)
	if err != nil {
		return ledgerStop("looking for other senders", err)
	}
	var others []ledger.SenderState
	for _, s := range all {
		if s.Batch == r.batch.ID && s.Ended.IsZero() && s.ID != r.shared.ID() {
			others = append(others, s)
		}
	}
	if err := r.shared.EnterBatch(ctx, r.batch.ID); err != nil {
		return ledgerStop("joining the other senders", err)
	}
	if len(others) > 0 && r.cfg.OnJoin != nil {
		p, err := r.shared.CountProgress(ctx, r.batch.ID)
		if err != nil {
			return ledgerStop("counting what others have sent", err)
		}
		r.cfg.OnJoin(others, p)
	}
	return r.sendPass(ctx, (&sliceFeed{run: r}).feedSlices)
}

// hasSpentAlone reports whether no other sender has spent from the wallet in this run,
// so that the balance shows what the run's own users cost.
func (s *sharedRun) hasSpentAlone(ctx context.Context) (bool, error) {
	spenders, _, err := s.countOthers(ctx)
	return err == nil && spenders == 0, err
}

// countOthers returns how many other senders may have spent from the wallet in this run, and
// how many of those still live.
func (s *sharedRun) countOthers(ctx context.Context) (spenders, living int, _ error) {
	if s == nil {
		return 0, 0, nil
	}
	all, err := s.ledger.Senders(ctx)
	if err != nil {
		return 0, 0, ledgerStop("looking for other senders", err)
	}
	for _, other := range all {
		switch {
		case other.ID == s.ID():
		case other.Ended.IsZero():
			spenders, living = spenders+1, living+1
		case other.Ended.After(s.since):
			spenders++
		}
	}
	return spenders, living, nil
}

// workload is what the planner has to do, for the feed. It is safe for concurrent use.
type workload struct {
	mu      sync.Mutex
	chunks  int           // received from the feed
	jobs    int           // that wait, are sent, or are in doubt
	isFull  bool          // it receives no further chunk at present
	changed chan struct{} // receives a value when there may be room for another chunk
}

func (w *workload) setJobs(chunks, jobs int, isFull bool) {
	w.mu.Lock()
	w.chunks, w.jobs, w.isFull = chunks, jobs, isFull
	w.mu.Unlock()
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// awaitRoom waits until the planner has received so many chunks and wants another, so that
// no sender claims rows that others could send first.
func (w *workload) awaitRoom(ctx context.Context, chunks int) error {
	for {
		w.mu.Lock()
		isFree := w.chunks == chunks && !w.isFull
		w.mu.Unlock()
		if isFree {
			return nil
		}
		select {
		case <-w.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// isDone reports whether nothing is left of so many chunks.
func (w *workload) isDone(chunks int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.chunks == chunks && w.jobs == 0
}

// Why a request that had its turn did not begin.
var (
	errLeaseEnded = errors.New("this process may no longer send: it has not reached the ledger for too long")
	errGateShut   = errors.New("all requests are held back")
	errEvidence   = errors.New("the evidence for sending again is too old")
)

// mayBegin returns why the request of a job may not begin now, or nil. It is asked when
// the connection is ready: until then another sender may have been allowed to send.
func (s *sharedRun) mayBegin(j *job) error {
	switch {
	case !s.MaySend(j.attempt.ID):
		now := pacing.WallTime().UnixNano()
		s.leaseOut.Store(now)
		s.leaseEnd.CompareAndSwap(0, now)
		s.run.gate.HoldForAll(ledger.SlotsWait)
		return errLeaseEnded
	case !s.run.gate.IsOpenTo(j.attempt.ID):
		return errGateShut
	case j.isStale(pacing.WallTime()):
		return errEvidence
	default:
		s.leaseEnd.Store(0)
		return nil
	}
}

// withPermission returns a context in which the partner's client asks whether the request
// of a job may still begin. wasForbidden reports whether it was told no.
func (s *submitters) withPermission(ctx context.Context, j *job) (asking context.Context, wasForbidden func() bool) {
	if s.shared == nil {
		return ctx, func() bool { return false }
	}
	var isForbidden atomic.Bool
	return partner.WithPermission(ctx, func() error {
		err := s.shared.mayBegin(j)
		isForbidden.Store(err != nil)
		return err
	}), isForbidden.Load
}

// latestBegin is how late a request may begin after its turn, or two turns if that is more.
const latestBegin = 20 * time.Millisecond

// renewTurn waits for another turn if a job has missed its own, because no worker was
// free: together the senders would exceed their rate. It returns why the job is not
// sent, "" if it is.
func (s *submitters) renewTurn(ctx context.Context, j *job) (cause string) {
	for cause == "" && s.shared != nil && time.Now().After(j.turnEnds) {
		cause = s.awaitTurn(ctx, j)
	}
	return cause
}

// awaitTurn waits for the turn of a job. It returns why the job is not sent, "" if it is.
func (s *submitters) awaitTurn(ctx context.Context, j *job) (cause string) {
	isTrial, err := s.pace.WaitToSend(ctx, len(s.in))
	j.isTrial = isTrial
	shut, isShut := errors.AsType[*pacing.ShutError](err)
	switch {
	case err == nil:
		j.turnEnds = time.Now().Add(max(latestBegin, durationAt(2, s.pace.CurrentRate())))
		return ""
	case isShut:
		s.gate.HoldForAll(shut.Reason)
		return "gate"
	case ctx.Err() == nil:
		s.stopReason.stopWith(ledgerStop("drawing a turn to send", err))
	}
	return "stopped"
}

// reportFunds says to the other senders that the wallet is empty, or that it pays again.
func (s *submitters) reportFunds(a answered) {
	switch {
	case a.class == ledger.Funds:
		s.pace.ReportFunds(true)
	case a.class == ledger.OK && a.job.isTrial:
		s.pace.ReportFunds(false)
	}
}

// askPace returns the pauses of all senders, and until when this one has to wait for its
// lease, with times by our clock. Its error says that the lease has been over for longer
// than the run's patience.
func (s *sharedRun) askPace(ctx context.Context) (pace ledger.Pace, own time.Time, err error) {
	if pace, err = s.ledger.Pace(ctx); err != nil {
		return pace, own, ledgerStop("reading the pauses of all senders", err)
	}
	pace.WaitUntil = s.run.clock.FromShared(pace.WaitUntil)
	ended := s.leaseEnd.Load()
	if ended == 0 {
		return pace, own, nil
	}
	if out := pacing.WallTime().Sub(time.Unix(0, ended)); out > s.run.cfg.Pace.Patience {
		return pace, own, ledgerStop("giving a sign of life", fmt.Errorf("for %s: %w: %w", out.Round(time.Second), errLeaseEnded, ledger.ErrUnavailable))
	}
	return pace, time.Unix(0, s.leaseOut.Load()).Add(leasePause), nil // else attempts would be opened and closed in vain
}

// askWalletDuty returns what this sender does about a wallet that is empty for all. One
// that does not wait for a top-up stops if another one does.
func (s *sharedRun) askWalletDuty(ctx context.Context) (pacing.WalletDuty, error) {
	isLeader, err := s.TakeRole(ctx, ledger.RoleWallet)
	switch {
	case err != nil:
		return pacing.AwaitOthers, ledgerStop("asking who checks the wallet", err)
	case isLeader && s.run.cfg.Money.Wait:
		return pacing.WatchWallet, nil
	case isLeader:
		return pacing.TryWallet, nil
	case !s.run.cfg.Money.Wait:
		s.run.stopReason.stopWith(stopf(LowBalance, "the wallet cannot pay for another user: another sender was refused (HTTP 402)"))
	}
	return pacing.AwaitOthers, nil
}

// addSharedPauses makes a controller heed what pauses all senders.
func (s *sharedRun) addSharedPauses(c *pacing.GateController) {
	if s == nil {
		return
	}
	c.AskShared, c.AskDuty, c.LeaveAfter = s.askPace, s.askWalletDuty, s.run.cfg.Lease
	c.LeaveRows = func(ctx context.Context) error {
		if err := s.UnclaimAll(ctx); err != nil {
			return ledgerStop("leaving rows to other senders", err)
		}
		return nil
	}
}

// wakePlanner makes the planner look again.
func (s *sharedRun) wakePlanner() {
	select {
	case s.nudge <- struct{}{}:
	default:
	}
}

// reconsiderSkipped decides again about rows whose customers another writer has changed
// since they were read, by what the ledger has of them now. One that is settled
// counts as it is there.
func (p *planner) reconsiderSkipped(ctx context.Context, skipped []*job) error {
	if len(skipped) == 0 {
		return nil
	}
	select { // there may be nothing else that makes the planner look at its queue again
	case p.drained <- struct{}{}:
	default:
	}
	ids := make([]int64, len(skipped))
	before := make([]ledger.Customer, len(skipped))
	for i, j := range skipped {
		ids[i], before[i] = j.customer.ID, j.customer
		j.isForced, j.freshUntil = false, time.Time{} // the evidence was about another state
		if j.sentNew {
			j.sentNew = false
			p.newSent--
		}
	}
	if err := p.loadHistories(ctx, skipped, ids); err != nil {
		return err
	}
	for i, j := range skipped {
		is, was := j.customer, before[i]
		if is.Status == was.Status && is.Intents == was.Intents {
			return ledgerStop("recording what is about to be sent", fmt.Errorf("customer %d is as expected and was refused: %w", is.ID, ledger.ErrConflict))
		}
		p.cfg.OnStatusChange(was.Status, is.Status)
		j.isNew = is.Intents == 0
	}
	if p.shared == nil { // else the resolver waits for what becomes of the others' attempts
		skipped = slices.DeleteFunc(skipped, func(j *job) bool { return hasOpenAttempt(j.customer) })
	}
	return p.admitJobs(ctx, skipped)
}

// hasOpenAttempt reports whether a request for the customer may be in flight.
func hasOpenAttempt(c ledger.Customer) bool {
	return slices.ContainsFunc(c.History, func(a ledger.Attempt) bool { return a.Class == ledger.Open })
}
