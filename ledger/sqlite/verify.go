package sqlite

import (
	"context"
	"errors"
	"fmt"
)

// Verify checks the file in full and that the state of every customer follows
// from its attempts. What it finds names customers by number only; nothing
// found gives an empty list. It goes beside a run and may take minutes.
func (l *Ledger) Verify(ctx context.Context) ([]string, error) {
	v, end, err := l.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	found, err := v.check(ctx, "integrity_check")
	if err != nil {
		return nil, l.sick(err)
	}
	more, err := l.verifyCustomers(ctx, v)
	if err != nil {
		return nil, l.sick(err)
	}
	found = append(found, more...)
	for _, id := range v.under.customers() {
		if _, err := v.customers(ctx, []int64{id}, nil); errors.Is(err, errChunk) {
			found = append(found, fmt.Sprintf("customer %d: its request under way was intended for another state of it", id))
		} else if err != nil {
			return nil, l.sick(err)
		}
	}
	more, err = l.verifyRows(ctx, v)
	return append(found, more...), l.sick(err)
}

// verifyRows reads every row and checks that it leads to its customer.
func (l *Ledger) verifyRows(ctx context.Context, v *view) (found []string, err error) {
	batches, err := v.batches(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range batches {
		n := 0
		for next := chunkID(b.ID, 0); ; {
			id, rows, err := v.nextChunk(ctx, next, chunkID(b.ID+1, 0)-1)
			if err != nil {
				return append(found, fmt.Sprintf("batch %d: the rows from %d on cannot be read", b.ID, next&0xffffffff)), nil
			}
			if len(rows) == 0 {
				break
			}
			next, n = id+1, n+len(rows)
			wrong, err := l.strayRows(ctx, v, rows)
			if err != nil {
				return found, err
			}
			for _, ordinal := range wrong {
				found = append(found, fmt.Sprintf("batch %d: row %d does not lead to the customer of its e-mail", b.ID, ordinal))
			}
		}
		if n != b.Rows {
			found = append(found, fmt.Sprintf("batch %d: %d rows of %d are there", b.ID, n, b.Rows))
		}
	}
	return found, nil
}

func (l *Ledger) strayRows(ctx context.Context, v *view, rows []packed) (wrong []int, err error) {
	plain := make([]packed, len(rows))
	for i := range rows {
		plain[i].Identity = rows[i].Identity
	}
	ids, err := l.owners(ctx, v, plain)
	for i := range rows {
		if c := rows[i].customer; !rows[i].erased && (c != 0 && c != ids[i] || rows[i].Claims && c == 0) {
			wrong = append(wrong, rows[i].Ordinal)
		}
	}
	return wrong, err
}
