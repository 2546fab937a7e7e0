package sqlite

import (
	"context"
	"database/sql"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// pageSize is how many customers are read at a time.
const pageSize = 256

// Customers yields customers; see ledger.Reader.
func (l *Ledger) Customers(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Customer, error] {
	return func(yield func(ledger.Customer, error) bool) {
		switch nobody, err := l.nobodyHas(ctx, q); {
		case err != nil:
			yield(ledger.Customer{}, l.sick(err))
			return
		case nobody:
			return
		}
		in, end, err := l.lookFor(ctx, q)
		if err != nil {
			yield(ledger.Customer{}, err)
			return
		}
		defer end()
		if q.Near != nil {
			if err := in.near(ctx, q, yield); err != nil {
				yield(ledger.Customer{}, l.sick(err))
			}
			return
		}
		stopped, err := l.query(ctx, in, q, func(c ledger.Customer) bool { return yield(c, nil) })
		if err != nil && !stopped {
			yield(ledger.Customer{}, l.sick(err))
		}
	}
}

// look is where a query finds customers: as of a view, and those that waited to
// be indexed before it.
type look struct {
	*view
	waiting []int64
}

// lookFor begins a look, which ends with end.
func (l *Ledger) lookFor(ctx context.Context, q ledger.Query) (in look, end func(), err error) {
	in.waiting = l.late.having(q.ServiceIDs)
	in.view, end, err = l.snapshot(ctx)
	return in, end, err
}

func (l *Ledger) query(ctx context.Context, v look, q ledger.Query, yield func(ledger.Customer) bool) (stopped bool, err error) {
	var in, out bitmap
	if q.Newest > 0 && len(q.Status) == 0 {
		q.Status = []ledger.Status{ledger.Created, ledger.LinkMissing}
	}
	page, err := l.pages(ctx, v, q)
	if err != nil {
		return false, err
	}
	for left, first := q.Newest, true; ; first = false {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		ids, err := page()
		if err != nil || len(ids) == 0 {
			return false, err
		}
		if first { // all rows of a batch are read for it: not if nobody is asked about
			if in, err = v.claimed(ctx, q.Batch); err == nil {
				out, err = v.claimed(ctx, q.NotBatch)
			}
			if err != nil {
				return false, err
			}
		}
		ids = slices.DeleteFunc(ids, func(id int64) bool { return q.Batch != 0 && !in.has(id) || q.NotBatch != 0 && out.has(id) })
		var want func(*ledger.Customer) bool
		if q.History {
			want = always
		}
		all, err := v.customers(ctx, ids, want)
		if err != nil {
			return false, err
		}
		all = slices.DeleteFunc(all, func(c ledger.Customer) bool {
			return c.ID == 0 || len(q.Status) > 0 && !slices.Contains(q.Status, c.Status) ||
				q.Newest > 0 && c.Decided.IsZero() || len(q.IDs) > 0 && !slices.Contains(q.IDs, c.ID) || len(q.ServiceIDs) > 0 && !slices.Contains(q.ServiceIDs, c.ServiceID) ||
				len(q.URLs) > 0 && !slices.Contains(q.URLs, c.URL) || q.Pairing != ledger.NotPaired && c.Pairing != q.Pairing
		})
		if err := v.withKYC(ctx, all); err != nil {
			return false, err
		}
		for _, c := range all {
			if !yield(c) {
				return true, nil
			}
			if left--; left == 0 {
				return false, nil
			}
		}
	}
}

// nobodyHas reports that a query by serviceId alone finds no one. A run asks
// that of every answer, before it records it; the writing connection, whose
// pages are still in its memory, knows it ten times sooner than a reading one,
// and a commit under way is soon over. A check pass is not: no reader waits for
// one, and it says false.
func (l *Ledger) nobodyHas(ctx context.Context, q ledger.Query) (bool, error) {
	if l.late == nil || len(q.ServiceIDs) == 0 || len(q.IDs) > 0 || len(q.Identities) > 0 || l.checking.Load() > 0 {
		return false, nil
	}
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer l.leave()
	if l.failed != nil {
		return false, nil // a ledger that cannot be written any more can be read
	}
	ask := q.ServiceIDs
	if version, err := l.w.dataVersion(ctx); err != nil {
		return false, err
	} else if version == l.version {
		ask = slices.DeleteFunc(slices.Clone(ask), l.late.nobody)
	}
	ids, err := l.byService(ctx, look{l.w, l.late.having(ask)}, ask)
	return len(ids) == 0, err
}

// pages yields candidates by the narrowest index there is, a page at a time,
// in the order asked for. An empty page ends it.
func (l *Ledger) pages(ctx context.Context, v look, q ledger.Query) (func() ([]int64, error), error) {
	if ids, ok, err := l.named(ctx, v, q); ok || err != nil {
		if q.Newest > 0 {
			return v.newest(ctx, q.Status, ids), err
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
		return func() ([]int64, error) {
			n := min(pageSize, len(ids))
			page := slices.Clone(ids[:n])
			ids = ids[n:]
			return page, nil
		}, err
	}
	if q.Newest > 0 {
		return v.newest(ctx, q.Status, nil), nil
	}
	var text string
	sent := !slices.Contains(q.Status, ledger.Pending) && len(q.Status) > 0
	switch {
	case sent && len(q.Status) == 1 && q.Status[0] == ledger.InDoubt:
		text = "SELECT id FROM customers WHERE status = 'in_doubt' AND id > ? AND id > ? ORDER BY id LIMIT 256"
	case sent:
		text = "SELECT id FROM customers WHERE id > ? AND id > ? AND status IN ('" + strings.Join(texts(q.Status), "','") + "') ORDER BY id LIMIT 256"
	default:
		text = `SELECT customer FROM (SELECT * FROM (SELECT customer FROM places WHERE customer > ? ORDER BY customer LIMIT 256)
			UNION SELECT * FROM (SELECT id FROM customers WHERE id > ? ORDER BY id LIMIT 256)) ORDER BY 1 LIMIT 256`
	}
	last, more := int64(0), v.under.customers()
	return func() (ids []int64, err error) {
		if ids, err = v.ids(ctx, text, last, last); err != nil {
			return nil, err
		}
		end := int64(math.MaxInt64)
		if len(ids) > 0 {
			end = ids[len(ids)-1]
		}
		if len(ids) < pageSize {
			end = math.MaxInt64
		}
		for len(more) > 0 && more[0] <= end {
			ids, more = append(ids, more[0]), more[1:]
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
		if len(ids) > 0 {
			last = ids[len(ids)-1]
		}
		return ids, nil
	}, nil
}

// customers are those under way, in the order of their ids: they are in doubt,
// whatever is written of them.
func (u underway) customers() []int64 { return slices.Sorted(maps.Keys(u)) }

// texts are the statuses that there are; others cannot be in the ledger.
func texts(all []ledger.Status) (out []string) {
	for _, s := range ledger.Statuses() {
		if slices.Contains(all, s) {
			out = append(out, string(s))
		}
	}
	return out
}

// named are the customers that a query names in one way or another.
func (l *Ledger) named(ctx context.Context, v look, q ledger.Query) (ids []int64, ok bool, err error) {
	switch {
	case len(q.Identities) > 0:
		found := map[keyed.Digest]int64{}
		var ask []keyed.Digest
		for _, text := range q.Identities {
			ask = append(ask, l.keys.Identity(text))
		}
		err = v.identities(ctx, ask, found)
		ids = []int64{}
		for _, id := range found {
			ids = append(ids, id)
		}
		return ids, true, err
	case len(q.IDs) > 0:
		return slices.Clone(q.IDs), true, nil
	case len(q.ServiceIDs) > 0:
		ids, err = l.byService(ctx, v, q.ServiceIDs)
		return ids, true, err
	case len(q.URLs) > 0:
		ids, err = v.byLink(ctx, q.URLs)
		return ids, true, err
	case q.Pairing == ledger.Unconfirmed:
		ids, err = v.ids(ctx, "SELECT id FROM customers WHERE pairing = 'unconfirmed' ORDER BY id")
		return ids, true, err
	}
	return nil, false, nil
}

func (v *view) ids(ctx context.Context, text string, args ...any) (ids []int64, err error) {
	err = v.each(ctx, text, args, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// newest pages through decided customers of some statuses, those sent last
// first; of ids only, if any.
func (v *view) newest(ctx context.Context, of []ledger.Status, only []int64) func() ([]int64, error) {
	text := "SELECT id, attempt FROM customers WHERE attempt <= ? AND (attempt < ? OR id < ?) AND decided <> 0 AND status IN ('" +
		strings.Join(texts(of), "','") + "') ORDER BY attempt DESC, id DESC LIMIT 256"
	attempt, id := int64(math.MaxInt64), int64(math.MaxInt64)
	return func() (ids []int64, err error) {
		for {
			more := false
			err = v.each(ctx, text, []any{attempt, attempt, id}, func(r *sql.Rows) error {
				more = true
				err := r.Scan(&id, &attempt)
				if only == nil || slices.Contains(only, id) {
					ids = append(ids, id)
				}
				return err
			})
			if err != nil || !more || len(ids) > 0 {
				return ids, err
			}
		}
	}
}

// bitmap is a set of customer ids.
type bitmap []uint64

func (b bitmap) has(id int64) bool { return id>>6 < int64(len(b)) && b[id>>6]&(1<<(id&63)) != 0 }

// claimed are the customers that rows of a batch claim.
func (v *view) claimed(ctx context.Context, batch int64) (bitmap, error) {
	if batch == 0 {
		return nil, nil
	}
	var b bitmap
	for next := chunkID(batch, 0); ; {
		id, rows, err := v.nextChunk(ctx, next, chunkID(batch+1, 0)-1)
		if err != nil || len(rows) == 0 {
			return b, err
		}
		next = id + 1
		for i := range rows {
			if c := rows[i].customer; rows[i].Claims && c > 0 {
				if c > 1<<34 {
					return nil, errChunk
				}
				for c>>6 >= int64(len(b)) {
					b = append(b, make([]uint64, max(1024, len(b)/2))...)
				}
				b[c>>6] |= 1 << (c & 63)
			}
		}
	}
}
