package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
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
func (l *Ledger) insertGap(ctx context.Context, c *conn, g ledger.Gap) (ledger.Gap, error) {
	now, newest, err := l.openingInstant(ctx, c)
	if err == nil {
		err = c.VoidPlans(ctx)
	}
	if err != nil {
		return g, err
	}
	g = g.Filled(newest, now, l.info.Created)
	g.From, g.To, g.Written = g.From.Truncate(), g.To.Truncate(), ledger.TruncateTime(l.now())
	g.Scanned, g.Ended = ledger.TruncateTime(g.Scanned), ledger.TruncateTime(g.Ended)
	args := append([]any{string(g.Cause)}, tables.InstantArgs(g.From)...)
	args = append(append(args, tables.InstantArgs(g.To)...), tables.Micros(g.Written), tables.Micros(g.Scanned), tables.Micros(g.Ended), g.Reason)
	err = c.QueryOne(ctx, `INSERT INTO gap (cause, from_at_us, from_offset_us, from_certain, to_at_us, to_offset_us, to_certain, written_us, scanned_us, ended_us, reason)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`, args, &g.ID)
	return g, err
}

// Gaps implements ledger.Gaps.
func (l *Ledger) Gaps(ctx context.Context) ([]ledger.Gap, error) {
	return read(ctx, l, func(c *conn) ([]ledger.Gap, error) { return c.ReadGaps(ctx) })
}

// AddToGap implements ledger.Gaps.
func (l *Ledger) AddToGap(ctx context.Context, gap int64, identities []string) error {
	return l.write(ctx, func(ctx context.Context, c *conn) error {
		if err := c.requireGap(ctx, gap); err != nil {
			return err
		}
		var args []any
		for _, text := range identities {
			if d := l.keys.Identity(text); d != (keyed.Digest{}) {
				args = append(args, d[:], gap)
			}
		}
		return c.InsertRows(ctx, "INSERT INTO gap_user (digest, gap) VALUES ", " ON CONFLICT DO NOTHING", 2, args)
	})
}

// InGap implements ledger.Gaps.
func (l *Ledger) InGap(ctx context.Context, identities []string) (map[string]bool, error) {
	return read(ctx, l, func(c *conn) (map[string]bool, error) { return c.InGap(ctx, identities) })
}

// CloseGap implements ledger.Gaps.
func (l *Ledger) CloseGap(ctx context.Context, gap int64, at time.Time, reason string) error {
	return l.writeWithLock(ctx, func(ctx context.Context, c *conn) error {
		if err := c.requireGap(ctx, gap); err != nil {
			return err
		}
		if reason != "" {
			return c.Exec(ctx, "UPDATE gap SET ended_us = ?, reason = ? WHERE id = ?", tables.Micros(at), reason, gap)
		}
		return c.Exec(ctx, "UPDATE gap SET scanned_us = ? WHERE id = ?", tables.Micros(at), gap)
	})
}

func (c *conn) requireGap(ctx context.Context, gap int64) error {
	found, err := c.QueryIDs(ctx, "SELECT id FROM gap WHERE id = ?", gap)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("gap %d: %w", gap, ledger.ErrNotFound)
	}
	return err
}
