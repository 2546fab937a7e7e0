package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

var _ ledger.Gaps = (*Ledger)(nil)

// OpenGap implements Gaps.
func (m *Ledger) OpenGap(ctx context.Context, g ledger.Gap) (ledger.Gap, error) {
	err := m.withWriteLock(ctx, func() error {
		now, newest := ledger.Instant{At: time.Now()}, ledger.Instant{}
		for _, c := range m.customers {
			for _, a := range c.History {
				for _, at := range []ledger.Instant{a.NotBefore, a.NotAfter} {
					if at.Partner().After(newest.Partner()) {
						newest = at
					}
				}
			}
		}
		now.Offset, now.Certain = newest.Offset, newest.Certain
		g = g.Filled(newest, now, m.info.Created)
		g.ID, g.From, g.To, g.Written = int64(len(m.gaps)+1), g.From.Truncate(), g.To.Truncate(), ledger.TruncateTime(time.Now())
		g.Scanned, g.Ended = ledger.TruncateTime(g.Scanned), ledger.TruncateTime(g.Ended)
		m.gaps = append(m.gaps, g)
		m.voidPlans()
		return nil
	})
	return g, err
}

// Gaps implements Gaps.
func (m *Ledger) Gaps(context.Context) ([]ledger.Gap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.gaps), nil
}

// AddToGap implements Gaps.
func (m *Ledger) AddToGap(ctx context.Context, gap int64, identities []string) error {
	return m.withWriteLock(ctx, func() error {
		if err := m.requireGap(gap); err != nil {
			return err
		}
		for _, text := range identities {
			if d := m.keys.Identity(text); d != (keyed.Digest{}) {
				m.inGap[d] = true
			}
		}
		return nil
	})
}

// InGap implements Gaps.
func (m *Ledger) InGap(_ context.Context, identities []string) (map[string]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	in := map[string]bool{}
	for _, text := range identities {
		if m.inGap[m.keys.Identity(text)] {
			in[text] = true
		}
	}
	return in, nil
}

// CloseGap implements Gaps.
func (m *Ledger) CloseGap(ctx context.Context, gap int64, at time.Time, reason string) error {
	return m.withWriteLock(ctx, func() error {
		if err := m.requireGap(gap); err != nil {
			return err
		}
		g := &m.gaps[gap-1]
		if reason != "" {
			g.Ended, g.Reason = ledger.TruncateTime(at), reason
		} else {
			g.Scanned = ledger.TruncateTime(at)
		}
		return nil
	})
}

func (m *state) requireGap(gap int64) error {
	if gap < 1 || gap > int64(len(m.gaps)) {
		return fmt.Errorf("gap %d: %w", gap, ledger.ErrNotFound)
	}
	return nil
}
