package tables

import (
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// PrunedMark begins the fingerprint of a batch that lost rows, so that the same input,
// met again, is read and checked like a new one.
const PrunedMark = "pruned:"

// Pruned says what pruning removed.
type Pruned struct {
	Batches int // whose row lists were shortened or dropped
	Rows    int
}

// IsPruned reports whether rows of a batch are no longer kept.
func IsPruned(b ledger.Batch) bool { return strings.HasPrefix(b.Fingerprint, PrunedMark) }
