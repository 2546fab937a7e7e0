package pipeline

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/patience"
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
	NewInvalid  int           // invalid rows that no finished run has reported; counted only with Bounds.MaxInvalid
	Again       bool          // the batch was registered before
	Rate        float64       // requests a second; +Inf = unlimited
	Duration    time.Duration // at that rate; 0 = unlimited or nothing to send
	Fee         Amount
	FeeMeasured bool   // from earlier runs, not given
	Cost        Amount // Send times Fee
	Wallet      Amount // unknown if the partner did not say
	Currency    string
	Account     string // whose wallet it is; "" if the partner did not tell
	Covered     int    // rows that the wallet pays for; -1 = not known
	Shortfall   Amount // what is missing; unknown if nothing is, or nothing is known
	WalletError string // why the wallet is not known

	// For a ledger with gaps; see ledger.Gap.
	NotBefore time.Time // nothing is sent earlier, by our clock; zero = at once
	ReadsList bool      // the partner's list must be read before anything is sent
}

// planBatch checks the input and decides whether it may be sent. The registration
// is left open, also by an error.
func (r *run) planBatch(ctx context.Context) (*registered, Plan, error) {
	b, err := checkInput(ctx, r.cfg, func(rows int) { r.counters.update(func(f *figures) { f.Rows = rows }) })
	if err != nil {
		return &registered{}, Plan{}, err
	}
	if err := r.recallFacts(ctx); err != nil {
		return b, Plan{}, err
	}
	if err := b.showRows(ctx, r.cfg); err != nil {
		return b, Plan{}, err
	}
	plan, err := r.preflight(ctx, b)
	return b, plan, err
}

