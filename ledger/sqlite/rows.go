package sqlite

import (
	"context"
	"database/sql"
	"errors"
)

// chunkCache keeps the chunks read last: rows are asked for mostly in order.
type chunkCache struct {
	held [4]struct {
		id   int64
		rows []packed
	}
	next int
}

func (c *chunkCache) forget() { *c = chunkCache{} }

// chunkID is the key of the chunk that begins with a row.
func chunkID(batch int64, first int) int64 { return batch<<32 | int64(first) }

// rowAt reads one row of a batch, nil if it is not kept.
func (v *view) rowAt(ctx context.Context, batch int64, ordinal int) (*packed, error) {
	first := ordinal - ordinal%chunkRows
	rows, err := v.chunk(ctx, chunkID(batch, first))
	if err != nil || ordinal-first >= len(rows) {
		return nil, err
	}
	return &rows[ordinal-first], nil
}

// chunk reads a chunk by its key; nil if there is none.
func (v *view) chunk(ctx context.Context, id int64) ([]packed, error) {
	for i := range v.chunks.held {
		if h := &v.chunks.held[i]; h.id == id && h.rows != nil {
			return h.rows, nil
		}
	}
	var data []byte
	err := v.one(ctx, "SELECT data FROM chunks WHERE id = ?", []any{id}, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := unpack(data, int(id&0xffffffff))
	if err != nil {
		return nil, err
	}
	h := &v.chunks.held[v.chunks.next]
	h.id, h.rows = id, rows
	v.chunks.next = (v.chunks.next + 1) % len(v.chunks.held)
	return rows, nil
}

// nextChunk reads the first chunk with a key from id to last; nil rows if there is none.
func (v *view) nextChunk(ctx context.Context, id, last int64) (int64, []packed, error) {
	var found int64
	var data []byte
	err := v.one(ctx, "SELECT id, data FROM chunks WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1", []any{id, last}, &found, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	rows, err := unpack(data, int(found&0xffffffff))
	return found, rows, err
}
