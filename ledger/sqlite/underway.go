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
// record of its group, apart from the customers: what a customer is
// while its request is under way follows from the two, by [ledger.Intended],
// and each customer is written once, when its answer is known, instead of
// twice.
type begun struct {
	attempt  int64
	customer int64
	group    *group
	after    *ledger.Customer // the customer as the intent left it, with all its attempts; nil = see pending
	pending  *packedIntent    // as read; nil once it is applied
	run      int64
}

// packedIntent is an intent as a record has it. Mostly what is sent is what the
// customer had before, by its row or its last attempt: then it is not kept again.
type packedIntent struct {
	ledger.Intent
	asBefore bool // Details, Email, FirstName and LastName are the customer's
}

// group is one record of the table underway.
type group struct {
	first int64 // id of its first attempt
	left  int   // attempts that are not written elsewhere yet
}

// underway is all that is begun, by customer: a customer has at most one
// request under way.
type underway map[int64]*begun

const groupFormat = 4

// Of an intent.
const (
	intentCertain = 1 << iota
	intentAsBefore
)

// packGroup packs the intents of one transaction, whose attempts are numbered
// from first on.
func packGroup(run int64, intents []packedIntent) []byte {
	var p packer
	p.reset()
	p.integer(run)
	for i := range intents {
		in := &intents[i]
		p.n++
		p.buf = append(p.buf, bit(in.At.Certain, intentCertain)|bit(in.asBefore, intentAsBefore))
		for _, n := range []int64{in.Customer, int64(in.Intents), int64(in.Generation), stamp(in.At.At), int64(in.At.Stored().Offset)} {
			p.integer(n)
		}
		p.text(string(in.Status))
		p.key(in.Key)
		p.text(in.Removes)
		if !in.asBefore {
			for _, s := range []string{string(in.Details), in.Email, in.FirstName, in.LastName} {
				p.text(s)
			}
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
	g := &group{first: first}
	out := make([]*begun, 0, n)
	for u.at < len(u.text) { // there may be more than the record can count
		in := u.intent()
		out = append(out, &begun{attempt: first + int64(len(out)), customer: in.Customer, group: g, pending: in, run: run})
	}
	if g.left = len(out); u.bad || uint16(g.left) != uint16(n) {
		return nil, errChunk
	}
	return out, nil
}

func (u *unpacker) intent() *packedIntent {
	flags := u.byte()
	in := &packedIntent{asBefore: flags&intentAsBefore != 0}
	in.Customer, in.Intents, in.Generation = u.varint(), int(u.varint()), int(u.varint())
	in.At = ledger.Instant{At: moment(u.varint()), Offset: time.Duration(u.varint()), Certain: flags&intentCertain != 0}
	in.Status, in.Key, in.Removes = ledger.Status(u.string()), u.key(), u.string()
	if !in.asBefore {
		if d := u.string(); d != "" {
			in.Details = ledger.Details(d)
		}
		in.Email, in.FirstName, in.LastName = u.string(), u.string(), u.string()
	}
	return in
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
	for _, b := range slices.Concat(groups...) {
		all[b.customer] = b // the last one: whatever came before it is answered
	}
	newest := make(map[int64]int64, len(all))
	err = v.eachNear(ctx, "SELECT id, attempt FROM customers WHERE id ", all.customers(), func(r *sql.Rows) error {
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
func (v *view) begin(ctx context.Context, first, run int64, intents []packedIntent, after writes) error {
	if err := v.do(ctx, "INSERT INTO underway VALUES (?, ?)", first, packGroup(run, intents)); err != nil {
		return err
	}
	v.changed = true
	g := &group{first: first, left: len(intents)}
	for i, in := range intents {
		v.under[in.Customer] = &begun{attempt: first + int64(i), customer: in.Customer, group: g, after: after.of(in.Customer)}
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
	if b.after != nil {
		return nil
	}
	in := b.pending
	if in.asBefore {
		in.Details, in.Email, in.FirstName, in.LastName = c.Details, c.Email, c.FirstName, c.LastName
	}
	after, err := ledger.Intended(c, in.Intent)
	if err != nil {
		return fmt.Errorf("%w: %s", errChunk, err)
	}
	after.History = append(slices.Clip(after.History), opened(b.attempt, b.run, in.Intent))
	b.after, b.pending = &after, nil
	return nil
}

// shown is the customer, with its attempts where want says so. They are the
// ledger's own, and not to be changed.
func (b *begun) shown(want func(*ledger.Customer) bool) ledger.Customer {
	c := *b.after
	if want == nil || !want(b.after) {
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
