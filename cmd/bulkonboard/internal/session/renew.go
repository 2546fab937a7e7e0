package session

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
)

// RenewLinks makes new links for users of an input who never opened theirs while it
// worked: each is deleted and created again.
func RenewLinks(con *term.Console, c *cobra.Command, f *settings.RunFlags, args []string) error {
	return withRecovery(con, c, f, args, "links renew", func(ctx context.Context, r *recovery) (pipeline.Summary, error) {
		r.noneText = "no link of this input is dead"
		return (&renewal{recovery: r}).renewAll(ctx)
	})
}

// requestsOfRenewal is how many requests a renewal takes: two pages, a deletion and a
// creation.
const requestsOfRenewal = 4

// renewal is one links renew under way. Its methods are called by one goroutine at a time.
type renewal struct {
	*recovery
	life      LinkLife
	toRenew   []ledger.Customer
	renewer   *kyc.Renewer
	isLocated bool
	isJudged  bool // the canary is
	wallet    pipeline.Amount
	fee       pipeline.Amount
}

// renewAll settles what is in doubt, chooses whose links are dead, and renews them.
func (r *renewal) renewAll(ctx context.Context) (pipeline.Summary, error) {
	if err := saveLinkLife(ctx, r.store, r.flags.LinkLife); err != nil {
		return pipeline.Summary{}, err
	}
	var err error
	if r.life, err = ReadLinkLife(ctx, r.store, r.flags.LinkLife); err != nil {
		return pipeline.Summary{}, err
	}
	if r.life.IsAssumed {
		return pipeline.Summary{}, exit.NewUsageError(errors.New("links renew deletes users, so it needs to know how long a link works: set --link-life"),
			"Persona's default is 24h; ask the partner what applies to your account")
	}
	cfg, sum, err := r.settleFirst(ctx)
	if err != nil {
		return sum, err
	}
	if err := r.checkLag(ctx); err != nil {
		return sum, err
	}
	found, err := kyc.ChooseRenewals(ctx, r.known, sum.Batch.ID, r.life.Duration, time.Now(), r.flags.Limit.N)
	r.lost, r.toRenew = len(found.Customers), found.Customers
	if err != nil {
		return sum, err
	}
	if err := r.findFee(ctx); err != nil {
		return sum, err
	}
	r.describe(found)
	if r.lost == 0 {
		return sum, nil
	}
	if err := r.checkDuration(); err != nil {
		return sum, err
	}
	if err := r.confirmRenewal(); err != nil {
		return sum, err
	}
	r.renewer = kyc.NewRenewer(kyc.RemoveConfig{Ledger: r.known, Partner: r.client}, r.store)
	ids := make(map[int64]bool, len(r.toRenew))
	for _, c := range r.toRenew {
		ids[c.ID] = true
	}
	cfg.Confirm = func(_ context.Context, p pipeline.Plan) error {
		r.gauges.writePlan(p)
		return nil
	}
	cfg.Filter = func(ledger.Customer) bool { return false }
	cfg.Recreate = &pipeline.Recreation{Customers: ids, Remove: r.remove}
	sum, err = r.pass(ctx, cfg)
	r.keepResult()
	if err == nil && found.Left > 0 {
		err = &pipeline.Stop{Reason: pipeline.Limit, Detail: fmt.Sprintf("reached --limit %d: %s with a dead link left", r.flags.Limit.N, term.Count(found.Left, "user"))}
	}
	return sum, err
}

// findFee sets the fee of a user, if it is given or was measured.
func (r *renewal) findFee(ctx context.Context) error {
	if r.fee = r.flags.Fee.Amount; r.fee.Known() {
		return nil
	}
	text, _, err := r.store.Fact(ctx, pipeline.FactFee)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	if fee, failed := pipeline.ParseAmount(text); failed == nil {
		r.fee = fee
	}
	return err
}

// checkLag refuses to delete by a list that lags too far behind to show who has begun the
// check.
func (r *renewal) checkLag(ctx context.Context) error {
	lag, err := pipeline.ListLag(ctx, r.known)
	if err == nil && lag > kyc.MaxListLag {
		err = &pipeline.Stop{Reason: pipeline.PartnerDown, Detail: fmt.Sprintf("the partner's list lagged %s behind in the last 30 days, more than %s: it does not show in time who has begun the check. No user was deleted",
			lag.Round(time.Second), kyc.MaxListLag)}
	}
	return err
}

