package tables

import (
	"context"
	"iter"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Snapshot is the ledger at one moment, for reports that must agree with each
// other while others write. It is read by one goroutine at a time.
type Snapshot struct {
	reader *Reader
	end    func()
}

// NewSnapshot returns a snapshot that a reader sees until end is called.
func NewSnapshot(r *Reader, end func()) *Snapshot { return &Snapshot{r, end} }

// Rows yields report lines, every time the same; see ledger.Reader.
func (s *Snapshot) Rows(ctx context.Context, sel ledger.Selection) iter.Seq2[ledger.Reported, error] {
	return s.reader.ReadRows(ctx, sel)
}

// Close ends the snapshot. Rows must not be called after it.
func (s *Snapshot) Close() { s.end() }
