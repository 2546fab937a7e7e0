package sqlite

import (
	"context"
	"slices"
)

// A list comes mostly in the order of last time. So when a person was found, the
// next one is likely to be the one of the next row of that time, and a
// comparison with its text takes the place of a look-up in an index without
// order, which is most of the cost of a row seen before.
//
// It is the answer that the look-up would give: an identity is given its
// customer once; a row that carries both got the customer from there; and
// Forget, which must come before an identity can have another customer, takes
// the text out of every row.

const (
	trailReach = 16 // rows before and after the expected one that are compared, too
	trailsHeld = 4  // places followed at a time: lists may be several in one
)

// trail is a place in a batch registered before, from where rows are compared.
type trail struct {
	batch int64
	first int // ordinal of rows[0]
	rows  []stood
	next  int  // index of the row expected next
	ended bool // no chunk follows rows
}

// stood is what a row says of an identity: its customer, 0 if it does not know.
type stood struct {
	identity string
	customer int64
}

// find looks for an identity about the row that is expected; 0 if it is not there.
func (t *trail) find(ctx context.Context, v *view, identity string) (int64, error) {
	if err := t.more(ctx, v); err != nil {
		return 0, err
	}
	for away := range trailReach {
		for _, at := range [2]int{t.next + away, t.next - 1 - away} {
			if at >= 0 && at < len(t.rows) && t.rows[at].customer != 0 && t.rows[at].identity == identity {
				t.next = at + 1
				return t.rows[at].customer, nil
			}
		}
	}
	return 0, nil
}

// more sees to it that the rows within reach are there, if there are any.
func (t *trail) more(ctx context.Context, v *view) error {
	for !t.ended && t.next+trailReach > len(t.rows) {
		at := t.first + len(t.rows)
		rows, err := v.chunk(ctx, chunkID(t.batch, at))
		if err != nil {
			return err
		}
		t.ended = len(rows) < chunkRows
		if past := t.next - trailReach; past > 0 {
			past = min(past, len(t.rows))
			t.rows = slices.Delete(t.rows, 0, past)
			t.first, t.next = t.first+past, t.next-past
		}
		for i := range rows {
			t.rows = append(t.rows, stood{rows[i].Identity, rows[i].customer})
		}
	}
	return nil
}

// trails are the places followed, the one that led to somebody last first. The
// zero value follows none.
type trails []trail

// find looks for an identity on all trails; 0 if it is on none.
func (ts trails) find(ctx context.Context, v *view, identity string) (int64, error) {
	for i := range ts {
		id, err := ts[i].find(ctx, v, identity)
		if err != nil {
			return 0, err
		}
		if id != 0 {
			for ; i > 0; i-- {
				ts[i], ts[i-1] = ts[i-1], ts[i]
			}
			return id, nil
		}
	}
	return 0, nil
}

// begin follows the rows after one of a batch, and gives up the trail that led
// nowhere for the longest time.
func (ts *trails) begin(batch int64, row int) {
	if len(*ts) == trailsHeld {
		*ts = (*ts)[:trailsHeld-1]
	}
	first := row - row%chunkRows
	*ts = slices.Insert(*ts, 0, trail{batch: batch, first: first, next: row + 1 - first})
}