// describe says whose links are renewed, and why others' are not.
func (r *renewal) describe(found kyc.Renewable) {
	if r.lost > 0 {
		r.Sayf("%s of this input: the link is older than %s and was never used", term.Count(found.Dead(), "user"), r.life)
	}
	for _, line := range []struct {
		n   int
		why string
	}{
		{found.Left, "left for a later wave (--limit)"},
		{found.Unconfirmed, "left out: the partner's list has not confirmed them (bulkonboard kyc sync asks again)"},
		{found.Spent, fmt.Sprintf("left out: deleted and created again %d times already", kyc.MaxRenewals)},
	} {
		if line.n > 0 {
			r.Sayf("  %s %s", term.Number(line.n), line.why)
		}
	}
}

// checkDuration refuses a wave in which the first links would be dead before the last are
// made.
func (r *renewal) checkDuration() error {
	if r.flags.Rate.Unlimited || r.flags.Rate.PerSecond == 0 {
		return nil
	}
	each := time.Duration(requestsOfRenewal / r.flags.Rate.PerSecond * float64(time.Second))
	if took := each * time.Duration(r.lost); took >= r.life.Duration {
		return exit.UsageErrorf("%s take about %s at %s, and a link works for %s: renew them in waves with --limit %d. No user was deleted",
			term.Count(r.lost, "renewal"), term.AboutDuration(took), r.flags.Rate.String(), r.life, max(1, int(math.Floor(float64(r.life.Duration/2)/float64(each)))))
	}
	return nil
}

// confirmRenewal says what the renewal means and what it costs, and asks.
func (r *renewal) confirmRenewal() error {
	r.Sayf("  each is deleted at the partner and created again with a new serviceId and a new link, one after the other")
	r.Sayf("  cost: no second fee, because none of them was approved. After the first one the wallet is compared")
	if r.flags.Yes {
		return nil
	}
	if !r.Confirm(fmt.Sprintf("Delete %s at %s and create them again?", term.Count(r.lost, "user"), r.to.Environment)) {
		return exit.UsageErrorf("not confirmed; no user was deleted")
	}
	return nil
}

// remove deletes one user. Before the second deletion it compares the wallet.
func (r *renewal) remove(ctx context.Context, d pipeline.Deletion) (pipeline.Removal, error) {
	pace := kyc.PaceOf(d.AwaitTurn)
	if !r.isLocated {
		if err := r.renewer.Locate(ctx, pace, r.toRenew); err != nil {
			return pipeline.Removal{}, partnerStop(err)
		}
		r.isLocated = true
		r.wallet = r.askWallet(ctx, d)
	}
	if !r.isJudged && len(r.renewer.Result().Removed) > 0 {
		r.isJudged = true
		if err := r.judgeCanary(ctx, d); err != nil {
			return pipeline.Removal{}, err
		}
	}
	now, gone, err := r.renewer.Renew(ctx, pace, d.Run, d.Customer)
	if err != nil && (errors.Is(err, ledger.ErrWrite) || errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, ledger.ErrConflict)) {
		err = &pipeline.Stop{Reason: pipeline.LedgerFault, Detail: "recording a deletion", Err: err}
	}
	return pipeline.Removal{Customer: now, IsGone: gone}, partnerStop(err)
}

// judgeCanary stops the renewal if the first one cost a fee.
func (r *renewal) judgeCanary(ctx context.Context, d pipeline.Deletion) error {
	lost := r.wallet.Minus(r.askWallet(ctx, d))
	if !lost.Known() || lost.Cmp(pipeline.Amount{}) <= 0 {
		return nil
	}
	if r.fee.Known() && lost.Cmp(r.fee) != 0 {
		r.Sayf("note: the wallet went down by %s during the first renewal, which is not the fee of a user (%s)", lost, r.fee)
		return nil
	}
	return &pipeline.Stop{Reason: pipeline.MaxErrors, Detail: fmt.Sprintf("the wallet went down by %s during the first renewal, which should cost nothing. No further user was deleted: ask the partner", lost)}
}

// askWallet returns the balance; unknown if the partner does not say.
func (r *renewal) askWallet(ctx context.Context, d pipeline.Deletion) pipeline.Amount {
	if d.AwaitTurn(ctx) != nil {
		return pipeline.Amount{}
	}
	w, err := r.client.Wallet(ctx)
	if err != nil {
		return pipeline.Amount{}
	}
	balance, err := pipeline.ParseAmount(w.Balance)
	if err != nil {
		return pipeline.Amount{}
	}
	return balance
}

// keepResult notes whose users were deleted, and says who kept theirs.
func (r *renewal) keepResult() {
	gone := r.renewer.Result()
	r.lost -= gone.Begun
	if gone.Begun > 0 {
		r.Sayf("%s not deleted: the partner's list shows that they have begun the check", term.Count(gone.Begun, "user"))
	}
	r.recovery.keepResult(gone.Removals)
}
