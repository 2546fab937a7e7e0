package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/userlist"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// Amount is an exact amount of money without its currency. The zero value is
// an unknown amount. Amounts are immutable and safe for concurrent use.
type Amount struct{ rat *big.Rat }

// ParseAmount reads a plain decimal such as "12.50". "" is the unknown amount.
func ParseAmount(s string) (Amount, error) {
	if s == "" {
		return Amount{}, nil
	}
	r, ok := new(big.Rat), len(s) <= 64 && !strings.ContainsAny(s, "/eE_xXpP")
	if ok {
		r, ok = r.SetString(s)
	}
	if !ok {
		return Amount{}, fmt.Errorf("not an amount of money: write it like 12.50")
	}
	return Amount{r}, nil
}

// Known reports whether the amount is known.
func (a Amount) Known() bool { return a.rat != nil }

// String returns the shortest exact decimal with at least two places, "" if unknown.
func (a Amount) String() string {
	if a.rat == nil {
		return ""
	}
	places, exact := a.rat.FloatPrec()
	if !exact {
		places = 6
	}
	return a.rat.FloatString(max(places, 2))
}

// Times returns the amount n times over; unknown stays unknown.
func (a Amount) Times(n int) Amount {
	if a.rat == nil {
		return a
	}
	return Amount{new(big.Rat).Mul(a.rat, new(big.Rat).SetInt64(int64(n)))}
}

// Minus returns the difference, unknown if either is.
func (a Amount) Minus(b Amount) Amount {
	if a.rat == nil || b.rat == nil {
		return Amount{}
	}
	return Amount{new(big.Rat).Sub(a.rat, b.rat)}
}

// Over returns how many whole times b fits into a; -1 if that is not known.
func (a Amount) Over(b Amount) int {
	if a.rat == nil || b.rat == nil || b.rat.Sign() <= 0 {
		return -1
	}
	q := new(big.Rat).Quo(a.rat, b.rat)
	n := new(big.Int).Quo(q.Num(), q.Denom())
	if !n.IsInt64() {
		return -1
	}
	return max(0, int(n.Int64()))
}

// Per returns the n-th part; unknown if the amount is or n is not positive.
func (a Amount) Per(n int) Amount {
	if a.rat == nil || n <= 0 {
		return Amount{}
	}
	return Amount{new(big.Rat).Quo(a.rat, new(big.Rat).SetInt64(int64(n)))}
}

// hasWholeCents reports whether the amount has at most two decimal places.
func (a Amount) hasWholeCents() bool {
	return a.rat != nil && new(big.Rat).Mul(a.rat, big.NewRat(100, 1)).IsInt()
}

// Cmp compares two known amounts like cmp.Compare; an unknown one counts as zero.
func (a Amount) Cmp(b Amount) int {
	x, y := a.rat, b.rat
	if x == nil {
		x = new(big.Rat)
	}
	if y == nil {
		y = new(big.Rat)
	}
	return x.Cmp(y)
}

// usableBalance returns what of a balance may be spent.
func (m Money) usableBalance(balance Amount) Amount {
	if !m.Keep.Known() {
		return balance
	}
	return balance.Minus(m.Keep)
}

