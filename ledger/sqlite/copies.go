package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/emergency"
)

// copied is what a ledger file tells of how it came to its place. A file that
// was copied lacks what the original has written since, and must not be taken
// for the original. These tell:
//
//   - a mark in the copy, which Backup and Restore leave there;
//   - a token, drawn at each opening for writing, that the ledger and its
//     emergency file both hold: a copy of one of them meets a stranger or nobody;
//   - the number of the last write, which the emergency file holds as well;
//   - the number that the file system gave the file: another file under the
//     same path was put there by somebody.
//
// A directory that is moved with all of its files, another host name and another
// path are no copy.
type copied struct {
	mark        ledger.GapCause
	token       string
	place       string
	hadLockFile bool            // a lock file was there before this opening
	gap         ledger.GapCause // the gap that this opening writes; "" = none
}

// lostWrites is ErrDamaged for a ledger that is whole and too old.
func lostWrites(path string, holds, made int64) error {
	return olderState(path, fmt.Sprintf("it holds %d writes and %d were made: its -wal file was removed or cut, or an older copy was put in its place", holds, made))
}

// olderState is ErrDamaged with both ways out of an older state.
func olderState(path, what string) error {
	return fmt.Errorf("%s: %s; if a newer copy exists, put it back with bulkonboard ledger restore; if this one is the newest, bulkonboard ledger adopt goes on with it, without taking anybody for a stranger who was created meanwhile: %w",
		path, what, ledger.ErrDamaged)
}

// readCopied reads what the file itself tells.
func (v *view) readCopied(ctx context.Context, c *copied) error {
	return v.each(ctx, "SELECT name, value FROM meta WHERE name IN ('copy', 'token', 'place')", nil, func(r *sql.Rows) error {
		var name, value string
		err := r.Scan(&name, &value)
		switch name {
		case "copy":
			c.mark = ledger.GapCause(value)
		case "token":
			c.token = value
		case "place":
			c.place = value
		}
		return err
	})
}

// detectCopy opens the emergency file and decides whether the ledger is a copy.
// With adopt every older state is accepted, and a file that belongs to another
// one is set aside.
func (l *Ledger) detectCopy(ctx context.Context, v *view, st state, adopt bool) (err error) {
	if err := v.readCopied(ctx, &l.copied); err != nil {
		return l.sick(err)
	}
	l.backup, err = emergency.Open(l.path+".emergency", l.id, st.seq)
	if err == nil {
		if err := l.findForeignLog(ctx); err != nil {
			return err // what the two make together is no state of the ledger: adopt does not help
		}
	}
	if adopt && (errors.Is(err, emergency.ErrOtherLedger) || err == nil && l.backup.IsOfOtherState(l.copied.token)) {
		if l.backup != nil {
			err = l.backup.Close()
		}
		if err == nil || errors.Is(err, emergency.ErrOtherLedger) {
			err = l.setEmergencyAside()
		}
		if err == nil {
			l.backup, err = emergency.Open(l.path+".emergency", l.id, st.seq)
		}
	}
	if err != nil {
		return err
	}
	lost := l.findLoss(st)
	switch {
	case adopt:
		l.copied.gap = ledger.GapAdopt
	case lost != nil:
		return lost
	case l.copied.mark != "":
		l.copied.gap = l.copied.mark
	case l.copied.token != "" && !l.backup.Knows(l.copied.token), isReplaced(l.copied.place, placeOf(l.path)):
		l.copied.gap = ledger.GapCopy
	}
	return nil
}

// findLoss returns an error if the files beside the ledger show that writes are
// missing which were made.
func (l *Ledger) findLoss(st state) error {
	switch {
	case l.backup.Seq() > st.seq:
		return lostWrites(l.path, st.seq, l.backup.Seq())
	case l.backup.IsOfOtherState(l.copied.token):
		return olderState(l.path, "it is a copy that was put beside the files of another state of it")
	}
	// Without the emergency file, or with one that a refused opening has made,
	// there is only this to go by. Opening for reading may have made an empty log: what counts is what is in it.
	wal, err := os.Stat(l.path + "-wal")
	if l.backup.IsUnused() && l.copied.hadLockFile && st.opened != st.closed && (err != nil || wal.Size() == 0) {
		return olderState(l.path, "it was not closed and its -wal file is gone")
	}
	return nil
}

