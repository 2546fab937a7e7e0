package sqlite

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// recoverLedger closes all attempts that the last run left open, before Open returns, in one
// transaction. It first merges the answers of the emergency file. The remaining attempts
// become unanswered.
func (l *opening) recoverLedger(ctx context.Context) error {
	token, err := l.emergency.Announce(l.copied.Token)
	if err != nil {
		return fmt.Errorf("%s.emergency: %w: %w", l.path, err, ledger.ErrWrite)
	}
	var refused []ledger.Change
	customers := int64(0)
	err = l.write(ctx, func(ctx context.Context, c *conn) error {
		if err := c.QueryOne(ctx, "SELECT last_attempt, (SELECT coalesce(max(id), 0) FROM customer) FROM ledger", nil, &l.lastAttempt, &customers); err != nil {
			return err
		}
		if err := l.recordOpening(ctx, c, token); err != nil { // before anything is closed at this moment
			return err
		}
		for _, ch := range l.emergency.Kept() {
			fits, err := c.merge(ctx, ch)
			if err != nil {
				return err
			}
			if !fits {
				refused = append(refused, ch)
			}
		}
		if err := l.closeOpen(ctx, c); err != nil {
			return err
		}
		return c.Exec(ctx, "UPDATE ledger SET openings = max(openings, closings) + 1")
	})
	if err != nil {
		return err
	}
	l.emergency.Confirm(token, false)
	if err := l.emptyEmergency(refused); err != nil {
		return fmt.Errorf("%s.emergency: %w: %w", l.path, err, ledger.ErrWrite)
	}
	// Into the file itself: that it was opened must show when the log is gone.
	// A reader may keep the log busy; then a later commit moves it.
	var busy, pages, moved int
	if err = l.w.fitCache(ctx, customers); err == nil {
		err = l.w.QueryOne(context.WithoutCancel(ctx), "PRAGMA wal_checkpoint(PASSIVE)", nil, &busy, &pages, &moved)
	}
	if err == nil && busy == 0 && pages == moved {
		l.emergency.Confirm(token, true)
	}
	return l.classify(err)
}

// emptyEmergency empties the emergency file. If it holds answers that do not fit,
// a copy is kept: no answer is thrown away.
func (l *opening) emptyEmergency(refused []ledger.Change) error {
	if len(refused) > 0 {
		kept, err := l.emergency.SetAside(l.now())
		if err != nil {
			return err
		}
		for _, ch := range refused {
			l.notices = append(l.notices, fmt.Sprintf("an answer in %s.emergency for customer %d does not fit what the ledger says; it was kept in %s", l.path, ch.Customer, kept))
		}
	}
	return l.emergency.Empty()
}

// closeOpen closes the attempts that a crash left open as unanswered. They end now.
func (l *opening) closeOpen(ctx context.Context, c *conn) error {
	end, _, err := c.OpeningInstant(ctx, l.info.Opened)
	if err != nil {
		return err
	}
	return c.Exec(ctx, "UPDATE attempt SET class = 'UNKNOWN', not_after_us = ?, not_after_offset_us = ?, not_after_certain = ? WHERE class = ''", tables.InstantArgs(end)...)
}
