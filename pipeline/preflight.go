package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/userlist"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// Plan is what a run is about to do. It is shown before anything is sent.
type Plan struct {
	Batch       ledger.Batch
	Rows        int
	Tally       ledger.Tally
	Send        int           // rows that may be sent, at most
	New         int           // those of them that no run has sent yet
	InDoubt     int           // rows to settle first
	Again       bool          // the batch was registered before
	Rate        float64       // requests a second; +Inf = unlimited
	Duration    time.Duration // at that rate; 0 = unlimited or nothing to send
	Fee         Amount
	FeeMeasured bool   // from earlier runs, not given
	Cost        Amount // Send times Fee
	Wallet      Amount // unknown if the partner did not tell
	Currency    string
	Covered     int    // rows that the wallet pays for; -1 = not known
	Shortfall   Amount // what is missing; unknown if nothing is, or nothing is known
	WalletError string // why the wallet is not known

	// Of a ledger that was put back from a copy; see ledger.Gap.
	NotBefore time.Time // nothing is sent earlier, by our clock; zero = at once
	ReadsList bool      // the partner's list must be read before anything is sent
}

// preflight asks the wallet, applies the bounds and has the plan confirmed. An
// error means that nothing is sent.
func (r *run) preflight(ctx context.Context, b *registered) (Plan, error) {
	plan := Plan{
		Batch: b.batch, Rows: b.tally.Rows, Tally: b.tally, Send: b.toSend, New: b.newRows, Covered: -1,
		InDoubt: b.tally.Status[ledger.InDoubt], Again: b.reg == nil,
		Rate: r.pace.CurrentRate(), Duration: durationAt(b.toSend, r.pace.CurrentRate()),
	}
	if plan.Send == 0 && plan.InDoubt == 0 {
		return plan, nil
	}
	if exceeds(r.cfg.Bounds.MaxNew, plan.New, plan.Rows) {
		return plan, stopf(MaxNew, "%d new rows are more than --max-new allows. Nothing was sent: is this the right file?", plan.New)
	}
	if err := r.checkWallet(ctx, &plan); err != nil {
		return plan, err
	}
	if plan.NotBefore, plan.ReadsList = r.gapsDue(), r.gaps.HasOpen(); plan.NotBefore.Before(pacing.WallTime()) {
		plan.NotBefore = time.Time{}
	}
	if err := r.sameAccount(ctx); err != nil {
		return plan, err
	}
	if stop := r.stopReason.current(); stop != nil {
		return plan, stop
	}
	if r.cfg.Confirm != nil {
		if err := r.cfg.Confirm(ctx, plan); err != nil {
			return plan, &Stop{Reason: Declined, Err: err}
		}
	}
	return plan, nil
}

// checkWallet fills in what the wallet says, and refuses to begin when it can pay
// for nobody.
func (r *run) checkWallet(ctx context.Context, plan *Plan) error {
	r.fee = r.cfg.Money.Fee
	if !r.fee.Known() {
		var err error
		if r.fee, err = r.learntAmount(ctx, learntFee); err != nil {
			return err
		}
		plan.FeeMeasured = r.fee.Known()
	}
	plan.Fee, plan.Cost = r.fee, r.fee.Times(plan.Send)
	w, err := r.patientWallet(ctx)
	if err != nil {
		return r.walletFailed(ctx, plan, err)
	}
	r.clock.ObserveDate(w.Began, w.Ended, w.Date)
	if skew, ok := r.clock.Skew(); ok && (skew > time.Minute || skew < -time.Minute) {
		r.cfg.Log.Warn("our clock and the partner's differ; ages are reckoned in the partner's time", "difference", skew.Round(time.Second).String())
	}
	if err := r.sameWallet(w.Account); err != nil {
		return err
	}
	r.owner = w.Account
	if !w.Active {
		if r.cfg.Rules.Live && plan.Send > 0 {
			return stopf(LowBalance, "the partner says that the wallet is not active. Nothing was sent")
		}
		r.cfg.Log.Warn("the partner says that the wallet is not active")
	}
	balance, err := ParseAmount(w.Balance)
	if err != nil {
		plan.WalletError = "its balance is not a number"
		return nil
	}
	r.counters.setWallet(balance, w.Currency)
	plan.Wallet, plan.Currency = balance, w.Currency
	usable := balance.Minus(Amount{}.Plus(r.cfg.Money.Keep))
	if !r.cfg.Money.Keep.Known() {
		usable = balance
	}
	plan.Covered = usable.Over(r.fee)
	if short := plan.Cost.Minus(usable); short.Known() && short.Cmp(Amount{}) > 0 {
		plan.Shortfall = short
	}
	if plan.Send == 0 || r.cfg.Money.Wait {
		return nil
	}
	if r.fee.Known() && usable.Cmp(r.fee) < 0 || !r.fee.Known() && balance.Cmp(r.cfg.Money.Keep) <= 0 {
		return stopf(LowBalance, "the wallet holds %s %s, which pays for no user. Nothing was sent", balance, w.Currency)
	}
	return nil
}