// checkWallet fills in what the wallet says, and refuses to begin when it can pay
// for no user.
func (r *run) checkWallet(ctx context.Context, plan *Plan) error {
	r.fee = r.cfg.Money.Fee
	if !r.fee.Known() {
		var err error
		if r.fee, err = r.facts.readAmount(ctx, FactFee); err != nil {
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
		r.cfg.Log.Warn("this machine's clock and the partner's differ; ages are measured by the partner's clock", "difference", skew.Round(time.Second).String())
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
	usable := r.cfg.Money.usableBalance(balance)
	plan.Covered = usable.Over(r.fee)
	if !r.cfg.Money.Prepaid {
		r.cover = cover{fee: r.fee, balance: balance}
		r.budget.Refill(r.cover.allow(plan.Covered, plan.Send+plan.InDoubt, r.cfg.Money.FeeRose != nil))
	}
	if short := plan.Cost.Minus(usable); short.Known() && short.Cmp(Amount{}) > 0 {
		plan.Shortfall = short
	}
	if plan.Send == 0 || r.cfg.Money.Wait || r.cfg.Money.Prepaid {
		return nil
	}
	if r.fee.Known() && usable.Cmp(r.fee) < 0 || !r.fee.Known() && balance.Cmp(r.cfg.Money.Keep) <= 0 {
		return stopf(LowBalance, "the wallet holds %s %s, which does not cover a single user. Nothing was sent", balance, w.Currency)
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
		d := max(e.RetryAfter, pacing.BackoffAfter(try, pacing.FirstBackoff, pacing.MaxBackoff))
		now := pacing.WallTime()
		r.pace.ReportBusy(now, now, now.Add(d))
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
	if stop, ok := errors.AsType[*Stop](err); ok {
		return stop
	}
	if e, ok := errors.AsType[*partner.Error](err); ok {
		r.clock.ObserveDate(e.Began, e.Ended, e.Date) // even a refusal has a Date
	}
	if s := refusalStop(err); s != nil {
		return s
	}
	plan.WalletError = err.Error()
	if r.cfg.Rules.Live && plan.Send > 0 {
		return &Stop{Reason: PartnerDown, Detail: "could not read the wallet, and a live run does not start without it. Nothing was sent", Err: err}
	}
	r.cfg.Log.Warn("could not read the wallet", "error", err.Error())
	return nil
}

// watchWallet begins to watch the wallet after a 402.
func (r *run) watchWallet(ctx context.Context) (isFunded func(context.Context) bool, end func()) {
	r.counters.update(func(f *figures) { f.NoFunds = true })
	before, err := r.askWallet(ctx) // what there is after the 402
	if err != nil {
		before = r.counters.current().Wallet
	}
	isFunded = func(ctx context.Context) bool {
		balance, err := r.askWallet(ctx)
		return err == nil && r.isFunded(balance, before)
	}
	return isFunded, func() { r.counters.update(func(f *figures) { f.NoFunds = false }) }
}

// askCover asks whether the wallet pays for another user, and refills the budget if it
// does. If it does not, and an empty wallet is not waited out, the run stops.
func (r *run) askCover(ctx context.Context) (why string, err error) {
	balance, err := r.askWallet(ctx)
	if err != nil && r.cover.rest > 0 && ctx.Err() == nil { // it does not answer: go on with what it said
		r.budget.Refill(r.cover.rest)
		r.cover.rest = 0
		return "", nil
	}
	if err != nil {
		return "", err
	}
	now, each := r.cover.observe(balance, r.counters.current().users, int(r.mayCost.Load()))
	isAlone, err := r.shared.hasSpentAlone(ctx) // else the balance does not show what our users cost
	if err != nil {
		return "", err
	}
	if isAlone && each.Known() && each.Cmp(now.fee) > 0 {
		if ask := r.cfg.Money.FeeRose; ask != nil {
			if err := ask(now.fee, each); err != nil {
				r.stopReason.stopWith(&Stop{Reason: Declined, Err: err})
				return "the fee rose", nil
			}
		}
		r.cfg.Log.Warn("the wallet goes down by more than the fee for each user; the run counts with that from now on", "fee", now.fee.String(), "now", each.String())
		now.fee = each
	}
	r.cover = now
	users := r.cfg.Money.usableBalance(balance).Over(r.cover.fee)
	r.counters.update(func(f *figures) { f.NoFunds = users == 0 && r.cfg.Money.Wait })
	if users == 0 {
		if !r.cfg.Money.Wait {
			r.stopReason.stopWith(stopf(LowBalance, "the wallet holds %s %s, which does not pay for another user at %s", balance, r.counters.current().Currency, r.cover.fee))
		}
		return "the wallet does not pay for another user", nil
	}
	if users -= int(r.mayCost.Load()); users <= 0 {
		return "the wallet holds no more than the rows in doubt may still cost", nil
	}
	f := r.counters.current()
	r.budget.Refill(r.cover.allow(users, f.ToSend-f.Decided, r.cfg.Money.FeeRose != nil))
	return "", nil
}

// cover is what the users were counted from whom the wallet pays for.
type cover struct {
	fee     Amount // of one user; may have risen since the run began
	balance Amount
	users   int // created by then
	toPay   int // and perhaps created by then
	rest    int // for whom it pays, beyond the allowance
}

// maxUnchecked is how many users a run with Money.FeeRose creates at most before it
// compares the wallet again.
const maxUnchecked = 500

// allow returns how many users are created before the wallet is asked again: half of those
// whom it pays for, so that a fee that rises to at most the double is noticed before a row
// meets a 402. If the wallet pays for all rows that are left even then, that is all of
// them, unless the cost is bound to what was agreed.
func (c *cover) allow(users, left int, isBound bool) int {
	allowed := (users + 1) / 2
	switch {
	case users < 0 || !isBound && 2*left <= users:
		allowed = users
	case isBound:
		allowed = min(allowed, maxUnchecked)
	}
	c.rest = users - allowed
	return allowed
}

// observe compares what the users have cost with the fee, and returns the cover as of now
// and the cost of each; unknown if none was paid for. Others may spend from the wallet, too,
// so that it may only seem to be higher.
func (c *cover) observe(balance Amount, users, toPay int) (cover, Amount) {
	paid := users - c.users + max(0, toPay-c.toPay)
	return cover{fee: c.fee, balance: balance, users: users, toPay: toPay}, c.balance.Minus(balance).Per(paid)
}

// settleCost accounts for what an attempt that is over has cost: nothing where the
// answer says so, or the evidence.
func (p *planner) settleCost(c retryAt) {
	j := c.job
	switch {
	case j.mayCost:
		j.mayCost = false
		p.mayCost.Add(-1)
		if c.next == decide.NextAgain {
			p.budget.GiveBack()
		}
	case j.isInDoubt: // looked up, and not sent in this run
	case j.attempt.Class == ledger.Funds:
		p.budget.AllowOne()
	case c.next == decide.NextDoubt:
		j.mayCost = true
		p.mayCost.Add(1)
	case j.customer.Status != ledger.Created && j.customer.Status != ledger.InDoubt:
		p.budget.GiveBack()
	}
}

// isFunded reports whether a balance pays for one more user: at least the fee
// above what is to be kept, or, the fee unknown, more than there was at the 402.
func (r *run) isFunded(balance, before Amount) bool {
	if r.fee.Known() {
		return balance.Known() && r.cfg.Money.usableBalance(balance).Cmp(r.fee) >= 0
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
		r.pauseOnBusy(err)
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
