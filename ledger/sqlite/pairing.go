package sqlite

import (
	"context"
	"database/sql"
	"hash/fnv"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// NotePairings stores what the partner's list says; see ledger.Pairings.
func (l *Ledger) NotePairings(ctx context.Context, notes []ledger.PairingNote) error {
	if len(notes) == 0 {
		return nil
	}
	return l.write(ctx, func(ctx context.Context) error {
		ids := make([]int64, len(notes))
		for i, n := range notes {
			ids[i] = n.Customer
		}
		people, err := l.w.customers(ctx, ids, nil)
		if err != nil {
			return err
		}
		for i, n := range notes {
			c, ok := ledger.Paired(people[i], n)
			if !ok {
				continue
			}
			if err := l.w.do(ctx, "UPDATE customers SET pairing = ? WHERE id = ?", string(c.Pairing), c.ID); err != nil {
				return err
			}
			l.w.changed = true
		}
		return nil
	})
}

// near yields the customers that are nearest to an attempt; see ledger.Near.
func (v *view) near(ctx context.Context, q ledger.Query, yield func(ledger.Customer, error) bool) error {
	text := "SELECT id FROM customers WHERE attempt < ? AND attempt > 0 AND status IN ('created', 'link_missing') ORDER BY attempt DESC LIMIT ?"
	if q.Near.After {
		text = "SELECT id FROM customers WHERE attempt > ? AND status IN ('created', 'link_missing') ORDER BY attempt LIMIT ?"
	}
	var ids []int64
	err := v.each(ctx, text, []any{q.Near.Attempt, q.Near.N}, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		if v.under[id] == nil { // a request is under way that takes its user away
			ids = append(ids, id)
		}
		return err
	})
	if err != nil {
		return err
	}
	var want func(*ledger.Customer) bool
	if q.History {
		want = always
	}
	all, err := v.customers(ctx, ids, want)
	if err == nil {
		err = v.withKYC(ctx, all)
	}
	if err != nil {
		return err
	}
	for _, c := range all {
		if !yield(c, nil) {
			return nil
		}
	}
	return nil
}

// byLink finds the customers that may have one of these links.
func (v *view) byLink(ctx context.Context, urls []string) (ids []int64, err error) {
	ask := make([]any, len(urls))
	for i, u := range urls {
		ask[i] = linkDigest(u)
	}
	err = v.eachOf(ctx, "SELECT id FROM customers WHERE link <> 0 AND link IN ", ask, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// linkDigest is what links are found by; two links may have the same. 0 is no link.
func linkDigest(url string) int64 {
	if url == "" {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(url)) // never fails
	return int64(h.Sum64() | 1)
}
