package sqlite

import (
	"context"
	"database/sql"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// customers reads customers by id, parallel to the argument, with their attempts
// where want says so (nil: nowhere); one that is not in the ledger, or 0, gives a
// zero Customer.
func (v *view) customers(ctx context.Context, ids []int64, want func(*ledger.Customer) bool) ([]ledger.Customer, error) {
	return v.people(ctx, nil, ids, want, true)
}

// people is customers, in room if that is enough, with LastBatch and LastRow of
// those who were sent only if they are to be placed.
func (v *view) people(ctx context.Context, room []ledger.Customer, ids []int64, want func(*ledger.Customer) bool, placed bool) ([]ledger.Customer, error) {
	out := slices.Grow(room[:0], len(ids))[:len(ids)]
	clear(out)
	list := make([]int64, 0, len(ids)) // whom the file is asked for
	for i, id := range ids {
		if b := v.under[id]; b != nil && b.after != nil {
			out[i] = b.shown(want)
		} else if id != 0 {
			list = append(list, id)
		}
	}
	if len(list) == 0 {
		return out, nil
	}
	slices.Sort(list)
	list = slices.Compact(list)
	found := out // mostly the argument is all of them in order
	same := slices.Equal(list, ids)
	if !same {
		found = make([]ledger.Customer, len(list))
	}
	if err := v.find(ctx, list, found, want, placed); err != nil {
		return nil, err
	}
	for i, id := range list {
		if b := v.under[id]; b != nil {
			if err := b.apply(found[i]); err != nil {
				return nil, err
			}
			found[i] = b.shown(want)
		}
	}
	for i, id := range ids {
		if at, ok := slices.BinarySearch(list, id); ok && !same {
			out[i] = found[at]
		}
	}
	return out, nil
}

// find reads customers as the tables have them, whoever is under way; the list
// is sorted and found parallel to it.
func (v *view) find(ctx context.Context, list []int64, found []ledger.Customer, want func(*ledger.Customer) bool, placed bool) error {
	asked := want
	if len(v.under) > 0 { // what an intent makes of somebody begins with all there is
		asked = func(c *ledger.Customer) bool { return v.under[c.ID] != nil || want != nil && want(c) }
	}
	err := v.eachNear(ctx, "SELECT "+folderColumns+" FROM customers WHERE id ", list, func(r *sql.Rows) error {
		return scanFolder(r, func(id int64) *ledger.Customer {
			if at, asked := slices.BinarySearch(list, id); asked {
				return &found[at]
			}
			return nil
		}, asked)
	})
	if err != nil {
		return err
	}
	ask := list
	if !placed {
		ask = nil
		for i, id := range list {
			if !wasSent(&found[i]) {
				ask = append(ask, id)
			}
		}
	}
	var there []int // whose place is known
	err = v.eachNear(ctx, "SELECT customer, batch, row FROM places WHERE customer ", ask, func(r *sql.Rows) error {
		var id, batch int64
		var row int
		err := r.Scan(&id, &batch, &row)
		if at, asked := slices.BinarySearch(list, id); asked {
			found[at].LastBatch, found[at].LastRow = batch, row
			there = append(there, at)
		}
		return err
	})
	for _, at := range there {
		if err == nil {
			err = v.fromRow(ctx, list[at], &found[at])
		}
	}
	return err
}

// wasSent says that a customer is what was sent of it, not what its last row says.
func wasSent(c *ledger.Customer) bool { return c.Attempts > 0 || c.Status == ledger.Forgotten }

// fromRow completes a customer that was never sent by its last row.
func (v *view) fromRow(ctx context.Context, id int64, c *ledger.Customer) error {
	if wasSent(c) {
		return nil
	}
	row, err := v.rowAt(ctx, c.LastBatch, c.LastRow)
	switch {
	case err != nil:
		return err
	case row == nil && c.ID == 0:
		return errChunk // a place that points nowhere
	case row == nil:
		return nil
	}
	if c.ID == 0 {
		c.ID, c.Status = id, ledger.Pending
	}
	c.Identity, c.Email, c.FirstName, c.LastName, c.SenderID, c.Details = row.Identity, row.Email, row.FirstName, row.LastName, row.SenderID, row.details
	return nil
}

// identities looks digests up.
func (v *view) identities(ctx context.Context, digests []keyed.Digest, into map[keyed.Digest]int64) error {
	list := make([]any, len(digests))
	for i, d := range digests {
		list[i] = d[:]
	}
	return v.eachOf(ctx, "SELECT digest, customer FROM identities WHERE digest IN ", list, func(r *sql.Rows) error {
		var d []byte
		var id int64
		if err := r.Scan(&d, &id); err != nil {
			return err
		}
		if len(d) != len(keyed.Digest{}) {
			return errChunk
		}
		into[keyed.Digest(d)] = id
		return nil
	})
}
