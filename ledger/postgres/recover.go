package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// recover brings the ledger from how earlier senders left it to a state in which no
// attempt is open: answers of the emergency file first, then the rest becomes
// unanswered.
func (l *Ledger) recover(ctx context.Context) error {
	if err := l.waitForRequests(ctx); err != nil {
		return err
	}
	var left []ledger.Change
	if l.emergency != nil {
		var err error
		if left, err = l.Merge(ctx, l.emergency.Kept()); err != nil {
			return err
		}
	}
	err := l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error {
		l.info.Opened = ledger.TruncateTime(l.now())
		if err := l.closeOpen(ctx, t); err != nil {
			return err
		}
		return t.deletePasses(ctx, l.sender.id)
	})
	if err != nil || l.emergency == nil {
		return err
	}
	return l.emptyEmergency(left)
}

// waitForRequests waits until no request of an ended sender can be under way any more.
func (l *core) waitForRequests(ctx context.Context) error {
	for isSaid := false; ; {
		micros, err := read(ctx, l, func(c *conn) (micros int64, err error) {
			err = c.QueryOne(ctx, "SELECT coalesce(max(s.closes_us), 0) - "+nowMicros+" FROM sender s WHERE s.closes_us IS NOT NULL AND EXISTS (SELECT FROM attempt a WHERE a.class = '' AND a.sender = s.id)", nil, &micros)
			return micros, err
		})
		rest := time.Duration(micros) * time.Microsecond
		if err != nil || rest <= 0 {
			return err
		}
		if !isSaid {
			l.options.Say(fmt.Sprintf("requests of the process before this one may still be under way; waiting %s", rest.Round(time.Second)))
			isSaid = true
		}
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// emptyEmergency empties the emergency file. If it holds answers that do not fit, a copy
// is kept: no answer is thrown away.
func (l *Ledger) emptyEmergency(left []ledger.Change) error {
	if len(left) > 0 {
		kept, err := l.emergency.SetAside(l.now())
		if err != nil {
			return fmt.Errorf("%s: %w: %w", l.options.Emergency, err, ledger.ErrWrite)
		}
		for _, ch := range left {
			l.notices = append(l.notices, fmt.Sprintf("an answer in %s for customer %d does not fit what the ledger says; it was kept in %s", l.options.Emergency, ch.Customer, kept))
		}
	}
	if err := l.emergency.Empty(); err != nil {
		return fmt.Errorf("%s: %w: %w", l.options.Emergency, err, ledger.ErrWrite)
	}
	return nil
}

// closeOpen closes what earlier senders left open as unanswered at this moment.
func (l *core) closeOpen(ctx context.Context, t *tx) error {
	end, _, err := l.openingInstant(ctx, t)
	if err != nil {
		return err
	}
	isForeign := false // sent from another machine, whose clock and offset this one does not know
	if err := t.QueryOne(ctx, "SELECT EXISTS (SELECT FROM attempt a JOIN sender s ON s.id = a.sender WHERE a.class = '' AND s.host <> ?)", []any{nameOfHost()}, &isForeign); err != nil {
		return err
	}
	return t.Exec(ctx, "UPDATE attempt SET class = 'UNKNOWN', swept = 1, not_after_us = ?, not_after_offset_us = ?, not_after_certain = ? WHERE class = ''",
		end.At.UnixMicro(), int64(end.Offset/time.Microsecond), end.Certain && !isForeign)
}

// openingInstant is the moment of this opening, with the offset of the newest attempt
// that has one from the partner, and not before the last moment that attempts tell of,
// which is newest; see the same of the ledger in a file.
func (l *core) openingInstant(ctx context.Context, t *tx) (now, newest ledger.Instant, err error) {
	now = ledger.Instant{At: l.info.Opened}
	if newest, now.Offset, now.Certain, err = t.Newest(ctx); err != nil {
		return now, newest, err
	}
	if behind := newest.Partner().Sub(now.Partner()); !newest.At.IsZero() && behind > 0 {
		now.Offset += behind
		now.Certain = now.Certain && behind <= 2*time.Second // Date headers have whole seconds
	}
	return now.Truncate(), newest, nil
}

// deletePasses deletes what check passes of other senders left behind. While this
// process is the only sender, they are over.
func (t *tx) deletePasses(ctx context.Context, own int64) error {
	for _, text := range []string{
		"DELETE FROM input_row WHERE batch IN (SELECT batch FROM check_pass WHERE sender <> ?)",
		"DELETE FROM newcomer WHERE batch IN (SELECT batch FROM check_pass WHERE sender <> ?)",
		"DELETE FROM check_pass WHERE sender <> ?",
	} {
		if err := t.Exec(ctx, text, own); err != nil {
			return err
		}
	}
	return nil
}
