package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Lookup looks people up; see ledger.Registration.
func (r *registration) Lookup(ctx context.Context, s []ledger.LookupKey) ([]ledger.Match, error) {
	if r.over {
		return nil, fmt.Errorf("%s: the registration is over: %w", r.l.path, ledger.ErrConflict)
	}
	ctx = context.WithoutCancel(ctx)
	out, err := r.sight(ctx, s)
	if err != nil {
		return nil, r.stop(ctx, err)
	}
	return out, nil
}

func (r *registration) sight(ctx context.Context, s []ledger.LookupKey) (_ []ledger.Match, err error) {
	r.sighted, r.fields = r.sighted[:0], r.fields[:0]
	for i := range s {
		r.sighted = append(r.sighted, sighting{identity: s[i].Identity, digest: r.l.keys.Identity(s[i].Identity)})
	}
	if err := r.lookUp(ctx, r.sighted); err != nil {
		return nil, err
	}
	ids := make([]int64, len(s))
	for i := range r.sighted {
		ids[i] = r.sighted[i].customer
	}
	var customers []ledger.Customer
	if !r.empty {
		if customers, err = r.l.w.customers(ctx, ids, nil); err != nil {
			return nil, err
		}
		r.follow(customers)
	}
	out := make([]ledger.Match, len(s))
	for i := range s {
		k := &out[i]
		k.Claimed = -1
		if ordinal, ok := r.claimed(&r.sighted[i]); ok {
			k.Claimed = ordinal
		}
		if i < len(customers) && customers[i].ID != 0 {
			c := &customers[i]
			k.Customer, k.Forgot = c, c.Status == ledger.Forgotten
		}
		if k.Claimed < 0 && (s[i].Fields == nil || k.Forgot || k.Customer == nil) {
			continue
		}
		mine := ledger.Details(r.hashNow(&r.sighted[i], s[i].Fields))
		if k.Claimed < 0 {
			k.Differs = mine.Changed(k.Customer.Details)
			continue
		}
		row, err := r.row(ctx, k.Claimed)
		if err != nil {
			return nil, err
		}
		if row != nil {
			k.First = ledger.Position{File: row.File, Number: row.Number, Line: row.Line}
			k.Differs = mine.Changed(row.details)
		}
	}
	if !r.marks {
		return out, nil
	}
	return out, r.others(ctx, s, ids, out)
}

// hashNow hashes the fields of a row and keeps a copy of them, to know whether
// the row that is added has the same.
func (r *registration) hashNow(who *sighting, fields []string) []byte {
	at := len(r.fields)
	r.fields = append(r.fields, fields...)
	who.fields, who.details = r.fields[at:], r.l.keys.Details(fields, len(ledger.DetailFields()))
	return who.details
}

// follow begins a trail at the last of the people sighted that none led to.
func (r *registration) follow(customers []ledger.Customer) {
	for i := len(customers) - 1; i >= 0; i-- {
		if c := &customers[i]; r.sighted[i].asked && c.LastBatch != 0 && c.LastBatch != r.batch.ID {
			r.trails.begin(c.LastBatch, c.LastRow)
			return
		}
	}
}

// row is a row of this registration.
func (r *registration) row(ctx context.Context, ordinal int) (*packed, error) {
	if first := r.batch.Rows - len(r.waiting); ordinal >= first {
		return &r.waiting[ordinal-first], nil
	}
	return r.l.w.rowAt(ctx, r.batch.ID, ordinal)
}

// others finds who was onboarded under another e-mail with the same number or
// name. It is not asked for people who are onboarded: most of a list, mostly,
// and two look-ups each in an index without order.
func (r *registration) others(ctx context.Context, s []ledger.LookupKey, own []int64, out []ledger.Match) error {
	of := make([][2]int64, len(s)) // the marks of each by number and by name, 0 for none
	var list []any
	for i := range s {
		if c := out[i].Customer; c != nil && c.Status.Onboarded() {
			continue
		}
		of[i] = [2]int64{r.l.keys.Sender(s[i].SenderID), r.l.keys.Name(s[i].NameText)}
		for _, m := range of[i] {
			if m != 0 {
				list = append(list, m)
			}
		}
	}
	by := map[int64][]int64{}
	err := r.l.w.eachOf(ctx, "SELECT digest, customer FROM marks WHERE digest IN ", list, func(rows *sql.Rows) error {
		var m, id int64
		err := rows.Scan(&m, &id)
		by[m] = append(by[m], id)
		return err
	})
	if err != nil {
		return err
	}
	var ids []int64
	for i := range s {
		for _, m := range of[i] {
			for _, id := range by[m] {
				if id != own[i] {
					ids = append(ids, id)
				}
			}
		}
	}
	customers, err := r.l.w.customers(ctx, ids, nil)
	if err != nil {
		return err
	}
	onboarded := map[int64]*ledger.Customer{}
	for i := range customers {
		switch customers[i].Status {
		case ledger.Created, ledger.LinkMissing, ledger.InDoubt:
			onboarded[customers[i].ID] = &customers[i]
		}
	}
	pick := func(m, own int64) (best *ledger.Customer) {
		for _, id := range by[m] {
			if c := onboarded[id]; c != nil && id != own && (best == nil || c.ID < best.ID) {
				best = c
			}
		}
		return best
	}
	for i := range s {
		out[i].ByID, out[i].ByName = pick(of[i][0], own[i]), pick(of[i][1], own[i])
	}
	return nil
}
