package sqlite

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// claim says which row of a registration claims an identity: 16 bytes, no pointers.
type claim struct {
	digest keyed.Digest
	at     uint32 // ordinal + 1, with knownBit if the identity stood in the ledger before; 0 = free slot
}

const knownBit = 1 << 31

// claims is the set of identities that a registration claims, in some 24
// bytes each: 256 open-addressed tables, chosen by the first byte of the
// digest and grown by half, so that growing never holds two copies of all.
type claims struct {
	tables [256][]claim
	used   [256]int
}

func slot(t []claim, d keyed.Digest) int {
	return int(uint64(binary.BigEndian.Uint32(d[1:])) * uint64(len(t)) >> 32)
}

// get returns the ordinal of the row that claims d, and whether d was known before.
func (c *claims) get(d keyed.Digest) (ordinal int, known, ok bool) {
	t := c.tables[d[0]]
	if len(t) == 0 {
		return 0, false, false
	}
	for i := slot(t, d); t[i].at != 0; i = (i + 1) % len(t) {
		if t[i].digest == d {
			return int(t[i].at&^knownBit) - 1, t[i].at&knownBit != 0, true
		}
	}
	return 0, false, false
}

// put adds a claim that is not there yet.
func (c *claims) put(d keyed.Digest, ordinal int, known bool) {
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
	e := claim{digest: d, at: uint32(ordinal + 1)}
	if known {
		e.at |= knownBit
	}
	place(t, e)
	c.used[d[0]]++
}

func place(t []claim, e claim) {
	i := slot(t, e.digest)
	for t[i].at != 0 {
		i = (i + 1) % len(t)
	}
	t[i] = e
}

// fresh yields the claims of identities that were not known before, in the
// order of their digests: in that order the index takes them several times
// faster. It empties the set.
func (c *claims) fresh(yield func(keyed.Digest, int) bool) {
	for i := range c.tables {
		t := slices.DeleteFunc(c.tables[i], func(e claim) bool { return e.at == 0 || e.at&knownBit != 0 })
		c.tables[i], c.used[i] = nil, 0
		slices.SortFunc(t, func(a, b claim) int { return bytes.Compare(a.digest[:], b.digest[:]) })
		for _, e := range t {
			if !yield(e.digest, int(e.at)-1) {
				return
			}
		}
	}
}