// findForeignLog returns an error if a copy was put under the log of a newer
// ledger that was killed. SQLite would apply the log to it, and everything that
// was folded into the newer file would silently be missing.
func (l *Ledger) findForeignLog(ctx context.Context) error {
	wal, err := os.Stat(l.path + "-wal")
	if err != nil || wal.Size() == 0 || !l.backup.IsFolded() || l.backup.Token() == "" {
		return nil
	}
	var token string
	err = once(ctx, l.path, modeAlone, func(v *view) error {
		if err := v.checkShape(ctx); err != nil {
			return err
		}
		return v.one(ctx, "SELECT coalesce((SELECT value FROM meta WHERE name = 'token'), '')", nil, &token)
	})
	if err != nil || token == l.backup.Token() {
		return nil // a fold may have been cut off: then only the two together can be read
	}
	return fmt.Errorf("%s: an older copy was put in its place, and its -wal file is that of the newer ledger; move %s-wal away, or put the copy back with bulkonboard ledger restore: %w",
		l.path, l.path, ledger.ErrDamaged)
}

// setEmergencyAside renames an emergency file that belongs to another state. It
// may hold answers, and no answer is thrown away.
func (l *Ledger) setEmergencyAside() error {
	kept, err := emergency.MoveAside(l.path+".emergency", l.now())
	if err != nil {
		return err
	}
	l.backup = nil
	l.notices = append(l.notices, kept+" belonged to a newer state of the ledger and was kept: it may hold answers")
	return nil
}

func fileTime(t time.Time) string { return t.UTC().Format("20060102T150405.000000000") }

// recordOpening writes the gap of a copy, if it is one, takes the mark off, and
// gives the ledger the token of this opening. It runs in the transaction of the
// opening: a crash leaves the copy as it was.
func (l *Ledger) recordOpening(ctx context.Context, token string) error {
	if l.copied.gap != "" {
		g, err := l.insertGap(ctx, ledger.Gap{Cause: l.copied.gap})
		if err != nil {
			return err
		}
		l.notices = append(l.notices, fmt.Sprintf("this ledger was put back from a copy. What was sent from %s to %s is not in it: nobody created then is called a duplicate, and nothing is sent before the partner's list was read",
			g.From.Partner().UTC().Format(time.RFC3339), g.To.Partner().UTC().Format(time.RFC3339)))
	}
	if err := l.w.run(ctx, "DELETE FROM meta WHERE name IN ('copy', 'token', 'place')"); err != nil {
		return err
	}
	return l.w.run(ctx, "INSERT INTO meta VALUES ('token', ?), ('place', ?)", token, placeOf(l.path))
}

// markCopy makes a file that SQLite copied one that was closed, so that it needs
// no log beside it, and marks it as a copy.
func markCopy(ctx context.Context, path string, cause ledger.GapCause) error {
	return once(ctx, path, modeFill, func(v *view) error {
		if err := v.run(ctx, "UPDATE state SET closed = opened"); err != nil {
			return err
		}
		if err := v.run(ctx, "INSERT INTO meta VALUES ('copy', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", string(cause)); err != nil {
			return err
		}
		return v.run(ctx, "PRAGMA journal_mode = WAL")
	})
}

// isReplaced reports whether another file than before is found under the same
// path of the same file system. Each is "device:file:path".
func isReplaced(was, is string) bool {
	a, b := strings.SplitN(was, ":", 3), strings.SplitN(is, ":", 3)
	return len(a) == 3 && len(b) == 3 && a[0] == b[0] && a[1] != b[1] && a[2] == b[2]
}
