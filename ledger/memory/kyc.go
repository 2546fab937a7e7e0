package memory

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
)

var _ ledger.Verification = (*Ledger)(nil)

// ObserveKYC implements Verification.
func (m *Ledger) ObserveKYC(ctx context.Context, events []ledger.KYCEvent) (news int, err error) {
	err = m.withWriteLock(ctx, func() error {
		for _, e := range events {
			e.At = ledger.TruncateTime(e.At)
			before := m.kyc[e.ServiceID]
			after, changed := before.After(e)
			linked := false
			for _, p := range m.customers {
				if k, c, ok := after.WithLink(*p, e); ok {
					after, linked = k, true
					m.storeCustomer(c)
				}
			}
			if changed || linked {
				m.kyc[e.ServiceID] = after
			}
			if linked || after.Status != before.Status {
				news++
			}
		}
		return nil
	})
	return news, err
}

// RetryKYC implements Verification.
func (m *Ledger) RetryKYC(ctx context.Context, serviceID string, was, now int) error {
	if !ledger.ValidToken(serviceID) {
		return fmt.Errorf("ledger in memory: %w", ledger.ErrForm)
	}
	return m.withWriteLock(ctx, func() error {
		k := m.kyc[serviceID]
		if k.Retries != was {
			return fmt.Errorf("ledger in memory: %w", ledger.ErrRetried)
		}
		k.Retries, k.RetryOpen = now, now > was
		m.kyc[serviceID] = k
		return nil
	})
}
