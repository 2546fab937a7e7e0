package tables

import (
	"context"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// CustomerChanger changes customers within a transaction.
type CustomerChanger interface {
	// LockCustomers reads customers that are about to be changed, without their attempts.
	LockCustomers(ctx context.Context, ids []int64) (map[int64]ledger.Customer, error)
	PutCustomer(ctx context.Context, before, after ledger.Customer) error
}

// PutKYC writes what is known of an identity check.
func (c Writer) PutKYC(ctx context.Context, serviceID string, k ledger.KYC) error {
	return c.Exec(ctx, `INSERT INTO kyc (service_id, status, since_us, seen_us, retries, retry_count, retry_open, reasons, denied_us, linked_us, resubmitted_us)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (service_id) DO UPDATE SET status = excluded.status, since_us = excluded.since_us, seen_us = excluded.seen_us,
			retries = excluded.retries, retry_count = excluded.retry_count, retry_open = excluded.retry_open, reasons = excluded.reasons,
			denied_us = excluded.denied_us, linked_us = excluded.linked_us, resubmitted_us = excluded.resubmitted_us`,
		serviceID, string(k.Status), Micros(k.At), Micros(k.Seen), k.Retries, k.RetryCount, k.RetryOpen,
		strings.Join(k.Reasons, "\n"), Micros(k.Denied), Micros(k.Linked), Micros(k.Resubmitted))
}

// ObserveKYC records events, and returns how many brought another status or a link. It
// runs within the caller's transaction.
func (c Writer) ObserveKYC(ctx context.Context, customers CustomerChanger, events []ledger.KYCEvent) (news int, err error) {
	for _, e := range events {
		isNews, err := c.observeEvent(ctx, customers, e)
		if err != nil {
			return 0, err
		}
		if isNews {
			news++
		}
	}
	return news, nil
}

func (c Writer) observeEvent(ctx context.Context, customers CustomerChanger, e ledger.KYCEvent) (isNews bool, err error) {
	e.At = ledger.TruncateTime(e.At)
	before, err := c.KYCOf(ctx, e.ServiceID)
	if err != nil {
		return false, err
	}
	after, isChanged := before.After(e)
	after, isLinked, err := c.putLink(ctx, customers, after, e)
	if err == nil && (isChanged || isLinked) {
		err = c.PutKYC(ctx, e.ServiceID, after)
	}
	return isLinked || after.Status != before.Status, err
}

// putLink gives a link that came with an event to the user's customer, and reports
// whether it was accepted.
func (c Writer) putLink(ctx context.Context, customers CustomerChanger, k ledger.KYC, e ledger.KYCEvent) (ledger.KYC, bool, error) {
	if e.URL == "" || e.ServiceID == "" {
		return k, false, nil
	}
	ids, err := c.QueryIDs(ctx, "SELECT id FROM customer WHERE service_mark <> 0 AND service_mark = ? AND service_id = ? ORDER BY id", Mark(e.ServiceID), e.ServiceID)
	if err != nil {
		return k, false, err
	}
	found, err := customers.LockCustomers(ctx, ids)
	isLinked := false
	for _, id := range ids {
		before := found[id]
		newer, after, accepted := k.WithLink(before, e)
		if err != nil || !accepted {
			continue
		}
		k, isLinked = newer, true
		err = customers.PutCustomer(ctx, before, after)
	}
	return k, isLinked, err
}

// RetryKYC changes how often an identity check was begun again. isAgain says that the
// same call may have done so already.
func (c Writer) RetryKYC(ctx context.Context, serviceID string, was, now int, isAgain bool) error {
	k, err := c.KYCOf(ctx, serviceID)
	if err != nil || isAgain && k.Retries == now {
		return err
	}
	if k.Retries != was {
		return ledger.ErrRetried
	}
	k.Retries, k.RetryOpen = now, now > was
	return c.PutKYC(ctx, serviceID, k)
}
