package sqlite

import (
	"context"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

var _ ledger.Gaps = (*Ledger)(nil)

// OpenGap implements ledger.Gaps.
func (l *Ledger) OpenGap(ctx context.Context, g ledger.Gap) (ledger.Gap, error) {
	err := l.writeWithLock(ctx, func(ctx context.Context, c *conn) (err error) {
		g, err = l.insertGap(ctx, c, g)
		return err
	})
	return g, err
}

// insertGap fills in what a gap leaves open and writes it.
func (l *Ledger) insertGap(ctx context.Context, c *conn, g ledger.Gap) (_ ledger.Gap, err error) {
	if g.ID, err = c.Writer().NextGap(ctx); err != nil {
		return g, err
	}
	return c.Writer().InsertGap(ctx, g, l.info.Opened, l.info.Created, l.now())
}

// AddToGap implements ledger.Gaps.
func (l *Ledger) AddToGap(ctx context.Context, gap int64, identities []string) error {
	return l.write(ctx, func(ctx context.Context, c *conn) error { return c.Writer().AddToGap(ctx, gap, identities) })
}

// CloseGap implements ledger.Gaps.
func (l *Ledger) CloseGap(ctx context.Context, gap int64, at time.Time, reason string) error {
	return l.writeWithLock(ctx, func(ctx context.Context, c *conn) error { return c.Writer().CloseGap(ctx, gap, at, reason) })
}
