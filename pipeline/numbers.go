package pipeline

import (
	"hash/maphash"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// numbers remembers which row has a customer number first, in about 26 bytes
// for each: a map takes three times that. Numbers are told apart by 64 bits of
// a hash. The zero value is not usable; see newNumbers.
type numbers struct {
	seed   maphash.Seed
	claims claims
	rows   [][]holder // in parts, so that growing copies nothing
}

// holder is a row with a customer number.
type holder struct {
	hash         uint64
	file, number uint32
}

const holdersPart = 1 << 12

func newNumbers() *numbers { return &numbers{seed: maphash.MakeSeed()} }

// first returns the row that has a customer number already; if there is none,
// it is the one at a position from now on.
func (n *numbers) first(number string, at ledger.Position) (first ledger.Position, taken bool) {
	hash := maphash.String(n.seed, number)
	for i := range n.claims.of(hash) {
		if h := n.rows[i/holdersPart][i%holdersPart]; h.hash == hash {
			return ledger.Position{File: int(h.file), Number: int(h.number)}, true
		}
	}
	last := len(n.rows) - 1
	if last < 0 || len(n.rows[last]) == holdersPart {
		n.rows = append(n.rows, make([]holder, 0, holdersPart))
		last++
	}
	n.claims.add(hash, uint32(last*holdersPart+len(n.rows[last])))
	n.rows[last] = append(n.rows[last], holder{hash, uint32(at.File), uint32(at.Number)})
	return ledger.Position{}, false
}
