package postgres

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// ObserveKYC implements ledger.Verification. The ledger's row, which every such call
// holds, keeps two processes from judging one user by different events.
func (l *Ledger) ObserveKYC(ctx context.Context, events []ledger.KYCEvent) (news int, err error) {
	if len(events) == 0 {
		return 0, nil
	}
	err = l.write(ctx, holdLedger, func(ctx context.Context, t *tx) (err error) {
		news, err = t.ObserveKYC(ctx, changer{t}, events)
		return err
	})
	return news, err
}

// changer changes customers within a transaction.
type changer struct{ t *tx }

// LockCustomers implements tables.CustomerChanger.
func (x changer) LockCustomers(ctx context.Context, ids []int64) (map[int64]ledger.Customer, error) {
	return x.t.lockCustomers(ctx, ids)
}

// PutCustomer implements tables.CustomerChanger.
func (x changer) PutCustomer(ctx context.Context, before, after ledger.Customer) error {
	return x.t.putCustomer(ctx, before, after)
}

// RetryKYC implements ledger.Verification.
func (l *Ledger) RetryKYC(ctx context.Context, serviceID string, was, now int) error {
	if !ledger.ValidToken(serviceID) {
		return fmt.Errorf("%s: %w", l.address.text, ledger.ErrForm)
	}
	return l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error { return t.RetryKYC(ctx, serviceID, was, now, t.isAgain) })
}
