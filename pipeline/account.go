package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// account ties a ledger to one account of the partner. The first serviceId
// tells which. It is used by the recorder alone.
type account struct {
	ledger ledger.Ledger
	prefix string
	known  bool
}

// admits reports whether a serviceId may belong to the ledger's account, and
// binds the ledger by the first one. The error is ledger.ErrAccount or a fault
// of the ledger.
func (a *account) admits(ctx context.Context, serviceID string) (bool, error) {
	prefix := ledger.AccountOf(serviceID)
	if prefix == "" || a.known && prefix == a.prefix {
		return true, nil // a form that tells nothing is no evidence against it
	}
	err := a.ledger.Bind(ctx, prefix)
	if err == nil {
		a.prefix, a.known = prefix, true
		return true, nil
	}
	return false, err
}

// sameWallet refuses a wallet that is not the one of earlier runs, where the
// partner says whose it is. It only reads: the ledger is not written before the
// run is confirmed.
func sameWallet(ctx context.Context, l ledger.Ledger, owner string) error {
	if owner == "" {
		return nil
	}
	was, _, err := l.Learnt(ctx, learntOwner)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return nil
	case err != nil:
		return ledgerStop("reading the account", err)
	case was != owner:
		return &Stop{Reason: Refused, Err: ledger.ErrAccount}
	default:
		return nil
	}
}

// sameAccount makes sure, when the API key is not the one of the last run, that
// it opens the same account: the partner's list must show one of the users whom
// the ledger created last. A list that cannot be read proves nothing; then the
// first serviceId tells.
func (r *run) sameAccount(ctx context.Context) error {
	changed, err := r.keyChanged(ctx)
	if err != nil || !changed {
		return err
	}
	known := make(map[string]bool, newestKnown)
	var since time.Time
	q := ledger.Query{Status: []ledger.Status{ledger.Created}, Newest: newestKnown}
	for c, err := range r.cfg.Ledger.Customers(ctx, q) {
		if err != nil {
			return ledgerStop("reading the newest users", err)
		}
		known[c.ServiceID] = true
		if since.IsZero() || c.FirstSent.Before(since) {
			since = c.FirstSent
		}
	}
	if len(known) == 0 {
		return nil
	}
	turn := func(ctx context.Context) error { _, err := r.pace.wait(ctx); return err }
	_, err = r.scan(ctx, search{known: known, since: since.Add(-24 * time.Hour), turn: turn})
	switch s := refusal(err); {
	case err == nil:
		return nil
	case errors.Is(err, errWrongAccount):
		return &Stop{Reason: Refused, Detail: "the API key is another one than in the last run", Err: err}
	case s != nil:
		return s
	case ctx.Err() != nil:
		return ctx.Err()
	}
	r.cfg.Log.Warn("the API key is another one than in the last run, and the list of users that would show whose it is cannot be read", "error", err.Error())
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
