package tables

import (
	"context"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// OpeningInstant returns a moment of ours with the offset of the newest attempt that has
// one from the partner. If our clock was set back, so that the moment would be before the
// newest attempt, it returns the time of that attempt and marks it as uncertain: no key
// may look older than it is, and no attempt may end before it began. newest is the last
// time in any attempt, zero if there is none.
func (c *Conn) OpeningInstant(ctx context.Context, at time.Time) (now, newest ledger.Instant, err error) {
	now = ledger.Instant{At: at}
	if newest, now.Offset, now.Certain, err = c.Newest(ctx); err != nil {
		return now, newest, err
	}
	if behind := newest.Partner().Sub(now.Partner()); !newest.At.IsZero() && behind > 0 {
		now.Offset += behind
		// Offsets come from Date headers, which have whole seconds: two of them
		// can differ by as much although no clock was set.
		now.Certain = now.Certain && behind <= 2*time.Second
	}
	return now.Truncate(), newest, nil
}

// InsertGap fills in what a gap leaves open, writes it unless it is there, and makes the
// open plans void. opened is when the ledger was opened, created when it was made.
func (c Writer) InsertGap(ctx context.Context, g ledger.Gap, opened, created, now time.Time) (ledger.Gap, error) {
	end, newest, err := c.OpeningInstant(ctx, opened)
	if err == nil {
		err = c.VoidPlans(ctx)
	}
	if err != nil {
		return g, err
	}
	g = g.Filled(newest, end, created)
	g.From, g.To, g.Written = g.From.Truncate(), g.To.Truncate(), ledger.TruncateTime(now)
	g.Scanned, g.Ended = ledger.TruncateTime(g.Scanned), ledger.TruncateTime(g.Ended)
	args := append([]any{g.ID, string(g.Cause)}, InstantArgs(g.From)...)
	args = append(append(args, InstantArgs(g.To)...), Micros(g.Written), Micros(g.Scanned), Micros(g.Ended), g.Reason)
	return g, c.Exec(ctx, `INSERT INTO gap (id, cause, from_at_us, from_offset_us, from_certain, to_at_us, to_offset_us, to_certain, written_us, scanned_us, ended_us, reason)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, args...)
}

// NextGap returns the number of a new gap, for a transaction that nobody else writes beside.
func (c Writer) NextGap(ctx context.Context) (id int64, err error) {
	err = c.QueryOne(ctx, "SELECT 1 + coalesce(max(id), 0) FROM gap", nil, &id)
	return id, err
}

// AddToGap notes the users of a gap.
func (c Writer) AddToGap(ctx context.Context, gap int64, identities []string) error {
	if err := c.requireGap(ctx, gap); err != nil {
		return err
	}
	var args []any
	for _, text := range identities {
		if d := c.Keys.Identity(text); d != (keyed.Digest{}) {
			args = append(args, d[:], gap)
		}
	}
	return c.InsertRows(ctx, "INSERT INTO gap_user (digest, gap) VALUES ", " ON CONFLICT DO NOTHING", 2, args)
}

// CloseGap marks a gap as scanned or, with a reason, as ended.
func (c Writer) CloseGap(ctx context.Context, gap int64, at time.Time, reason string) error {
	if err := c.requireGap(ctx, gap); err != nil {
		return err
	}
	if reason != "" {
		return c.Exec(ctx, "UPDATE gap SET ended_us = ?, reason = ? WHERE id = ?", Micros(at), reason, gap)
	}
	return c.Exec(ctx, "UPDATE gap SET scanned_us = ? WHERE id = ?", Micros(at), gap)
}

func (c Writer) requireGap(ctx context.Context, gap int64) error {
	found, err := c.QueryIDs(ctx, "SELECT id FROM gap WHERE id = ?", gap)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("gap %d: %w", gap, ledger.ErrNotFound)
	}
	return err
}

// DescribeGap returns what an operator is told when a gap is written.
func DescribeGap(g ledger.Gap) string {
	return fmt.Sprintf("this ledger was restored from a copy. What was sent from %s to %s is missing from it: no user created then is called a duplicate, and nothing is sent until the partner's list has been read",
		g.From.Partner().UTC().Format(time.RFC3339), g.To.Partner().UTC().Format(time.RFC3339))
}

// ReadGaps lists all gaps, oldest first.
func (c *Conn) ReadGaps(ctx context.Context) (all []ledger.Gap, err error) {
	err = c.Query(ctx, `SELECT id, cause, from_at_us, from_offset_us, from_certain, to_at_us, to_offset_us, to_certain, written_us, scanned_us, ended_us, reason
		FROM gap ORDER BY id`, nil, func(r *Record) error {
		all = append(all, ledger.Gap{ID: r.Int64(), Cause: ledger.GapCause(r.Text()), From: r.Instant(), To: r.Instant(),
			Written: r.Time(), Scanned: r.Time(), Ended: r.Time(), Reason: r.Text()})
		return nil
	})
	return all, err
}

// InGap returns those of the identities that a gap has.
func (c *Reader) InGap(ctx context.Context, identities []string) (map[string]bool, error) {
	byDigest := make(map[string]string, len(identities))
	var digests [][]byte
	for _, text := range identities {
		if d := c.Keys.Identity(text); d != (keyed.Digest{}) {
			byDigest[string(d[:])] = text
			digests = append(digests, d[:])
		}
	}
	in := map[string]bool{}
	err := QueryList(ctx, c.Conn, "SELECT digest FROM gap_user WHERE digest IN (?)", digests, func(r *Record) error {
		in[byDigest[string(r.Blob())]] = true
		return nil
	})
	return in, err
}
