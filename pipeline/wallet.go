package pipeline

import (
	"context"
	"errors"

	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// controlGate opens the gate until ctx ends, and stops the run when it will not
// open within its patience.
func (r *run) controlGate(ctx context.Context) error {
	c := &pacing.GateController{Gate: r.gate, Patience: r.cfg.Pace.Patience, ShowPause: r.counters.showPause, NameCause: r.lastFailure.bracketedCause,
		AskWallet:   func(ctx context.Context) error { _, err := r.askWallet(ctx); return err },
		WatchWallet: r.watchWallet}
	err := c.KeepOpen(ctx)
	patience := r.cfg.Pace.Patience
	switch {
	case err == nil:
	case errors.Is(err, pacing.ErrSilent):
		r.stopReason.stopWith(r.lastFailure.silenceStop(patience))
	case errors.Is(err, pacing.ErrNoPorts):
		r.stopReason.stopWith(stopf(PartnerDown, "for %s this machine has had no free port or file for another connection. Lower --rate or --workers, or raise its limit of open files", patience))
	case errors.Is(err, pacing.ErrOnlyBusy):
		r.stopReason.stopWith(stopf(PartnerDown, "the partner API has answered nothing but 429 (too many requests) for %s", patience))
	default:
		r.stopReason.stopWith(&Stop{Reason: PartnerDown, Err: err})
	}
	return nil
}

// watchWallet begins to watch the wallet after a 402.
func (r *run) watchWallet(ctx context.Context) (isFunded func(context.Context) bool, end func()) {
	r.counters.updateProgress(func(p *Progress) { p.NoFunds = true })
	before, err := r.askWallet(ctx) // what there is after the 402
	if err != nil {
		before = r.counters.lastWallet()
	}
	isFunded = func(ctx context.Context) bool {
		balance, err := r.askWallet(ctx)
		return err == nil && r.isFunded(balance, before)
	}
	return isFunded, func() { r.counters.updateProgress(func(p *Progress) { p.NoFunds = false }) }
}

// isFunded reports whether a balance pays for one more user: at least the fee
// beside what is to be kept, or, the fee unknown, more than there was at the 402.
func (r *run) isFunded(balance, before Amount) bool {
	if r.fee.Known() {
		return balance.Cmp(r.fee.Plus(r.cfg.Money.Keep)) >= 0
	}
	return balance.Cmp(before) > 0 && balance.Cmp(r.cfg.Money.Keep) > 0
}

// askWallet asks for the balance, at the run's pace.
func (r *run) askWallet(ctx context.Context) (Amount, error) {
	if err := r.awaitPause(ctx); err != nil {
		return Amount{}, err
	}
	if err := r.pace.WaitTurn(ctx); err != nil {
		return Amount{}, err
	}
	w, err := r.cfg.Partner.Wallet(ctx)
	if err != nil {
		r.heedError(err)
		return Amount{}, err
	}
	r.clock.ObserveDate(w.Began, w.Ended, w.Date)
	balance, err := ParseAmount(w.Balance)
	if err != nil {
		return Amount{}, err
	}
	r.counters.setWallet(balance, w.Currency)
	return balance, nil
}

// heedError lets a look-up that was answered with 429 pause everyone, as a row does.
func (r *run) heedError(err error) {
	if e, ok := errors.AsType[*partner.Error](err); ok && e.Class.AsksToWait() {
		r.pace.ReportBusy(pacing.WallTime(), pacing.WallTime())
		r.gate.ObserveAnswer(pacing.NotAnAttempt, classOf(e.Class), e.RetryAfter, pacing.WallTime(), pacing.WallTime())
		if e.RetryAfter > r.cfg.Pace.Patience {
			r.stopReason.stopWith(&Stop{Reason: PartnerDown, Err: pacing.ErrTooLong})
		}
	}
}

// awaitPause waits while the partner has asked everyone to.
func (r *run) awaitPause(ctx context.Context) error {
	until := r.gate.AskedUntil()
	if until.Sub(pacing.WallTime()) > r.cfg.Pace.Patience {
		return pacing.ErrTooLong
	}
	return pacing.SleepUntil(ctx, until)
}
