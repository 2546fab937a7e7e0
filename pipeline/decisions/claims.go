package decisions

import (
	"hash/maphash"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// claims finds the good rows that a decision makes bad through another row. The first
// good row with an e-mail claims it, and the first with a customer number claims that.
// A row that becomes good further up takes both from a row that had them.
//
// Nor is every row that becomes good ready: one further up may have its e-mail.
//
// Few lists have such rows. So the first reading only notices where there may be some,
// and a second one, of the rows with those e-mails and numbers, makes sure.
type claims struct {
	seed   maphash.Seed
	fields validate.FieldTable

	above   map[uint64]struct{} // keys of the rows above
	newest  map[uint64]int      // by key: the last of the decisions that made a row above good
	suspect map[uint64]struct{} // keys for the second reading
	owners  map[uint64][]owner  // in the second reading: by key, then by how many decisions are made
}

// owner is the row that claims a key. The zero value is none.
type owner struct {
	row     Example
	details uint64 // hash, and 1 if that is 0
}

// never is the number of decisions after which a row is good that stays bad.
const never = 1 << 30

// keysOf returns the keys of a row: its e-mail, and the sender's own number.
func (c *claims) keysOf(row *source.Row, identity string) []uint64 {
	var keys []uint64
	if identity != "" {
		keys = append(keys, maphash.String(c.seed, "e-mail "+identity))
	}
	if number := ledger.PlainNumber(strings.TrimSpace(row.ID)); number != "" {
		keys = append(keys, maphash.String(c.seed, "number "+number))
	}
	return keys
}

// notice looks at a row in the first reading. goodAfter returns how many decisions
// make the row good.
func (c *claims) notice(row *source.Row, raw *validate.Raw, changed bool, goodAfter func() int) {
	identity, _ := validate.Identity(raw.Email)
	keys := c.keysOf(row, identity)
	isNear := false
	for _, key := range keys {
		_, isKnown := c.newest[key]
		isNear = isNear || isKnown
	}
	after := never
	if changed || isNear {
		after = goodAfter()
	}
	becomesGood := after > 0 && after < never
	for _, key := range keys {
		_, isRepeated := c.above[key]
		if c.newest[key] > after || becomesGood && isRepeated {
			c.suspect[key] = struct{}{}
		}
		if becomesGood {
			c.newest[key] = max(c.newest[key], after)
		}
		c.above[key] = struct{}{}
	}
}

// isSuspect reports whether the second reading has to look at a row.
func (c *claims) isSuspect(row *source.Row, raw *validate.Raw) bool {
	identity, _ := validate.Identity(raw.Email)
	for _, key := range c.keysOf(row, identity) {
		if _, isSuspect := c.suspect[key]; isSuspect {
			return true
		}
	}
	return false
}

// claim makes a row, which is good after a number of decisions, the owner of what no
// row above claims then, and reports whether it is. Otherwise it returns the harm that
// is done to the row if it was the owner before: none if it repeats another row with
// the same details, which nothing is wrong with.
func (c *claims) claim(row *source.Row, res *validate.Result, after int) (isOwner bool, harm *Harm) {
	at := Example{File: row.File, Row: row.Number}
	keys, details := c.keysOf(row, res.Identity), c.detailsOf(&res.User)
	for i, key := range keys {
		isEmail := i == 0 // a good row has one
		switch has := c.ownerOf(key, after); {
		case has.details == 0:
		case isEmail && has.details == details:
			return false, nil
		default:
			return false, &Harm{Row: at, Other: has.row, ByNumber: !isEmail}
		}
	}
	for _, key := range keys {
		c.owners[key][after] = owner{at, details}
	}
	return true, nil
}

func (c *claims) ownerOf(key uint64, after int) owner {
	for len(c.owners[key]) <= after {
		c.owners[key] = append(c.owners[key], owner{})
	}
	return c.owners[key][after]
}

// detailsOf returns a hash of what a report compares of two rows of one customer.
func (c *claims) detailsOf(u *validate.User) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	for name, value := range c.fields.Details(u) {
		_, _ = h.WriteString(name + "\x00" + value + "\x00") // a hash never returns an error
	}
	return max(h.Sum64(), 1)
}
