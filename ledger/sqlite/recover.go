package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// recover brings the ledger from how the last run left it to a state in which
// nothing is open: answers of the emergency file first, then the rest becomes
// unanswered. One transaction, before Open returns.
func (l *Ledger) recover(ctx context.Context) error {
	l.turn <- struct{}{}
	defer l.leave()
	var left []string
	err := l.transaction(ctx, func(ctx context.Context) error {
		if err := l.w.one(ctx, "SELECT indexed FROM state", nil, &l.late.indexed); err != nil {
			return err
		}
		if err := l.land(ctx); err != nil {
			return err
		}
		// Those of forgotten people are gone. What is indexed goes by their
		// numbers, which are not given twice.
		err := l.w.one(ctx, "SELECT max(coalesce((SELECT max(id) FROM attempts), 0), indexed) FROM state", nil, &l.lastAttempt)
		if err != nil {
			return err
		}
		if err := l.catchUp(ctx); err != nil { // now, for merge asks who has a serviceId
			return err
		}
		for _, ch := range l.backup.kept {
			done, err := l.merge(ctx, ch)
			if err != nil {
				return err
			}
			if !done {
				left = append(left, fmt.Sprintf("an answer in %s.emergency for customer %d does not fit what the ledger says; it was set aside", l.path, ch.Customer))
			}
		}
		if err := l.closeOpen(ctx); err != nil {
			return err
		}
		return l.w.run(ctx, "UPDATE state SET opened = max(opened, closed) + 1")
	})
	if err != nil {
		return err
	}
	l.notices = append(l.notices, left...)
	if len(left) > 0 {
		if err := l.backup.setAside(l.now()); err != nil {
			return fmt.Errorf("%s.emergency: %w: %w", l.path, err, ledger.ErrWrite)
		}
	}
	if err := l.backup.empty(); err != nil {
		return fmt.Errorf("%s.emergency: %w: %w", l.path, err, ledger.ErrWrite)
	}
	// Into the file itself: that it was opened must show when the log is gone.
	// A reader may keep the log busy; then it goes in with a later one.
	return l.sick(l.w.run(context.WithoutCancel(ctx), "PRAGMA wal_checkpoint(PASSIVE)"))
}

// merge applies one change of the emergency file. Its Record may have reached
// the disk although it failed, and an opening without the emergency file may
// have closed its attempts as unknown: both are allowed for.
func (l *Ledger) merge(ctx context.Context, ch ledger.Change) (bool, error) {
	var named []int64
	for _, cl := range ch.Close {
		named = append(named, cl.Attempt)
	}
	customers, attempts, err := l.w.forWriting(ctx, []int64{ch.Customer}, named)
	if err != nil {
		return false, err
	}
	before, have := *customers[ch.Customer], attempts[ch.Customer]
	c := before
	if c.ID != 0 && c.Intents == ch.Intents && c.Status == ch.Status && (ch.ServiceID == "" || c.ServiceID == ch.ServiceID) && (ch.URL == "" || c.URL == ch.URL) && allClosed(have, ch.Close) {
		return true, nil
	}
	if ok, err := l.credible(ctx, ch); err != nil || !ok {
		return false, err
	}
	for i := range have {
		if have[i].Class == ledger.Unknown && c.Status == ledger.InDoubt {
			have[i].Class = ledger.Open
		}
	}
	c, changed, err := ledger.Decided(c, have, ch)
	if err != nil {
		return false, nil // a rule, not a failure: the caller keeps the answer
	}
	var w writes
	for _, a := range changed {
		w.attempt(c.ID, a)
	}
	w.customer(before, c)
	return true, l.put(ctx, &w)
}

// credible holds an answer of the emergency file to what one from the wire is
// held to before it is recorded: a link that can be shown, and a serviceId of
// this account that no other customer has. When it was put there, the ledger
// could not be asked any more.
func (l *Ledger) credible(ctx context.Context, ch ledger.Change) (bool, error) {
	if ch.URL != "" || ch.Status == ledger.Created {
		if u, err := url.Parse(ch.URL); err != nil || !strings.EqualFold(u.Scheme, "https") || u.Hostname() == "" || ch.ServiceID == "" {
			return false, nil
		}
	}
	if ch.ServiceID == "" {
		return true, nil
	}
	if account := ledger.AccountOf(ch.ServiceID); account != "" && l.info.Account != "" && account != l.info.Account {
		return false, nil
	}
	ids, err := l.byService(ctx, l.w, []string{ch.ServiceID})
	if err != nil {
		return false, err
	}
	owners, err := l.w.customers(ctx, ids)
	for _, c := range owners {
		if c.ID != ch.Customer && c.ServiceID == ch.ServiceID {
			return false, err
		}
	}
	return true, err
}

// allClosed says whether every closing has been applied as it stands.
func allClosed(have []ledger.Attempt, closings []ledger.Closing) bool {
	for _, cl := range closings {
		ok := false
		for _, a := range have {
			ok = ok || a.ID == cl.Attempt && a.Class != ledger.Open && (cl.Class == ledger.Open || a.Class == cl.Class) && a.Absent == (cl.Absent || a.Absent)
		}
		if !ok {
			return false
		}
	}
	return true
}

// closeOpen closes what a crash left open as unanswered at this moment.
func (l *Ledger) closeOpen(ctx context.Context) error {
	end, err := l.opening(ctx)
	if err != nil {
		return err
	}
	if err := l.w.run(ctx, "UPDATE customers SET status = 'in_doubt', decided = 0 WHERE id IN (SELECT customer FROM attempts WHERE class = '')"); err != nil {
		return err
	}
	return l.w.run(ctx, "UPDATE attempts SET class = 'UNKNOWN', after_at = ?, after_offset = ?, after_certain = ? WHERE class = ''",
		stamp(end.At), int64(end.Offset), end.Certain)
}

// opening is the moment of this opening with the offset of the newest attempt
// that has one from the partner. If our clock was set back since, so that this
// moment would lie before what the ledger has seen, it is moved up to that and
// is a guess: a key must not look older, nor an attempt end before it began.
func (l *Ledger) opening(ctx context.Context) (ledger.Instant, error) {
	now := ledger.Instant{At: l.info.Opened}
	var newest sql.NullInt64
	err := l.w.one(ctx, "SELECT max(max(before_at + before_offset, after_at + after_offset)) FROM (SELECT * FROM attempts ORDER BY id DESC LIMIT 10000)", nil, &newest)
	if err != nil || !newest.Valid {
		return now, err
	}
	var offset int64
	err = l.w.each(ctx, `SELECT CASE WHEN after_certain THEN after_offset ELSE before_offset END FROM attempts
		WHERE before_certain OR after_certain ORDER BY id DESC LIMIT 1`, nil, func(r *sql.Rows) error {
		now.Certain = true
		return r.Scan(&offset)
	})
	now.Offset = time.Duration(offset)
	if behind := newest.Int64 - stamp(now.Partner()); behind > 0 {
		now.Offset += time.Duration(behind)
		// Offsets come from Date headers, which have whole seconds: two of them
		// differ by as much without anybody having set a clock.
		now.Certain = now.Certain && behind <= int64(2*time.Second)
	}
	return now, err
}
