package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
)

var _ ledger.Verification = (*Ledger)(nil)

const kycColumns = "service_id, status, at, seen, retries, retry_open, reasons, denied, linked, resubmitted, retry_count"

// ObserveKYC records news of identity checks; see ledger.Verification.
func (l *Ledger) ObserveKYC(ctx context.Context, events []ledger.KYCEvent) (news int, err error) {
	if len(events) == 0 {
		return 0, nil
	}
	err = l.write(ctx, func(ctx context.Context) error {
		news = 0
		ids := make([]string, len(events))
		for i, e := range events {
			ids[i] = e.ServiceID
		}
		known, err := l.w.kyc(ctx, ids)
		if err != nil {
			return err
		}
		for _, e := range events {
			e.At = plain(e.At)
			before := known[e.ServiceID]
			after, changed := before.After(e)
			after, linked, err := l.putLink(ctx, after, e)
			if err != nil {
				return err
			}
			if !changed && !linked {
				continue
			}
			known[e.ServiceID] = after
			if linked || after.Status != before.Status {
				news++
			}
			if err := l.w.putKYC(ctx, e.ServiceID, after); err != nil {
				return err
			}
		}
		return nil
	})
	return news, err
}

// putLink gives a link that came with an event to the customer, and reports whether
// it was taken.
func (l *Ledger) putLink(ctx context.Context, k ledger.KYC, e ledger.KYCEvent) (ledger.KYC, bool, error) {
	if e.URL == "" {
		return k, false, nil
	}
	of := []string{e.ServiceID}
	ids, err := l.byService(ctx, look{l.w, l.late.having(of)}, of)
	if err != nil {
		return k, false, err
	}
	w, err := l.w.forWriting(ctx, ids)
	if err != nil {
		return k, false, err
	}
	linked := false
	err = l.put(ctx, w.only(func(c *ledger.Customer) bool {
		var ok bool
		if k, *c, ok = k.WithLink(*c, e); ok {
			linked = true
		}
		return ok
	}))
	return k, linked, err
}

// RetryKYC counts a retry; see ledger.Verification.
func (l *Ledger) RetryKYC(ctx context.Context, serviceID string, was, now int) error {
	if !ledger.ValidToken(serviceID) {
		return fmt.Errorf("%s: %w", l.path, ledger.ErrForm)
	}
	return l.write(ctx, func(ctx context.Context) error {
		known, err := l.w.kyc(ctx, []string{serviceID})
		if err != nil {
			return err
		}
		k := known[serviceID]
		if k.Retries != was {
			return ledger.ErrRetried
		}
		k.Retries, k.RetryOpen = now, now > was
		return l.w.putKYC(ctx, serviceID, k)
	})
}

// kyc reads what is known of users' identity checks.
func (v *view) kyc(ctx context.Context, serviceIDs []string) (map[string]ledger.KYC, error) {
	list := make([]any, 0, len(serviceIDs))
	for _, id := range serviceIDs {
		if id != "" {
			list = append(list, id)
		}
	}
	known := make(map[string]ledger.KYC, len(list))
	err := v.eachOf(ctx, "SELECT "+kycColumns+" FROM kyc WHERE service_id IN ", list, func(r *sql.Rows) error {
		var id string
		var k ledger.KYC
		var reasons string
		var at, seen, denied, linked, resubmitted int64
		err := r.Scan(&id, (*string)(&k.Status), &at, &seen, &k.Retries, &k.RetryOpen, &reasons, &denied, &linked, &resubmitted, &k.RetryCount)
		k.At, k.Seen = moment(at), moment(seen)
		k.Denied, k.Linked, k.Resubmitted = moment(denied), moment(linked), moment(resubmitted)
		if reasons != "" {
			k.Reasons = strings.Split(reasons, "\n") // a reason is one line
		}
		known[id] = k
		return err
	})
	return known, err
}

func (v *view) putKYC(ctx context.Context, serviceID string, k ledger.KYC) error {
	return v.do(ctx, "INSERT OR REPLACE INTO kyc ("+kycColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		serviceID, string(k.Status), stamp(k.At), stamp(k.Seen), k.Retries, k.RetryOpen, strings.Join(k.Reasons, "\n"),
		stamp(k.Denied), stamp(k.Linked), stamp(k.Resubmitted), k.RetryCount)
}

// withKYC fills in what is known of the customers' identity checks.
func (v *view) withKYC(ctx context.Context, all []ledger.Customer) error {
	var ids []string
	for _, c := range all {
		if c.ServiceID != "" {
			ids = append(ids, c.ServiceID)
		}
	}
	known, err := v.kyc(ctx, ids)
	for i := range all {
		all[i].KYC = known[all[i].ServiceID]
	}
	return err
}

// forgetKYC erases what is known of a customer's identity checks, also of
// users that were deleted. The customer is given with its attempts.
func (v *view) forgetKYC(ctx context.Context, c *ledger.Customer) error {
	ids := []any{c.ServiceID}
	for _, a := range c.History {
		ids = append(ids, a.Removes)
	}
	return v.eachOf(ctx, "DELETE FROM kyc WHERE service_id IN ", ids, func(*sql.Rows) error { return nil })
}

// HasKYC reports whether anything was heard of the identity check of a user of
// a batch, 0 = of anybody. Without any news at all it takes no time; else it
// reads the batch.
func (l *Ledger) HasKYC(ctx context.Context, batch int64) (bool, error) {
	v, end, err := l.snapshot(ctx)
	if err != nil {
		return false, err
	}
	defer end()
	var any bool
	if err := v.one(ctx, "SELECT EXISTS (SELECT 1 FROM kyc WHERE status <> '')", nil, &any); err != nil || !any || batch == 0 {
		return any, l.sick(err)
	}
	in, err := v.claimed(ctx, batch)
	if err != nil {
		return false, l.sick(err)
	}
	found := errors.New("found")
	err = v.each(ctx, "SELECT id FROM kyc JOIN customers USING (service_id) WHERE service_id <> '' AND kyc.status <> ''",
		nil, func(r *sql.Rows) error {
			var id int64
			if err := r.Scan(&id); err != nil || !in.has(id) {
				return err
			}
			return found
		})
	if errors.Is(err, found) {
		return true, nil
	}
	return false, l.sick(err)
}
