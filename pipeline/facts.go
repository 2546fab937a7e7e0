package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
)

// Names of what is kept between runs.
const (
	FactFee             = "fee" // believed, see learnFee
	factFeeFirst        = "fee_first"
	factFeeSeen         = "fee_seen"
	factPace            = "pace"
	factServiceIDForm   = "service_id_form"
	factOtherAccountKey = "other_account_key" // fingerprint of the API key that created a user in another account
	factListLag         = "list_lag"
	factSharedLinks     = "shared_links"
	factCreatedAtOffset = "created_at_offset"
	factRoundTrip       = "round_trip"
)

// recallFacts reads what earlier runs learnt of the partner.
func (r *run) recallFacts(ctx context.Context) error {
	if err := r.loadGaps(ctx); err != nil {
		return err
	}
	trip, _, err := r.facts.readDuration(ctx, factRoundTrip)
	if err != nil {
		return err
	}
	r.clock.RestoreTrip(trip)
	if r.listLag, err = ListLag(ctx, r.cfg.Ledger); err != nil {
		return err
	}
	if err := r.account.recallBound(ctx); err != nil {
		return err
	}
	if err := r.sharedLinks.recallDigests(ctx); err != nil {
		return err
	}
	text, at, err := r.facts.read(ctx, factPace)
	if err != nil {
		return err
	}
	if met, err := strconv.ParseFloat(text, 64); err == nil && pacing.WallTime().Sub(at) < 24*time.Hour {
		r.pace.RestoreRate(met, at)
	}
	return nil
}

// FactCurrency names the fact by which the ledger keeps the wallet's currency.
const FactCurrency = "currency"

// facts are what runs keep for later ones. It is as safe for concurrent use as
// its ledger.
type facts struct{ ledger ledger.Ledger }

// read returns a fact that an earlier run kept, and when; "" if none did.
func (f facts) read(ctx context.Context, name string) (string, time.Time, error) {
	text, at, err := f.ledger.Fact(ctx, name)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return "", at, ledgerStop("reading what earlier runs learnt", err)
	}
	return text, at, nil
}

// readDuration returns a duration that an earlier run kept; 0 if none did.
func (f facts) readDuration(ctx context.Context, name string) (time.Duration, time.Time, error) {
	text, at, err := f.read(ctx, name)
	d, failed := time.ParseDuration(text)
	if failed != nil {
		return 0, at, err // what no version of this program wrote counts as nothing
	}
	return d, at, err
}

// readAmount returns an amount that an earlier run kept; unknown if none did.
func (f facts) readAmount(ctx context.Context, name string) (Amount, error) {
	text, _, err := f.read(ctx, name)
	a, failed := ParseAmount(text)
	if failed != nil {
		return Amount{}, err // what no version of this program wrote is no fee
	}
	return a, err
}

// save keeps a fact of this moment, also when ctx has ended.
func (f facts) save(ctx context.Context, name, text string) error {
	return f.saveAt(ctx, name, text, pacing.WallTime())
}

// saveAt keeps a fact of an earlier moment.
func (f facts) saveAt(ctx context.Context, name, text string, at time.Time) error {
	if err := f.ledger.SaveFact(context.WithoutCancel(ctx), name, text, at); err != nil {
		return ledgerStop("noting what was learnt", err)
	}
	return nil
}

// ListLag returns the longest lag of the partner's list that was seen in the last 30 days.
func ListLag(ctx context.Context, l ledger.Ledger) (time.Duration, error) {
	lag, at, err := facts{l}.readDuration(ctx, factListLag)
	if err != nil || pacing.WallTime().Sub(at) >= lagLife {
		return 0, err
	}
	return lag, nil
}

// lagLife is how long the list is trusted to lag no more than it did.
const lagLife = 30 * 24 * time.Hour

// savePreflight keeps what preflight found out, before anything is sent by it.
func (r *run) savePreflight(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	if r.owner != "" {
		if err := r.account.bindName(ctx, ledger.Account{Partner: r.owner}); err != nil {
			return ledgerStop("noting the account", err)
		}
	}
	return r.saveRoundTrip(ctx)
}

// saveRoundTrip keeps how far off the clocks' comparison can be: the windows of this
// run's attempts are judged by later runs, too.
func (r *run) saveRoundTrip(ctx context.Context) error {
	return r.facts.save(ctx, factRoundTrip, r.clock.RoundTrip().String())
}

// measureFirst asks the wallet once the first user of the run is created and no
// other request is on its way, if nothing else shows what one user costs.
func (p *planner) measureFirst(ctx context.Context) {
	if p.measured || !p.account.isProved.Load() || p.inFlight() > 0 {
		return
	}
	p.measured = true
	f := p.counters.current()
	before := f.Wallet
	if p.fee.Known() || !before.Known() || f.users != 1 || f.Sent != 1 {
		return
	}
	soon, cancel := context.WithTimeout(ctx, lastQuestion)
	defer cancel()
	after, err := p.askWallet(soon)
	if err != nil {
		p.cfg.Log.Info("could not read the wallet after the first user", "error", err.Error())
		return
	}
	if fee := before.Minus(after); fee.Known() && fee.Cmp(Amount{}) > 0 {
		p.firstFee = fee
	}
}

// saveFee keeps what one user cost. Others spend from the wallet, too, so that
// a fee is believed, by later runs, only once two measurements in a row agree (by
// the first user of a run and by all of it, or by two runs), and never if it is
// more than twice what was measured first.
func (r *run) saveFee(ctx context.Context, fee Amount) error {
	if !fee.Known() {
		return nil
	}
	first, err := r.facts.readAmount(ctx, factFeeFirst)
	if err != nil {
		return err
	}
	seen, err := r.facts.readAmount(ctx, factFeeSeen)
	if err != nil {
		return err
	}
	if r.firstFee.Known() && r.counters.current().users > 1 { // else the run has measured once, not twice
		seen = r.firstFee
	}
	names := []string{factFeeSeen}
	if !first.Known() {
		names, first = append(names, factFeeFirst), fee
	}
	if seen.Known() && fee.Cmp(seen) == 0 && fee.Cmp(first.Times(2)) <= 0 {
		names = append(names, FactFee)
	}
	for _, name := range names {
		if err := r.facts.save(ctx, name, fee.String()); err != nil {
			return err
		}
	}
	return nil
}

// saveFacts keeps what the next run wants to know.
func (r *run) saveFacts(ctx context.Context, s Summary) error {
	if stop := r.stopReason.current(); stop != nil && stop.Reason == LedgerFault {
		return nil // nothing more is written to it
	}
	if err := r.saveFee(ctx, measuredFee(s)); err != nil {
		return err
	}
	if s.Currency != "" {
		if err := r.facts.save(ctx, FactCurrency, s.Currency); err != nil {
			return err
		}
	}
	if err := r.saveRoundTrip(ctx); err != nil {
		return err
	}
	if met, at := r.pace.RateAtBusy(); met > 0 {
		if err := r.facts.saveAt(ctx, factPace, fmt.Sprintf("%.3f", met), at); err != nil {
			return err
		}
	}
	return nil
}