// patientWallet asks the wallet, again after as long as a 429 asks for.
func (r *run) patientWallet(ctx context.Context) (partner.Wallet, error) {
	for try := 0; ; try++ {
		if err := r.pace.WaitTurn(ctx); err != nil {
			return partner.Wallet{}, err
		}
		w, err := r.cfg.Partner.Wallet(ctx)
		e, ok := errors.AsType[*partner.Error](err)
		if !ok || !e.Class.AsksToWait() || try == userlist.PageTries {
			return w, err
		}
		r.pace.ReportBusy(pacing.WallTime(), pacing.WallTime())
		d := max(e.RetryAfter, pacing.BackoffAfter(try, pacing.FirstBackoff, pacing.MaxBackoff))
		if d > r.cfg.Pace.Patience {
			return w, &Stop{Reason: PartnerDown, Err: pacing.ErrTooLong}
		}
		r.counters.showPause(pacing.PauseText(d), pacing.WallTime().Add(d))
		if err := pacing.SleepUntil(ctx, pacing.WallTime().Add(d)); err != nil {
			return w, err
		}
	}
}

// walletFailed decides what a wallet that does not answer means: refused
// credentials end the run, anything else is a warning, because the wallet is
// not what customers are created by.
func (r *run) walletFailed(ctx context.Context, plan *Plan, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var stop *Stop
	if errors.As(err, &stop) {
		return stop
	}
	if e, ok := errors.AsType[*partner.Error](err); ok {
		r.clock.ObserveDate(e.Began, e.Ended, e.Date) // even a refusal tells the time
	}
	if s := refusalStop(err); s != nil {
		return s
	}
	plan.WalletError = err.Error()
	if r.cfg.Rules.Live && plan.Send > 0 {
		return &Stop{Reason: PartnerDown, Detail: "the wallet does not answer, and a live run does not begin without it. Nothing was sent", Err: err}
	}
	r.cfg.Log.Warn("the wallet could not be asked", "error", err.Error())
	return nil
}

// askExisting reads the partner's list before anything is sent, if it is short
// against the rows to send: a customer who exists already then costs no request,
// and no fee where the partner charges before it looks. A list that cannot be
// read is no reason not to send: the partner says so itself, row by row.
func (r *run) askExisting(ctx context.Context, newRows int) error {
	if !r.cfg.Doubt.CheckExisting || newRows < userlist.ExistingShare || r.gaps != nil { // whoever exists may be one of ours
		return nil
	}
	found, err := r.reader.ReadExisting(ctx, newRows, r.pace.WaitTurn)
	if err != nil {
		return r.withoutList(ctx, err)
	}
	r.existing = found
	return nil
}

func (r *run) withoutList(ctx context.Context, err error) error {
	switch s := refusalStop(err); {
	case s != nil:
		return s
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, userlist.ErrUnsteady):
		r.cfg.Log.Info("the list of existing users does not hold still; every row asks for itself")
	default:
		r.cfg.Log.Warn("the list of existing users could not be read; every row asks for itself", "error", err.Error())
	}
	return nil
}

// refusalStop is the reason to stop when a look-up shows that the partner refuses
// the key or the account, or the proxy to pass anything on; nil otherwise.
func refusalStop(err error) *Stop {
	e, ok := errors.AsType[*partner.Error](err)
	switch {
	case ok && e.Halt == partner.ProxyRefused:
		return proxyRefusal(e.ProxyStatus)
	case ok && e.Class == partner.Auth:
		return &Stop{Reason: Refused, Detail: "the partner refuses the API key or the account", Err: err}
	}
	return nil
}

// exceeds reports whether n of total exceeds a bound.
func exceeds(b Bound, n, total int) bool {
	switch {
	case b.Percent > 0:
		return float64(n)*100 > b.Percent*float64(total)
	case b.Count > 0:
		return n > b.Count
	default:
		return false
	}
}

// Names of what is kept between runs.
const (
	learntFee         = "fee" // believed, see learnFee
	learntFeeFirst    = "fee_first"
	learntFeeSeen     = "fee_seen"
	learntCurrency    = "currency"
	learntPace        = "pace"
	learntForm        = "service_id_form"
	learntOtherKey    = "other_account_key" // fingerprint of the API key that created a user in another account
	learntLag         = "list_lag"
	learntSharedLinks = "shared_links"
	learntCreatedAt   = "created_at_offset"
	learntTrip        = "round_trip"
)
