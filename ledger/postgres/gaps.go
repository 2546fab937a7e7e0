package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// OpenGap implements ledger.Gaps. The number is drawn first, so that a call made again
// finds what it wrote.
func (l *Ledger) OpenGap(ctx context.Context, g ledger.Gap) (ledger.Gap, error) {
	asked := g
	id := int64(0)
	err := l.writeAsSender(ctx, func(ctx context.Context, t *tx) error {
		now, newest, err := l.closingInstant(ctx, t, l.info.Opened)
		if err == nil && id == 0 {
			err = t.QueryOne(ctx, "SELECT nextval('gap_id')", nil, &id)
		}
		if err == nil {
			err = t.VoidPlans(ctx)
		}
		if err != nil {
			return err
		}
		g = asked.Filled(newest, now, l.info.Created)
		g.ID, g.From, g.To, g.Written = id, g.From.Truncate(), g.To.Truncate(), ledger.TruncateTime(l.now())
		g.Scanned, g.Ended = ledger.TruncateTime(g.Scanned), ledger.TruncateTime(g.Ended)
		args := append([]any{g.ID, string(g.Cause)}, tables.InstantArgs(g.From)...)
		args = append(append(args, tables.InstantArgs(g.To)...), tables.Micros(g.Written), tables.Micros(g.Scanned), tables.Micros(g.Ended), g.Reason)
		return t.Exec(ctx, `INSERT INTO gap (id, cause, from_at_us, from_offset_us, from_certain, to_at_us, to_offset_us, to_certain, written_us, scanned_us, ended_us, reason)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, args...)
	})
	return g, err
}

// AddToGap implements ledger.Gaps.
func (l *Ledger) AddToGap(ctx context.Context, gap int64, identities []string) error {
	digests := [][]byte{}
	for _, text := range identities {
		if d := l.keys.Identity(text); d != (keyed.Digest{}) {
			digests = append(digests, d[:])
		}
	}
	return l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error {
		if err := t.requireGap(ctx, gap); err != nil {
			return err
		}
		return t.Exec(ctx, "INSERT INTO gap_user (digest, gap) SELECT d, ? FROM unnest(?::bytea[]) d ON CONFLICT DO NOTHING", gap, digests)
	})
}

// CloseGap implements ledger.Gaps.
func (l *Ledger) CloseGap(ctx context.Context, gap int64, at time.Time, reason string) error {
	return l.writeAsSender(ctx, func(ctx context.Context, t *tx) error {
		if err := t.requireGap(ctx, gap); err != nil {
			return err
		}
		if reason != "" {
			return t.Exec(ctx, "UPDATE gap SET ended_us = ?, reason = ? WHERE id = ?", tables.Micros(at), reason, gap)
		}
		return t.Exec(ctx, "UPDATE gap SET scanned_us = ? WHERE id = ?", tables.Micros(at), gap)
	})
}

// requireGap returns ErrNotFound if there is no such gap.
func (t *tx) requireGap(ctx context.Context, gap int64) error {
	found, err := t.QueryIDs(ctx, "SELECT id FROM gap WHERE id = ?", gap)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("gap %d: %w", gap, ledger.ErrNotFound)
	}
	return err
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
