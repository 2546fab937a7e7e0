package sqlite

import (
	"context"
	"strings"
)

// lastRow says which row of the list under way is the last one of a customer.
type lastRow struct {
	customer int64
	row      int
}

// movedTogether is how many neighbours are moved with one statement at least.
const movedTogether = 4

// put writes the places of the chunk under way. People who were side by side in
// the list of last time mostly are again, and are moved at once.
func (r *registration) put(ctx context.Context) error {
	for from, to := 0, 0; from < len(r.moved); from = to {
		for to = from + 1; to < len(r.moved) && r.moved[to].customer-r.moved[from].customer == int64(to-from) &&
			r.moved[to].row-r.moved[from].row == to-from; to++ {
		}
		all, err := r.move(ctx, r.moved[from:to])
		if err != nil {
			return err
		}
		if all {
			continue
		}
		for _, p := range r.moved[from:to] {
			r.places = append(r.places, p.customer, r.batch.ID, p.row)
		}
	}
	r.moved = r.moved[:0]
	n := len(r.places) / 3
	if n == 0 {
		return nil
	}
	text := "INSERT INTO places VALUES (?,?,?)" + strings.Repeat(",(?,?,?)", n-1) +
		" ON CONFLICT (customer) DO UPDATE SET batch = excluded.batch, row = excluded.row"
	err := r.l.w.do(ctx, text, r.places...)
	r.places = r.places[:0]
	return err
}

// move moves customers with consecutive numbers to consecutive rows, and
// reports whether it did so with all: one who was forgotten has no place.
func (r *registration) move(ctx context.Context, all []lastRow) (bool, error) {
	if len(all) < movedTogether {
		return false, nil
	}
	n, err := r.l.w.count(ctx, "UPDATE places SET batch = ?, row = customer - ? WHERE customer BETWEEN ? AND ?",
		r.batch.ID, all[0].customer-int64(all[0].row), all[0].customer, all[len(all)-1].customer)
	return n == int64(len(all)), err
}
