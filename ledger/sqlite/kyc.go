package sqlite

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
)

var _ ledger.Verification = (*Ledger)(nil)

// ObserveKYC implements ledger.Verification.
func (l *Ledger) ObserveKYC(ctx context.Context, events []ledger.KYCEvent) (news int, err error) {
	if len(events) == 0 {
		return 0, nil
	}
	err = l.write(ctx, func(ctx context.Context, c *conn) (err error) {
		news, err = c.Writer().ObserveKYC(ctx, changer{c}, events)
		return err
	})
	return news, err
}

// changer changes customers within a transaction.
type changer struct{ c *conn }

// LockCustomers implements tables.CustomerChanger. The transaction holds the whole file.
func (x changer) LockCustomers(ctx context.Context, ids []int64) (map[int64]ledger.Customer, error) {
	return x.c.CustomersByID(ctx, ids)
}

// PutCustomer implements tables.CustomerChanger.
func (x changer) PutCustomer(ctx context.Context, before, after ledger.Customer) error {
	return x.c.putCustomer(ctx, &before, &after)
}

// RetryKYC implements ledger.Verification.
func (l *Ledger) RetryKYC(ctx context.Context, serviceID string, was, now int) error {
	if !ledger.ValidToken(serviceID) {
		return fmt.Errorf("%s: %w", l.path, ledger.ErrForm)
	}
	return l.write(ctx, func(ctx context.Context, c *conn) error { return c.Writer().RetryKYC(ctx, serviceID, was, now, false) })
}
