package sqlite

import (
	"context"
	"iter"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Still is the ledger as it stood at one moment, for reports that must agree
// with each other while others write. It is read by one goroutine at a time.
type Still struct {
	l   *Ledger
	v   *view
	end func()
}

// Still stops the picture. Until Close the write-ahead log cannot be folded
// into the file, so that it grows with what is written meanwhile.
func (l *Ledger) Still(ctx context.Context) (*Still, error) {
	v, end, err := l.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return &Still{l, v, end}, nil
}

// Rows yields report lines, every time the same; see ledger.Reader.
func (s *Still) Rows(ctx context.Context, sel ledger.Selection) iter.Seq2[ledger.Reported, error] {
	return s.l.reported(ctx, s.v, sel)
}

// Close lets go of the picture. Rows must not be called after it.
func (s *Still) Close() { s.end() }
