package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
	if isAlone, err := p.shared.hasSpentAlone(soon); err != nil || !isAlone {
		return
	}
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

// account is the partner account that a ledger belongs to. The wallet names it
// by its partnerId, each serviceId by a slug; the two are never compared with
// each other. It is safe for concurrent use.
type account struct {
	ledger   ledger.Ledger
	facts    facts
	isProved atomic.Bool // a user of this run was recorded, and its serviceId does not name another account

	mu     sync.Mutex
	bound  ledger.Account
	form   string // of the serviceIds seen last
	warned bool   // that nothing names the account
}

// recallBound reads what the ledger is bound to.
func (a *account) recallBound(ctx context.Context) error {
	info, err := a.ledger.Info(ctx)
	if err != nil {
		return ledgerStop("reading the account", err)
	}
	form, _, err := a.facts.read(ctx, factServiceIDForm)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bound, a.form = info.Account, form
	return nil
}

// boundAccount returns the account that the ledger is bound to, as far as it is known.
func (a *account) boundAccount() ledger.Account {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.bound
}

// bindName compares a name of the account with what the ledger is bound to, and adds it
// if the ledger has none of its kind. The error is ledger.ErrAccount
// or a fault of the ledger.
func (a *account) bindName(ctx context.Context, name ledger.Account) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.bound.Differs(name) {
		return ledger.ErrAccount
	}
	learnt := a.bound.Merge(name)
	if learnt != a.bound {
		if err := a.ledger.Bind(ctx, name); err != nil {
			return err
		}
		a.bound = learnt
	}
	return nil
}

// judgeServiceID compares the serviceId of an answer. It reports whether the serviceId
// has another form than those before, and whether nothing names the account.
func (a *account) judgeServiceID(ctx context.Context, serviceID string) (renamed, nameless bool, err error) {
	slug := ledger.SlugOf(serviceID)
	if err := a.bindName(ctx, ledger.Account{Slug: slug}); err != nil {
		return false, false, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	nameless = !a.warned && slug == "" && a.bound == (ledger.Account{})
	a.warned = a.warned || nameless
	form := serviceIDForm(serviceID, slug)
	if form == "" || form == a.form {
		return false, nameless, nil
	}
	renamed = a.form != ""
	a.form = form
	return renamed, nameless, a.facts.save(ctx, factServiceIDForm, form)
}

// serviceIDForm returns the part of a serviceId between the slug and the random part.
func serviceIDForm(serviceID, slug string) string {
	if slug == "" {
		return ""
	}
	rest := strings.TrimPrefix(serviceID, slug)
	return rest[:strings.LastIndex(rest, "-user-")+len("-user-")]
}

// errOtherAccount says that the API key opens another account than the ledger's.
func errOtherAccount() error {
	return fmt.Errorf("the API key opens another partner account than the one this ledger belongs to: %w", ledger.ErrAccount)
}

// sameWallet refuses a wallet that is not the one of earlier runs, where the
// partner says whose it is. It only compares: the ledger is not written before
// the run is confirmed.
func (r *run) sameWallet(partnerID string) error {
	if r.account.boundAccount().Differs(ledger.Account{Partner: partnerID}) {
		return &Stop{Reason: Refused, Err: errOtherAccount()}
	}
	return nil
}

// sameAccount checks that the API key belongs to the ledger's account if the wallet does
// not name it. It refuses the key that created a user elsewhere in the last run. If the
// key has changed, the list must show users of the account. A list that cannot be read
// proves nothing; then the first serviceId shows the account.
func (r *run) sameAccount(ctx context.Context) error {
	key, _, err := r.facts.read(ctx, factOtherAccountKey)
	if err != nil {
		return err
	}
	if key != "" && key == r.cfg.Origin.KeyPrint {
		return &Stop{Reason: Refused, Err: fmt.Errorf("this API key created a user in another account in an earlier run: %w", ledger.ErrAccount)}
	}
	changed, err := r.keyChanged(ctx)
	if err != nil || !changed || r.account.boundAccount().Slug == "" || r.owner != "" {
		return err
	}
	other, err := r.reader.ShowsOtherAccount(ctx, r.account.boundAccount().Slug, r.pace.WaitTurn)
	if err != nil {
		return r.listFailure(ctx, err, "the API key differs from the last run's, and the user list that would show its account cannot be read")
	}
	if other {
		return &Stop{Reason: Refused, Detail: "the API key differs from the last run's", Err: errOtherAccount()}
	}
	return nil
}

// keyChanged reports whether the newest run with a key had another one.
func (r *run) keyChanged(ctx context.Context) (bool, error) {
	if r.cfg.Origin.KeyPrint == "" {
		return false, nil
	}
	for past, err := range r.cfg.Ledger.Log(ctx) {
		if err != nil {
			return false, ledgerStop("reading the log", err)
		}
		if past.KeyPrint != "" {
			return past.KeyPrint != r.cfg.Origin.KeyPrint, nil
		}
	}
	return false, nil
}

// judgeAccount compares the account of a created user with the ledger's. The
// user is recorded as what it is, whatever account it names; a mismatch ends the
// run before the next request.
func (r *recorder) judgeAccount(ctx context.Context, a *answered) error {
	renamed, nameless, err := r.account.judgeServiceID(ctx, a.answer.ServiceID)
	switch {
	case errors.Is(err, ledger.ErrAccount):
		a.otherAccount = true
		r.stopReason.stopWith(&Stop{Reason: Refused, Detail: "the partner created a user in another account", Err: errOtherAccount()})
		return r.facts.save(ctx, factOtherAccountKey, r.cfg.Origin.KeyPrint)
	case err != nil:
		return err
	case renamed:
		r.cfg.Log.Warn("the partner's serviceIds have a new form but name the same account")
	case nameless:
		r.cfg.Log.Warn("neither the wallet nor the serviceIds name the partner account, so a key of another account would not be noticed")
	}
	return nil
}
