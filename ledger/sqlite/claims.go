package sqlite

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// mostRows is how many rows a batch may have.
const mostRows = 1<<31 - 2

// knownClaims says which row of a registration claims a customer who was in the
// ledger before: in 4 bytes each, as long as neighbours are claimed, too. They
// are found by their numbers, which lie together in memory for rows that lie
// together in the list. The zero value is empty.
type knownClaims struct {
	pages map[int64]*[256]uint32 // ordinal + 1; 0 = not claimed
}

func (c *knownClaims) get(customer int64) (ordinal int, ok bool) {
	page := c.pages[customer>>8]
	if page == nil || page[customer&255] == 0 {
		return 0, false
	}
	return int(page[customer&255]) - 1, true
}

func (c *knownClaims) put(customer int64, ordinal int) {
	page := c.pages[customer>>8]
	if page == nil {
		if c.pages == nil {
			c.pages = map[int64]*[256]uint32{}
		}
		page = new([256]uint32)
		c.pages[customer>>8] = page
	}
	page[customer&255] = uint32(ordinal + 1)
}

// claim says which row of a registration claims an identity: 16 bytes, no pointers.
type claim struct {
	digest keyed.Digest
	at     uint32 // ordinal + 1; 0 = free slot
}

// claims is the set of new identities that a registration claims, in some 24
// bytes each: 256 open-addressed tables, chosen by the first byte of the
// digest and grown by half, so that growing never holds two copies of all.
type claims struct {
	tables [256][]claim
	used   [256]int
}

func slot(t []claim, d keyed.Digest) int {
	return int(uint64(binary.BigEndian.Uint32(d[1:])) * uint64(len(t)) >> 32)
}

// get returns the ordinal of the row that claims d.
func (c *claims) get(d keyed.Digest) (ordinal int, ok bool) {
	t := c.tables[d[0]]
	if len(t) == 0 {
		return 0, false
	}
	for i := slot(t, d); t[i].at != 0; i = (i + 1) % len(t) {
		if t[i].digest == d {
			return int(t[i].at) - 1, true
		}
	}
	return 0, false
}

// put adds a claim that is not there yet.
func (c *claims) put(d keyed.Digest, ordinal int) {
	t := c.tables[d[0]]
	if (c.used[d[0]]+1)*8 > len(t)*7 {
		bigger := make([]claim, max(16, len(t)*3/2))
		for _, e := range t {
			if e.at != 0 {
				place(bigger, e)
			}
		}
		t, c.tables[d[0]] = bigger, bigger
	}
	place(t, claim{digest: d, at: uint32(ordinal + 1)})
	c.used[d[0]]++
}

func place(t []claim, e claim) {
	i := slot(t, e.digest)
	for t[i].at != 0 {
		i = (i + 1) % len(t)
	}
	t[i] = e
}

// sorted yields the claims in the order of their digests: in that order the
// index takes them several times faster. It empties the set.
func (c *claims) sorted(yield func(keyed.Digest, int) bool) {
	for i := range c.tables {
		t := slices.DeleteFunc(c.tables[i], func(e claim) bool { return e.at == 0 })
		c.tables[i], c.used[i] = nil, 0
		slices.SortFunc(t, func(a, b claim) int { return bytes.Compare(a.digest[:], b.digest[:]) })
		for _, e := range t {
			if !yield(e.digest, int(e.at)-1) {
				return
			}
		}
	}
}
