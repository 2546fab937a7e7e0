package tables

import (
	"context"
	"maps"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// FindIdentities calls found for each identity that has a customer, with the text as
// it was asked for. Erased ones are looked for if there are any.
func (c *Reader) FindIdentities(ctx context.Context, identities []string, hasForgotten bool, found func(text string, c ledger.Customer)) error {
	left := make(map[string]bool, len(identities))
	for _, text := range identities {
		if text != "" {
			left[text] = true
		}
	}
	asked := slices.Collect(maps.Keys(left))
	err := QueryList(ctx, c.Conn, "SELECT "+CustomerColumns+" FROM customer c WHERE c.email <> '' AND coalesce(c.identity, c.email) IN (?)", asked, func(r *Record) error {
		one := r.Customer()
		delete(left, one.Identity)
		found(one.Identity, one)
		return nil
	})
	if err != nil || !hasForgotten {
		return err
	}
	byDigest := make(map[string]string, len(left))
	digests := make([][]byte, 0, len(left))
	for text := range left {
		d := c.Keys.Identity(text)
		byDigest[string(d[:])] = text
		digests = append(digests, d[:])
	}
	return QueryList(ctx, c.Conn, "SELECT f.digest, "+CustomerColumns+" FROM forgotten f JOIN customer c ON c.id = f.customer WHERE f.digest IN (?)", digests, func(r *Record) error {
		d := r.Blob()
		found(byDigest[string(d)], r.Customer())
		return nil
	})
}

// Recognise fills in who may be the same customer under another e-mail, for some of
// the keys. own is the customer of a key, 0 if it has none.
func (c *Reader) Recognise(ctx context.Context, keys []ledger.LookupKey, of []int, own func(int) int64, out []ledger.Match) error {
	if len(of) == 0 {
		return nil
	}
	numbers, names := map[string][]*ledger.Customer{}, map[int64][]*ledger.Customer{}
	askNumbers, askNames := make([]string, 0, len(of)), make([]int64, 0, len(of))
	for _, i := range of {
		if n := ledger.PlainNumber(keys[i].SenderID); n != "" {
			askNumbers = append(askNumbers, n)
		}
		if m := c.Keys.Name(keys[i].NameText); m != 0 {
			askNames = append(askNames, m)
		}
	}
	const text = "SELECT c.sender_number, c.name_mark, " + CustomerColumns + " FROM customer c WHERE c.status IN ('created', 'link_missing', 'in_doubt') AND "
	if err := QueryList(ctx, c.Conn, text+"c.sender_number <> '' AND c.sender_number IN (?)", askNumbers, func(rec *Record) error {
		number, _, c := rec.Text(), rec.Int64(), rec.Customer()
		numbers[number] = append(numbers[number], &c)
		return nil
	}); err != nil {
		return err
	}
	if err := QueryList(ctx, c.Conn, text+"c.name_mark <> 0 AND c.name_mark IN (?)", askNames, func(rec *Record) error {
		_, name, c := rec.Text(), rec.Int64(), rec.Customer()
		names[name] = append(names[name], &c)
		return nil
	}); err != nil {
		return err
	}
	for _, i := range of {
		out[i].ByID = firstOther(numbers[ledger.PlainNumber(keys[i].SenderID)], own(i))
		out[i].ByName = firstOther(names[c.Keys.Name(keys[i].NameText)], own(i))
	}
	return nil
}

// firstOther returns the customer with the smallest id but own, or nil.
func firstOther(all []*ledger.Customer, own int64) (first *ledger.Customer) {
	for _, c := range all {
		if c.ID != own && (first == nil || c.ID < first.ID) {
			first = c
		}
	}
	return first
}