// preflight asks the wallet, applies the bounds and has the plan confirmed. An
// error means that nothing is sent.
func (r *run) preflight(ctx context.Context, b *registered) (Plan, error) {
	plan := Plan{
		Batch: b.batch, Rows: b.tally.Rows, Tally: b.tally, Send: b.toSend, New: b.newRows, Covered: -1,
		InDoubt: b.tally.Status[ledger.InDoubt], Again: b.reg == nil,
		Rate: r.pace.CurrentRate(), Duration: durationAt(b.toSend, r.pace.CurrentRate()),
	}
	if plan.Send == 0 && plan.InDoubt == 0 && r.cfg.Recreate.count() == 0 {
		return plan, b.approveRows(ctx, r.cfg, plan)
	}
	if exceeds(r.cfg.Bounds.MaxNew, plan.New, plan.Rows) {
		return plan, stopf(MaxNew, "%d new rows are more than --max-new allows. Nothing was sent: is this the right file?", plan.New)
	}
	err := r.checkWallet(ctx, &plan)
	if plan.Account = r.owner; err != nil {
		return plan, cmp.Or(b.approveRows(ctx, r.cfg, plan), err) // that the plan does not fit comes first
	}
	if err := b.approveRows(ctx, r.cfg, plan); err != nil {
		return plan, err
	}
	if err := requireFunds(r.cfg, plan); err != nil {
		return plan, err
	}
	if err := r.guardInvalid(ctx, b, &plan); err != nil {
		return plan, err
	}
	if plan.NotBefore, plan.ReadsList = r.gapsDue(), r.gaps.Load().HasOpen(); plan.NotBefore.Before(pacing.WallTime()) {
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

// requireFunds refuses to begin with Money.Require unless the wallet pays for every row
// that may be sent.
func requireFunds(cfg Config, plan Plan) error {
	if !cfg.Money.Require || plan.Send == 0 {
		return nil
	}
	toPay := plan.Send
	if n := cfg.Bounds.Limit; n > 0 && n < plan.New {
		toPay -= plan.New - n
	}
	switch {
	case !plan.Fee.Known():
		return stopf(LowBalance, "--require-funds: the fee of a user is not known, so it is not known what the wallet covers. Add --fee. Nothing was sent")
	case !plan.Wallet.Known():
		return stopf(LowBalance, "--require-funds: the partner does not say what the wallet holds. Nothing was sent")
	case plan.Covered >= 0 && plan.Covered < toPay:
		return stopf(LowBalance, "--require-funds: the wallet covers %d of %d rows to send. Nothing was sent", plan.Covered, toPay)
	}
	return nil
}

// guardInvalid refuses to begin when more rows are invalid than Bounds.MaxInvalid
// allows: the file may be the wrong one, or its columns. Rows that an earlier finished
// run has reported are no news, and do not count.
func (r *run) guardInvalid(ctx context.Context, b *registered, plan *Plan) error {
	plan.NewInvalid = plan.Tally.Status[ledger.Invalid]
	if plan.Send == 0 || !exceeds(r.cfg.Bounds.MaxInvalid, plan.NewInvalid, plan.Rows) {
		return nil
	}
	reported, err := b.countReported(ctx, r.cfg.Ledger, ledger.Invalid)
	if err != nil {
		return err
	}
	plan.NewInvalid -= reported
	if !exceeds(r.cfg.Bounds.MaxInvalid, plan.NewInvalid, plan.Rows) || r.cfg.AcceptInvalid != nil && r.cfg.AcceptInvalid(ctx, *plan) {
		return nil
	}
	return stopf(MaxInvalid, "%d of %d rows are invalid, more than --max-invalid allows. Nothing was sent: is this the right file?", plan.NewInvalid, plan.Rows)
}

// askExisting reads the partner's list before anything is sent, if it is short compared
// with the rows to send. A customer who exists already then costs no request, and no fee
// if the partner charges before it checks. If the list cannot be read, the rows are sent:
// the partner refuses existing customers itself.
func (r *run) askExisting(ctx context.Context, newRows int) error {
	if !r.cfg.Doubt.CheckExisting || newRows < userlist.ExistingShare || r.gaps.Load() != nil { // a user who exists may be one of ours
		return nil
	}
	found, err := r.reader.ReadExisting(ctx, newRows, r.pace.WaitTurn)
	switch {
	case errors.Is(err, userlist.ErrUnsteady):
		r.cfg.Log.Info("the partner's user list keeps changing, so each row is checked individually")
	case err != nil:
		return r.listFailure(ctx, err, "could not read the partner's user list, so each row is checked individually")
	}
	r.existing = found
	return nil
}

// listFailure returns why a run ends with a list that could not be read: a reason to
// stop, or the error of ctx. It is nil after a warning if the run continues without.
func (r *run) listFailure(ctx context.Context, err error, warning string) error {
	if s := refusalStop(err); s != nil {
		return s
	}
	if ctx.Err() == nil {
		r.cfg.Log.Warn(warning, "error", err.Error())
	}
	return ctx.Err()
}

// refusalStop returns the reason to stop when a look-up shows that the partner refuses
// the key or the account, that the list is another account's, or that the proxy passes
// nothing on; nil otherwise.
func refusalStop(err error) *Stop {
	e, ok := errors.AsType[*partner.Error](err)
	switch {
	case errors.Is(err, userlist.ErrOtherAccount):
		return &Stop{Reason: Refused, Err: err}
	case ok && e.StopCause == partner.ProxyRefused:
		return proxyRefusal(e.ProxyStatus)
	case ok && e.Class == ledger.Auth:
		return &Stop{Reason: Refused, Detail: "the partner refuses the API key or the account", Err: err}
	}
	return nil
}

// exceeds reports whether n of total exceeds a bound.
func exceeds(b Bound, n, total int) bool {
	if b.Percent > 0 {
		return n >= b.AtLeast && float64(n)*100 > b.Percent*float64(total)
	}
	return b.Count > 0 && n > b.Count
}

// factGapClock is the name under which the clock of createdAt is kept.
const factGapClock = "gap_clock"

// loadGaps reads the ledger's gaps, if there are more than are known.
func (r *run) loadGaps(ctx context.Context) error {
	if r.gapStore == nil {
		store, ok := patience.UnwrapLedger(r.cfg.Ledger).(ledger.Gaps)
		if !ok {
			return nil
		}
		r.gapStore = store
	}
	all, err := r.gapStore.Gaps(ctx)
	if err != nil {
		return ledgerStop("reading the gaps", err)
	}
	if known := r.gaps.Load(); len(all) == 0 || known != nil && len(all) == len(known.All) {
		return nil
	}
	text, _, err := r.facts.read(ctx, factGapClock)
	r.gaps.Store(&decide.Gaps{All: all, AreOurs: r.cfg.Doubt.GapOurs, Clock: decide.ParseCalibration(text)})
	return err
}

// inGap returns which of the customers the list showed as created inside a gap.
func (r *run) inGap(ctx context.Context, identities []string) (map[string]bool, error) {
	if r.gaps.Load() == nil || len(identities) == 0 {
		return nil, nil
	}
	in, err := r.gapStore.InGap(ctx, identities)
	if err != nil {
		return nil, ledgerStop("reading the gaps", err)
	}
	return in, nil
}

// gapsDue returns when sending may begin, by our clock: when every key of the
// gaps is dead. It is the zero time without gaps.
func (r *run) gapsDue() time.Time {
	if r.gaps.Load() == nil {
		return time.Time{}
	}
	return r.clock.LocalTime(r.gaps.Load().KeysDeadAt(r.timing())).Add(decide.DateResolution)
}

// gapCloser reads the partner's list for the time that the ledger does not
// remember, before anything is sent.
type gapCloser struct{ *run }

// closeGaps waits until every key of the ledger's gaps is dead, and reads the
// partner's list for those that were not scanned. Before it returns nil nothing
// may be sent. The wait is shown, and ends with ctx.
func (r gapCloser) closeGaps(ctx context.Context) error {
	if r.gaps.Load() == nil {
		return nil
	}
	if at := r.gapsDue(); at.After(pacing.WallTime()) {
		if d := r.cfg.Bounds.MaxDuration; d > 0 && at.Sub(pacing.WallTime()) > d {
			return stopf(MaxDuration, "part of what was sent is missing from the ledger, so nothing may be sent before %s, which is after --max-duration ends. Nothing was sent", at.UTC().Format(time.RFC3339))
		}
		r.cfg.Log.Info("part of what was sent is missing from the ledger; nothing else is sent while idempotency keys of that time may still be valid", "until", at.UTC().Format(time.RFC3339))
		r.counters.showPause("part of what was sent is missing from the ledger, waiting for the idempotency keys of that time to expire", at)
		if err := pacing.SleepUntil(ctx, at); err != nil {
			return err
		}
		r.counters.showPause("", time.Time{})
	}
	if !r.gaps.Load().HasOpen() {
		return nil
	}
	deadline := pacing.WallTime().Add(r.cfg.Pace.Patience)
	for try := 0; ; try++ {
		err := r.scanGaps(ctx)
		if s := refusalStop(err); s != nil {
			return s
		}
		var stop *Stop
		if err == nil || ctx.Err() != nil || errors.As(err, &stop) {
			return errors.Join(err, ctx.Err())
		}
		pause := pacing.WallTime().Add(pacing.BackoffAfter(try, pacing.FirstBackoff, pacing.MaxBackoff))
		if pause.After(deadline) {
			return &Stop{Reason: PartnerDown, Err: err,
				Detail: "part of what was sent is missing from the ledger, and nothing else is sent without the partner's list. If the list can never be read: bulkonboard ledger resolve --gap"}
		}
		r.cfg.Log.Warn("the partner's list of users cannot be used yet", "error", err.Error())
		r.counters.showPause("the partner's list cannot be used yet, asking again", pause)
		if err := pacing.SleepUntil(ctx, pause); err != nil {
			return err
		}
	}
}

// scanGaps reads the list once and notes who was created inside a gap without
// being known to the ledger.
func (r gapCloser) scanGaps(ctx context.Context) error {
	r.counters.showPause("part of what was sent is missing from the ledger, reading the partner's list", time.Time{})
	defer r.counters.showPause("", time.Time{})
	newest, err := r.readWitnesses(ctx, ledger.Query{Status: []ledger.Status{ledger.Created}, Newest: 2 * decide.MaxWitnesses})
	if err != nil {
		return err
	}
	t, gaps := r.timing(), r.gaps.Load()
	began := pacing.WallTime()
	found, err := r.reader.ScanGaps(ctx, gaps, decide.Witnesses{Before: newest}, userlist.GapScan{Slug: r.account.boundAccount().Slug, Lag: r.listLag, AwaitTurn: r.pace.WaitTurn, Timing: t})
	if err != nil {
		return err
	}
	gaps.Clock = found.Clock
	if err := r.facts.saveAt(ctx, factGapClock, decide.FormatCalibration(gaps.Clock), began); err != nil {
		return err
	}
	return r.noteStrangers(ctx, found.Strangers, t, began)
}

// noteStrangers writes who was created inside which gap, and marks the gaps as
// scanned.
func (r gapCloser) noteStrangers(ctx context.Context, strangers []decide.User, t decide.Timing, began time.Time) error {
	var ids []string
	for _, u := range strangers {
		ids = append(ids, u.ServiceID)
	}
	own, err := r.usersTaken(ctx, ids)
	if err != nil {
		return ledgerStop("looking up users by serviceId", err)
	}
	gaps := r.gaps.Load()
	for i := range gaps.All {
		g := &gaps.All[i]
		if !g.IsOpen() {
			continue
		}
		w := decide.GapWindow(*g, gaps.Clock, t)
		var inside []string
		for _, u := range strangers {
			if u.Identity != "" && own[u.ServiceID] == 0 && (u.CreatedAt.IsZero() || w.Contains(u)) {
				inside = append(inside, u.Identity)
			}
		}
		if err := r.gapStore.AddToGap(ctx, g.ID, inside); err != nil {
			return ledgerStop("noting who was created inside a gap", err)
		}
		if err := r.gapStore.CloseGap(ctx, g.ID, began, ""); err != nil {
			return ledgerStop("closing a gap", err)
		}
		g.Scanned = began
		r.cfg.Log.Info("the partner's list was read for the time missing from the ledger", "users unknown to the ledger", len(inside))
	}
	return nil
}
