package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// prunedMark begins the fingerprint of a batch that lost rows, so that the same
// input, met again, is read and checked like a new one.
const prunedMark = "pruned:"

// Pruned says what Prune took out of the ledger.
type Pruned struct {
	Batches int // whose row lists were shortened or dropped
	Rows    int
}

// Prune drops the row lists of inputs that none of the newest runs read, so
// that a ledger fed with a whole list every day stays bounded. Only runs with
// an input count. What happened to customers stays, with every attempt and link,
// and so does the last row of each, in records of some rows that are kept or
// dropped together: all customers are in a report still. Runs stay in the log.
//
// keep must be at least 1. It needs the lock.
func (l *Ledger) Prune(ctx context.Context, keep int) (Pruned, error) {
	var out Pruned
	if keep < 1 {
		return out, fmt.Errorf("the rows of at least one run must be kept")
	}
	if err := l.alone(); err != nil {
		return out, err
	}
	old, err := l.oldBatches(ctx, keep)
	if err != nil || len(old) == 0 {
		return out, err
	}
	err = l.write(ctx, func(ctx context.Context) error {
		out, l.w.changed = Pruned{}, true
		needed, err := l.w.neededChunks(ctx, old)
		if err != nil {
			return err
		}
		for _, b := range old {
			n, err := l.w.pruneBatch(ctx, b, needed)
			if err != nil {
				return err
			}
			if n > 0 {
				out.Batches++
				out.Rows += n
			}
		}
		l.w.chunks.forget()
		return nil
	})
	if err != nil {
		return Pruned{}, err
	}
	return out, nil
}

// oldBatches have rows, and none of the newest runs read them.
func (l *Ledger) oldBatches(ctx context.Context, keep int) ([]ledger.Batch, error) {
	v, end, err := l.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	recent := map[int64]bool{}
	err = v.each(ctx, "SELECT batch FROM runs WHERE batch <> 0 ORDER BY id DESC LIMIT ?", []any{keep}, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		recent[id] = true
		return err
	})
	if err != nil {
		return nil, l.sick(err)
	}
	all, err := v.batches(ctx)
	if err != nil {
		return nil, l.sick(err)
	}
	var old []ledger.Batch
	for i, b := range all {
		if i > 0 && b.Rows > 0 && !recent[b.ID] { // the newest input is reported without being named
			old = append(old, b)
		}
	}
	return old, nil
}

// neededChunks are the keys of the records that hold the last row of a customer.
func (v *view) neededChunks(ctx context.Context, old []ledger.Batch) (map[int64]bool, error) {
	ids := make([]string, len(old))
	for i, b := range old {
		ids[i] = fmt.Sprint(b.ID)
	}
	needed := map[int64]bool{}
	text := "SELECT DISTINCT batch, row / ? FROM places WHERE batch IN (" + strings.Join(ids, ",") + ")"
	rows, err := v.conn.QueryContext(ctx, text, chunkRows)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var batch, nth int64
		if err := rows.Scan(&batch, &nth); err != nil {
			return nil, err
		}
		needed[chunkID(batch, int(nth)*chunkRows)] = true
	}
	return needed, rows.Err()
}

// pruneBatch deletes the records of a batch that are not needed, and returns
// how many rows they held.
func (v *view) pruneBatch(ctx context.Context, b ledger.Batch, needed map[int64]bool) (gone int, err error) {
	var drop []any
	left := 0
	for next := chunkID(b.ID, 0); ; {
		id, rows, err := v.nextChunk(ctx, next, chunkID(b.ID+1, 0)-1)
		if err != nil {
			return 0, err
		}
		if len(rows) == 0 {
			break
		}
		next = id + 1
		if needed[id] {
			left += len(rows)
			continue
		}
		gone += len(rows)
		drop = append(drop, id)
	}
	if gone == 0 {
		return 0, nil
	}
	if err := v.eachOf(ctx, "DELETE FROM chunks WHERE id IN ", drop, func(*sql.Rows) error { return nil }); err != nil {
		return 0, err
	}
	return gone, v.do(ctx, "UPDATE batches SET rows = ?, fingerprint = ? WHERE id = ?", left, prunedMark+fmt.Sprint(b.ID), b.ID)
}

// IsPruned reports whether rows of a batch are no longer kept.
func IsPruned(b ledger.Batch) bool { return strings.HasPrefix(b.Fingerprint, prunedMark) }
