package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// begun is an intent of which nothing is recorded yet. It is kept in a packed
// record of its group, apart from attempts and customers: what a customer is
// while its request is under way follows from the two, by [ledger.Intended],
// and each customer is written once, when its answer is known, instead of
// twice.
type begun struct {
	attempt  int64
	customer int64
	group    *group
	pending  *ledger.Intent  // of a record that was read, and not applied yet
	opens    *ledger.Attempt // likewise
	after    ledger.Customer // the customer as the intent left it, with all its attempts; ID 0 = not known
}

// group is one record of the table underway.
type group struct {
	first int64 // id of its first attempt
	left  int   // attempts that are not written elsewhere yet
}

// underway is all that is begun, by customer: a customer has at most one
// request under way.
type underway map[int64]*begun

const groupFormat = 2

// packGroup packs the intents of one transaction, whose attempts are numbered
// from first on.
func packGroup(run int64, intents []ledger.Intent) []byte {
	var p packer
	p.reset()
	p.integer(run)
	for _, in := range intents {
		p.n++
		p.integer(in.Customer)
		p.integer(int64(in.Intents))
		p.integer(int64(in.Generation))
		p.integer(stamp(in.At.At))
		p.integer(int64(in.At.Offset))
		certain := int64(0)
		if in.At.Certain {
			certain = 1
		}
		p.integer(certain)
		p.text(string(in.Status))
		for _, s := range []string{in.Key, string(in.Details), in.Removes, in.Email, in.FirstName, in.LastName} {
			p.text(s)
		}
	}
	return p.seal(groupFormat)
}

// unpackGroup reads what packGroup wrote.
func unpackGroup(first int64, data []byte) ([]*begun, error) {
	u, n, err := unseal(data, groupFormat)
	if err != nil {
		return nil, err
	}
	run := u.varint()
	g := &group{first: first, left: n}
	out := make([]*begun, n)
	for i := range out {
		var in ledger.Intent
		in.Customer, in.Intents, in.Generation = u.varint(), int(u.varint()), int(u.varint())
		in.At.At = moment(u.varint())
		in.At.Offset = time.Duration(u.varint())
		in.At.Certain = u.varint() != 0
		in.Status = ledger.Status(u.string())
		in.Key = u.string()
		if d := u.string(); d != "" {
			in.Details = ledger.Details(d)
		}
		in.Removes, in.Email, in.FirstName, in.LastName = u.string(), u.string(), u.string(), u.string()
		a := opened(first+int64(i), run, in)
		out[i] = &begun{attempt: a.ID, customer: in.Customer, group: g, pending: &in, opens: &a}
	}
	if u.bad || u.at != len(u.text) {
		return nil, errChunk
	}
	return out, nil
}

// opened is the attempt that an intent opens.
func opened(id, run int64, in ledger.Intent) ledger.Attempt {
	return ledger.Attempt{ID: id, Run: run, Generation: in.Generation, Key: in.Key, Details: in.Details, Removes: in.Removes, NotBefore: in.At}
}

// readUnderway reads all that is begun. An attempt that is in its customer's
// folder is written, whatever became of it, and no longer counts.
func (v *view) readUnderway(ctx context.Context) (underway, error) {
	all := underway{}
	var groups [][]*begun
	err := v.each(ctx, "SELECT id, data FROM underway ORDER BY id", nil, func(r *sql.Rows) error {
		var first int64
		var data []byte
		if err := r.Scan(&first, &data); err != nil {
			return err
		}
		list, err := unpackGroup(first, data)
		groups = append(groups, list)
		return err
	})
	if err != nil {
		return nil, err
	}
	var customers []any
	for _, b := range slices.Concat(groups...) {
		if all[b.customer] == nil {
			customers = append(customers, b.customer)
		}
		all[b.customer] = b // the last one: whatever came before it is answered
	}
	newest := make(map[int64]int64, len(all))
	err = v.eachNear(ctx, "SELECT id, attempt FROM customers WHERE id ", customers, func(r *sql.Rows) error {
		var id, attempt int64
		err := r.Scan(&id, &attempt)
		newest[id] = attempt
		return err
	})
	for _, b := range slices.Concat(groups...) {
		if id := b.customer; newest[id] >= b.attempt || all[id] != b {
			b.group.left--
			if all[id] == b {
				delete(all, id)
			}
		}
	}
	return all, err
}

// begin notes a group of intents as begun; customers are as the intents left
// them, with the attempts that they opened.
func (v *view) begin(ctx context.Context, first, run int64, intents []ledger.Intent, after []*ledger.Customer) error {
	if err := v.do(ctx, "INSERT INTO underway VALUES (?, ?)", first, packGroup(run, intents)); err != nil {
		return err
	}
	v.changed = true
	g := &group{first: first, left: len(intents)}
	for i, in := range intents {
		v.under[in.Customer] = &begun{attempt: first + int64(i), customer: in.Customer, group: g, after: *after[i]}
	}
	return nil
}

// landed takes a customer off what is under way: it and its attempt are written.
func (v *view) landed(ctx context.Context, customer int64) error {
	b := v.under[customer]
	if b == nil {
		return nil
	}
	delete(v.under, customer)
	if b.group.left--; b.group.left > 0 {
		return nil
	}
	return v.do(ctx, "DELETE FROM underway WHERE id = ?", b.group.first)
}

// apply finds out what a customer, given as it stood before, is while its
// request is under way.
func (b *begun) apply(c ledger.Customer) error {
	if b.after.ID != 0 {
		return nil
	}
	after, err := ledger.Intended(c, *b.pending)
	if err != nil {
		return fmt.Errorf("%w: %s", errChunk, err)
	}
	after.History = append(slices.Clip(after.History), *b.opens)
	b.after, b.pending, b.opens = after, nil, nil
	return nil
}

// shown is the customer, with a copy of its attempts where want says so.
func (b *begun) shown(want func(*ledger.Customer) bool) ledger.Customer {
	c := b.after
	if want != nil && want(&c) {
		c.History = slices.Clone(c.History)
	} else {
		c.History = nil
	}
	return c
}

// land writes all that is under way as open attempts of customers in doubt.
func (l *Ledger) land(ctx context.Context) error {
	w, err := l.w.forWriting(ctx, l.w.under.customers())
	if err != nil {
		return err
	}
	return l.put(ctx, w)
}
