package postgres

import (
	"context"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// OpenGap implements ledger.Gaps. The number is drawn first, so that a call made again
// finds what it wrote.
func (l *Ledger) OpenGap(ctx context.Context, g ledger.Gap) (ledger.Gap, error) {
	asked := g
	err := l.writeAsSender(ctx, func(ctx context.Context, t *tx) (err error) {
		if asked.ID == 0 {
			if err := t.QueryOne(ctx, "SELECT nextval('gap_id')", nil, &asked.ID); err != nil {
				return err
			}
		}
		g, err = t.InsertGap(ctx, asked, l.info.Opened, l.info.Created, l.now())
		return err
	})
	return g, err
}

// AddToGap implements ledger.Gaps.
func (l *Ledger) AddToGap(ctx context.Context, gap int64, identities []string) error {
	return l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error { return t.AddToGap(ctx, gap, identities) })
}

// CloseGap implements ledger.Gaps.
func (l *Ledger) CloseGap(ctx context.Context, gap int64, at time.Time, reason string) error {
	return l.writeAsSender(ctx, func(ctx context.Context, t *tx) error { return t.CloseGap(ctx, gap, at, reason) })
}

// newestInstant is the last moment of which attempts tell, if the ledger is to be adopted.
func (l *core) newestInstant(ctx context.Context) (newest ledger.Instant, err error) {
	if !l.options.Adopt {
		return newest, nil
	}
	return read(ctx, l, func(c *conn) (ledger.Instant, error) {
		newest, _, _, err := c.Newest(ctx)
		return newest, err
	})
}

// adopt writes the gap of a ledger that was put back from an older copy.
func (l *Ledger) adopt(ctx context.Context, newest ledger.Instant) error {
	g, err := l.OpenGap(ctx, ledger.Gap{Cause: ledger.GapAdopt, From: newest})
	if err == nil {
		l.note(tables.DescribeGap(g))
	}
	return err
}
