package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

var _ ledger.Gaps = (*Ledger)(nil)

// gapTables hold the gaps: moments as nanoseconds since 1970 by our clock, each
// with the partner's clock minus ours and whether that was known; scanned and
// ended are 0 before. gap_people are the keyed hashes of whom the list showed.
const gapTables = `CREATE TABLE gaps (id INTEGER PRIMARY KEY, cause TEXT NOT NULL CHECK (cause IN ('restore', 'adopt', 'backup', 'copy')),
	from_at INTEGER NOT NULL, from_offset INTEGER NOT NULL, from_certain INTEGER NOT NULL,
	to_at INTEGER NOT NULL, to_offset INTEGER NOT NULL, to_certain INTEGER NOT NULL,
	written INTEGER NOT NULL, scanned INTEGER NOT NULL, ended INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE TABLE gap_people (digest BLOB NOT NULL, gap INTEGER NOT NULL, PRIMARY KEY (digest, gap)) WITHOUT ROWID;
`

// OpenGap writes a gap; see ledger.Gaps.
func (l *Ledger) OpenGap(ctx context.Context, g ledger.Gap) (ledger.Gap, error) {
	if err := l.alone(); err != nil {
		return g, err
	}
	err := l.write(ctx, func(ctx context.Context) error {
		err := l.land(ctx)
		if err == nil {
			g, err = l.insertGap(ctx, g)
		}
		return err
	})
	return g, err
}

// insertGap fills in what a gap leaves open and writes it.
func (l *Ledger) insertGap(ctx context.Context, g ledger.Gap) (ledger.Gap, error) {
	now, newest, err := l.opening(ctx)
	if err != nil {
		return g, err
	}
	g = g.Filled(newest, now, l.info.Created)
	g.From, g.To, g.Written = g.From.Stored(), g.To.Stored(), ledger.Stored(l.now())
	err = l.w.one(ctx, `INSERT INTO gaps (cause, from_at, from_offset, from_certain, to_at, to_offset, to_certain, written, scanned, ended, reason)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		[]any{string(g.Cause), stamp(g.From.At), int64(g.From.Offset), g.From.Certain, stamp(g.To.At), int64(g.To.Offset), g.To.Certain,
			stamp(g.Written), stamp(g.Scanned), stamp(g.Ended), g.Reason}, &g.ID)
	return g, err
}

// Gaps lists all gaps, oldest first; see ledger.Gaps.
func (l *Ledger) Gaps(ctx context.Context) (all []ledger.Gap, err error) {
	v, end, err := l.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	err = v.each(ctx, `SELECT id, cause, from_at, from_offset, from_certain, to_at, to_offset, to_certain, written, scanned, ended, reason
		FROM gaps ORDER BY id`, nil, func(r *sql.Rows) error {
		var g ledger.Gap
		var from, to, written, scanned, ended int64
		err := r.Scan(&g.ID, &g.Cause, &from, &g.From.Offset, &g.From.Certain, &to, &g.To.Offset, &g.To.Certain, &written, &scanned, &ended, &g.Reason)
		g.From.At, g.To.At, g.Written, g.Scanned, g.Ended = moment(from), moment(to), moment(written), moment(scanned), moment(ended)
		all = append(all, g)
		return err
	})
	return all, l.sick(err)
}

// AddToGap notes people of a gap; see ledger.Gaps.
func (l *Ledger) AddToGap(ctx context.Context, gap int64, identities []string) error {
	return l.write(ctx, func(ctx context.Context) error {
		if err := l.w.needGap(ctx, gap); err != nil {
			return err
		}
		var args []any
		for _, text := range identities {
			if d := l.keys.Identity(text); d != (keyed.Digest{}) {
				args = append(args, d[:], gap)
			}
		}
		return l.w.insert(ctx, insertion{"INSERT INTO gap_people VALUES ", " ON CONFLICT DO NOTHING"}, 2, args)
	})
}

// InGap returns whom a gap has; see ledger.Gaps.
func (l *Ledger) InGap(ctx context.Context, identities []string) (map[string]bool, error) {
	v, end, err := l.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	names := make(map[keyed.Digest]string, len(identities))
	var list []any
	for _, text := range identities {
		if d := l.keys.Identity(text); d != (keyed.Digest{}) && names[d] == "" {
			names[d] = text
			list = append(list, d[:])
		}
	}
	in := map[string]bool{}
	err = v.eachOf(ctx, "SELECT digest FROM gap_people WHERE digest IN ", list, func(r *sql.Rows) error {
		var d []byte
		err := r.Scan(&d)
		if err == nil && len(d) != len(keyed.Digest{}) {
			err = errChunk
		}
		if err == nil {
			in[names[keyed.Digest(d)]] = true
		}
		return err
	})
	return in, l.sick(err)
}

// CloseGap marks a gap as scanned or ended; see ledger.Gaps.
func (l *Ledger) CloseGap(ctx context.Context, gap int64, at time.Time, reason string) error {
	if err := l.alone(); err != nil {
		return err
	}
	return l.write(ctx, func(ctx context.Context) error {
		if err := l.w.needGap(ctx, gap); err != nil {
			return err
		}
		if reason != "" {
			return l.w.do(ctx, "UPDATE gaps SET ended = ?, reason = ? WHERE id = ?", stamp(at), reason, gap)
		}
		return l.w.do(ctx, "UPDATE gaps SET scanned = ? WHERE id = ?", stamp(at), gap)
	})
}

func (v *view) needGap(ctx context.Context, gap int64) error {
	var n int
	err := v.one(ctx, "SELECT count(*) FROM gaps WHERE id = ?", []any{gap}, &n)
	if err == nil && n == 0 {
		err = fmt.Errorf("gap %d: %w", gap, ledger.ErrNotFound)
	}
	return err
}

// forgetGaps erases people from all gaps.
func (v *view) forgetGaps(ctx context.Context, digests []keyed.Digest) error {
	list := make([]any, len(digests))
	for i := range digests {
		list[i] = digests[i][:]
	}
	return v.eachOf(ctx, "DELETE FROM gap_people WHERE digest IN ", list, func(*sql.Rows) error { return nil })
}
