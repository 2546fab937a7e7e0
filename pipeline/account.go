package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/bulkonboard/bulkonboard/ledger"
)

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
