package ledger

import (
	"context"
	"fmt"
)

var _ Verification = (*Memory)(nil)

// ObserveKYC implements Verification.
func (m *Memory) ObserveKYC(ctx context.Context, events []KYCEvent) (news int, err error) {
	err = m.write(ctx, func() error {
		for _, e := range events {
			e.At = tidy(e.At)
			before := m.kyc[e.ServiceID]
			after, changed := before.After(e)
			if !changed {
				continue
			}
			m.kyc[e.ServiceID] = after
			if after.Status != before.Status || e.URL != "" {
				news++
			}
			for _, p := range m.customers {
				if c, linked := p.WithLink(e); linked && e.ServiceID == p.ServiceID {
					m.store(c)
				}
			}
		}
		return nil
	})
	return news, err
}

// RetryKYC implements Verification.
func (m *Memory) RetryKYC(ctx context.Context, serviceID string, was, now int) error {
	return m.write(ctx, func() error {
		k := m.kyc[serviceID]
		if k.Retries != was {
			return fmt.Errorf("ledger in memory: %w", ErrRetried)
		}
		k.Retries, k.RetryOpen = now, now > was
		m.kyc[serviceID] = k
		return nil
	})
}
