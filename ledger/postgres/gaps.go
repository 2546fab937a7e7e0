package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// gapBook are the gaps of a ledger.
type gapBook struct{ l *core }

// OpenGap implements ledger.Gaps. The number is drawn first, so that a call made again
// finds what it wrote.
func (b gapBook) OpenGap(ctx context.Context, g ledger.Gap) (ledger.Gap, error) {
	asked := g
	err := b.l.writeAsSender(ctx, func(ctx context.Context, t *tx) (err error) {
		if asked.ID == 0 {
			if err := t.QueryOne(ctx, "SELECT nextval('gap_id')", nil, &asked.ID); err != nil {
				return err
			}
		}
		g, err = t.Writer().InsertGap(ctx, asked, b.l.info.Opened, b.l.info.Created, b.l.now())
		return err
	})
	return g, err
}

// noteUnhealed writes the gap of a sender that ended before it could write again what the
// database had lost since then. The ledger's row is held.
func (b gapBook) noteUnhealed(ctx context.Context, t *tx, since time.Time) error {
	g := ledger.Gap{Cause: ledger.GapAdopt}
	to, _, err := t.OpeningInstant(ctx, b.l.now())
	if err == nil {
		err = t.QueryOne(ctx, "SELECT nextval('gap_id')", nil, &g.ID)
	}
	if err != nil {
		return err
	}
	g.From, g.To = to, to
	g.From.At = ledger.TruncateTime(since)
	if g, err = t.Writer().InsertGap(ctx, g, b.l.info.Opened, b.l.info.Created, b.l.now()); err == nil {
		b.l.note(fmt.Sprintf("a sender ended before it could write again what the database had lost: no user created from %s to %s is called a duplicate",
			g.From.Partner().UTC().Format(time.RFC3339), g.To.Partner().UTC().Format(time.RFC3339)))
	}
	return err
}

// AddToGap implements ledger.Gaps.
func (b gapBook) AddToGap(ctx context.Context, gap int64, identities []string) error {
	return b.l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error { return t.Writer().AddToGap(ctx, gap, identities) })
}

// CloseGap implements ledger.Gaps.
func (b gapBook) CloseGap(ctx context.Context, gap int64, at time.Time, reason string) error {
	return b.l.writeAsSender(ctx, func(ctx context.Context, t *tx) error { return t.Writer().CloseGap(ctx, gap, at, reason) })
}

// newestInstant is the last moment of which attempts tell, if the ledger is to be adopted.
func (b gapBook) newestInstant(ctx context.Context) (newest ledger.Instant, err error) {
	if !b.l.options.Adopt {
		return newest, nil
	}
	return read(ctx, b.l, func(c *conn) (ledger.Instant, error) {
		newest, _, _, err := c.Newest(ctx)
		return newest, err
	})
}

// adopt writes the gap of a ledger that was put back from an older copy.
func (b gapBook) adopt(ctx context.Context, newest ledger.Instant) error {
	g, err := b.OpenGap(ctx, ledger.Gap{Cause: ledger.GapAdopt, From: newest})
	if err == nil {
		b.l.note(tables.DescribeGap(g))
	}
	return err
}
