package pipeline

import (
	"context"
	"errors"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// account ties a ledger to one account of the partner. The first serviceId
// tells which: the documented form is "acme-rain-user-" and a random part, and
// what stands before the random part is the account's own. It is used by the
// recorder alone.
type account struct {
	ledger ledger.Ledger
	prefix string
	known  bool
}

// admits reports whether a serviceId may belong to the ledger's account, and
// binds the ledger by the first one. The error is ledger.ErrAccount or a fault
// of the ledger.
func (a *account) admits(ctx context.Context, serviceID string) (bool, error) {
	prefix := accountOf(serviceID)
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

// accountOf is the part of a serviceId that all users of an account share; ""
// if it has none.
func accountOf(serviceID string) string {
	i := strings.LastIndexByte(serviceID, '-')
	if i <= 0 || len(serviceID)-i-1 < 8 {
		return ""
	}
	return serviceID[:i]
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
