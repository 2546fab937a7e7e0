package sqlite

import (
	"context"
	"fmt"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

var _ ledger.Verification = (*Ledger)(nil)

func (c *conn) putKYC(ctx context.Context, serviceID string, k ledger.KYC) error {
	return c.Exec(ctx, `INSERT OR REPLACE INTO kyc (service_id, status, since_us, seen_us, retries, retry_count, retry_open, reasons, denied_us, linked_us, resubmitted_us)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, serviceID, string(k.Status), tables.Micros(k.At), tables.Micros(k.Seen), k.Retries, k.RetryCount, k.RetryOpen,
		strings.Join(k.Reasons, "\n"), tables.Micros(k.Denied), tables.Micros(k.Linked), tables.Micros(k.Resubmitted))
}

// ObserveKYC implements ledger.Verification.
func (l *Ledger) ObserveKYC(ctx context.Context, events []ledger.KYCEvent) (news int, err error) {
	if len(events) == 0 {
		return 0, nil
	}
	err = l.write(ctx, func(ctx context.Context, c *conn) error {
		news = 0
		for _, e := range events {
			isNews, err := c.observeKYC(ctx, e)
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

// observeKYC records one event, and reports whether it brought another status or a link.
func (c *conn) observeKYC(ctx context.Context, e ledger.KYCEvent) (bool, error) {
	e.At = ledger.TruncateTime(e.At)
	before, err := c.KYCOf(ctx, e.ServiceID)
	if err != nil {
		return false, err
	}
	after, isChanged := before.After(e)
	after, isLinked, err := c.putLink(ctx, after, e)
	if err == nil && (isChanged || isLinked) {
		err = c.putKYC(ctx, e.ServiceID, after)
	}
	return isLinked || after.Status != before.Status, err
}

// putLink gives a link that came with an event to the user's customer, and reports
// whether it was accepted.
func (c *conn) putLink(ctx context.Context, k ledger.KYC, e ledger.KYCEvent) (ledger.KYC, bool, error) {
	if e.URL == "" || e.ServiceID == "" {
		return k, false, nil
	}
	ids, err := c.QueryIDs(ctx, "SELECT id FROM customer WHERE service_mark <> 0 AND service_mark = ? AND service_id = ? ORDER BY id", tables.Mark(e.ServiceID), e.ServiceID)
	if err != nil {
		return k, false, err
	}
	customers, err := c.CustomersByID(ctx, ids)
	isLinked := false
	for _, id := range ids {
		before := customers[id]
		newer, after, accepted := k.WithLink(before, e)
		if err != nil || !accepted {
			continue
		}
		k, isLinked = newer, true
		err = c.putCustomer(ctx, &before, &after)
	}
	return k, isLinked, err
}

// RetryKYC implements ledger.Verification.
func (l *Ledger) RetryKYC(ctx context.Context, serviceID string, was, now int) error {
	if !ledger.ValidToken(serviceID) {
		return fmt.Errorf("%s: %w", l.path, ledger.ErrForm)
	}
	return l.write(ctx, func(ctx context.Context, c *conn) error {
		k, err := c.KYCOf(ctx, serviceID)
		if err != nil {
			return err
		}
		if k.Retries != was {
			return ledger.ErrRetried
		}
		k.Retries, k.RetryOpen = now, now > was
		return c.putKYC(ctx, serviceID, k)
	})
}

// HasKYC reports whether any identity check of a user of a batch is known, 0 = of
// any user at all.
func (l *Ledger) HasKYC(ctx context.Context, batch int64) (bool, error) {
	return read(ctx, l, func(c *conn) (bool, error) { return c.HasKYC(ctx, batch) })
}
