package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// putKYC writes what is known of an identity check.
func (t *tx) putKYC(ctx context.Context, serviceID string, k ledger.KYC) error {
	return t.Exec(ctx, `INSERT INTO kyc (service_id, status, since_us, seen_us, retries, retry_count, retry_open, reasons, denied_us, linked_us, resubmitted_us)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (service_id) DO UPDATE SET status = excluded.status, since_us = excluded.since_us, seen_us = excluded.seen_us,
			retries = excluded.retries, retry_count = excluded.retry_count, retry_open = excluded.retry_open, reasons = excluded.reasons,
			denied_us = excluded.denied_us, linked_us = excluded.linked_us, resubmitted_us = excluded.resubmitted_us`,
		serviceID, string(k.Status), tables.Micros(k.At), tables.Micros(k.Seen), k.Retries, k.RetryCount, k.RetryOpen,
		strings.Join(k.Reasons, "\n"), tables.Micros(k.Denied), tables.Micros(k.Linked), tables.Micros(k.Resubmitted))
}

// ObserveKYC implements ledger.Verification. The ledger's row, which every such call
// holds, keeps two processes from judging one user by different events.
func (l *Ledger) ObserveKYC(ctx context.Context, events []ledger.KYCEvent) (news int, err error) {
	if len(events) == 0 {
		return 0, nil
	}
	err = l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error {
		news = 0
		for _, e := range events {
			isNews, err := t.observeEvent(ctx, e)
			if err != nil {
				return err
			}
			if isNews {
				news++
			}
		}
		return nil
	})
	return news, err
}

// observeEvent records one event, and reports whether it brought another status or a link.
func (t *tx) observeEvent(ctx context.Context, e ledger.KYCEvent) (bool, error) {
	e.At = ledger.TruncateTime(e.At)
	before, err := t.KYCOf(ctx, e.ServiceID)
	if err != nil {
		return false, err
	}
	after, isChanged := before.After(e)
	after, isLinked, err := t.putLink(ctx, after, e)
	if err == nil && (isChanged || isLinked) {
		err = t.putKYC(ctx, e.ServiceID, after)
	}
	return isLinked || after.Status != before.Status, err
}

// putLink gives a link that came with an event to the user's customer, and reports
// whether it was accepted.
func (t *tx) putLink(ctx context.Context, k ledger.KYC, e ledger.KYCEvent) (ledger.KYC, bool, error) {
	if e.URL == "" || e.ServiceID == "" {
		return k, false, nil
	}
	ids, err := t.QueryIDs(ctx, "SELECT id FROM customer WHERE service_mark <> 0 AND service_mark = ? AND service_id = ? ORDER BY id", tables.Mark(e.ServiceID), e.ServiceID)
	if err != nil {
		return k, false, err
	}
	customers, err := t.lockCustomers(ctx, ids)
	isLinked := false
	for _, id := range ids {
		before := customers[id]
		newer, after, accepted := k.WithLink(before, e)
		if err != nil || !accepted {
			continue
		}
		k, isLinked = newer, true
		err = t.putCustomer(ctx, before, after)
	}
	return k, isLinked, err
}

// RetryKYC implements ledger.Verification.
func (l *Ledger) RetryKYC(ctx context.Context, serviceID string, was, now int) error {
	if !ledger.ValidToken(serviceID) {
		return fmt.Errorf("%s: %w", l.address.text, ledger.ErrForm)
	}
	return l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error {
		k, err := t.KYCOf(ctx, serviceID)
		if err != nil {
			return err
		}
		if t.isAgain && k.Retries == now {
			return nil // by the try before
		}
		if k.Retries != was {
			return ledger.ErrRetried
		}
		k.Retries, k.RetryOpen = now, now > was
		return t.putKYC(ctx, serviceID, k)
	})
}
