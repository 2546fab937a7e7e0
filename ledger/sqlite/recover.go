package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// recover brings the ledger from how the last run left it to a state in which
// nothing is open: answers of the emergency file first, then the rest becomes
// unanswered. One transaction, before Open returns.
func (l *Ledger) recover(ctx context.Context) error {
	l.turn <- struct{}{}
	defer l.leave()
	token, err := l.backup.Announce(l.copied.token)
	if err != nil {
		return fmt.Errorf("%s.emergency: %w: %w", l.path, err, ledger.ErrWrite)
	}
	var left []string
	err = l.transaction(ctx, func(ctx context.Context) error {
		if err := l.w.one(ctx, "SELECT indexed FROM state", nil, &l.late.indexed); err != nil {
			return err
		}
		if err := l.land(ctx); err != nil {
			return err
		}
		// Those of forgotten people are gone. What is indexed goes by their
		// numbers, which are not given twice.
		err := l.w.one(ctx, "SELECT max(coalesce((SELECT max(attempt) FROM customers), 0), indexed) FROM state", nil, &l.lastAttempt)
		if err != nil {
			return err
		}
		if err := l.catchUp(ctx); err != nil { // now, for merge asks who has a serviceId
			return err
		}
		if err := l.recordOpening(ctx, token); err != nil { // before anything is closed at this moment
			return err
		}
		answers, err := l.merge(ctx, l.backup.Kept())
		if err != nil {
			return err
		}
		for _, ch := range answers {
			left = append(left, fmt.Sprintf("an answer in %s.emergency for customer %d does not fit what the ledger says; it was set aside", l.path, ch.Customer))
		}
		if err := l.closeOpen(ctx); err != nil {
			return err
		}
		return l.w.run(ctx, "UPDATE state SET opened = max(opened, closed) + 1")
	})
	if err != nil {
		return err
	}
	l.backup.Confirm(token, false)
	l.notices = append(l.notices, left...)
	if len(left) > 0 {
		if _, err := l.backup.SetAside(l.now()); err != nil {
			return fmt.Errorf("%s.emergency: %w: %w", l.path, err, ledger.ErrWrite)
		}
	}
	if err := l.backup.Empty(); err != nil {
		return fmt.Errorf("%s.emergency: %w: %w", l.path, err, ledger.ErrWrite)
	}
	// Into the file itself: that it was opened must show when the log is gone.
	// A reader may keep the log busy; then it goes in with a later one.
	var busy, pages, folded int
	err = l.w.one(context.WithoutCancel(ctx), "PRAGMA wal_checkpoint(PASSIVE)", nil, &busy, &pages, &folded)
	if err == nil && busy == 0 && pages == folded {
		l.backup.Confirm(token, true)
	}
	return l.sick(err)
}

// merge is Merge inside a transaction.
func (l *Ledger) merge(ctx context.Context, changes []ledger.Change) (left []ledger.Change, err error) {
	for _, ch := range changes {
		w, err := l.w.forWriting(ctx, []int64{ch.Customer})
		if err != nil {
			return nil, err
		}
		c := &w.people[0]
		if ledger.Recorded(*c, ch) {
			continue
		}
		owners, err := l.serviceOwners(ctx, ch.ServiceID)
		if err != nil {
			return nil, err
		}
		after, ok := ledger.Late(*c, ch)
		if !ok || !ch.IsCredible(owners) {
			left = append(left, ch)
			continue
		}
		*c = after
		if err := l.put(ctx, w); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// serviceOwners are the customers that may have a serviceId.
func (l *Ledger) serviceOwners(ctx context.Context, serviceID string) ([]ledger.Customer, error) {
	if serviceID == "" {
		return nil, nil
	}
	of := []string{serviceID}
	ids, err := l.byService(ctx, look{l.w, l.late.having(of)}, of)
	if err != nil {
		return nil, err
	}
	return l.w.customers(ctx, ids, nil)
}

// closeOpen closes what a crash left open as unanswered at this moment.
func (l *Ledger) closeOpen(ctx context.Context) error {
	end, _, err := l.opening(ctx)
	if err != nil {
		return err
	}
	ids, err := l.w.ids(ctx, "SELECT id FROM customers WHERE status = 'in_doubt'")
	for err == nil && len(ids) > 0 {
		n := min(pageSize, len(ids))
		var w writes
		if w, err = l.w.forWriting(ctx, ids[:n]); err != nil {
			break
		}
		w = w.only(func(c *ledger.Customer) (any bool) {
			for i := range c.History {
				if a := &c.History[i]; a.Class == ledger.Open {
					a.Class, a.NotAfter, any = ledger.Unknown, end, true
				}
			}
			return any
		})
		ids, err = ids[n:], l.put(ctx, w)
	}
	return err
}

// opening is the moment of this opening with the offset of the newest attempt
// that has one from the partner. If our clock was set back since, so that this
// moment would lie before what the ledger has seen, it is moved up to that and
// is a guess: a key must not look older, nor an attempt end before it began.
// newest is the last moment that attempts tell of, zero if there is none.
func (l *Ledger) opening(ctx context.Context) (now, newest ledger.Instant, err error) {
	now = ledger.Instant{At: l.info.Opened}
	for next := int64(math.MaxInt64); ; {
		page, err := l.w.lastSent(ctx, next)
		if err != nil {
			return now, newest, err
		}
		for _, a := range page {
			for _, at := range []ledger.Instant{a.NotBefore, a.NotAfter} {
				if at.Partner().After(newest.Partner()) {
					newest = at
				}
			}
			if known := a.NotAfter; !now.Certain && (known.Certain || a.NotBefore.Certain) {
				if !known.Certain {
					known = a.NotBefore
				}
				now.Offset, now.Certain = known.Offset, true
			}
			next = a.ID
		}
		if now.Certain || len(page) == 0 {
			break
		}
	}
	if behind := newest.Partner().Sub(now.Partner()); !newest.At.IsZero() && behind > 0 {
		now.Offset += behind
		// Offsets come from Date headers, which have whole seconds: two of them
		// differ by as much without anybody having set a clock.
		now.Certain = now.Certain && behind <= 2*time.Second
	}
	return now, newest, nil
}

// lastSent are the newest attempts of the customers whose newest attempt comes
// before a given one, up to a few thousand, newest first.
func (v *view) lastSent(ctx context.Context, before int64) (all []ledger.Attempt, err error) {
	err = v.each(ctx, "SELECT "+folderColumns+" FROM customers WHERE attempt < ? AND attempt > 0 ORDER BY attempt DESC LIMIT 10000", []any{before}, func(r *sql.Rows) error {
		var c ledger.Customer
		err := scanFolder(r, func(int64) *ledger.Customer { return &c }, always)
		if err == nil && len(c.History) == 0 {
			err = errChunk
		}
		if err == nil {
			all = append(all, slices.MaxFunc(c.History, func(a, b ledger.Attempt) int { return cmp.Compare(a.ID, b.ID) }))
		}
		return err
	})
	return all, err
}
