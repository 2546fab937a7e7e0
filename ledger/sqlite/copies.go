package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
	"github.com/bulkonboard/bulkonboard/ledger/internal/emergency"
	"github.com/bulkonboard/bulkonboard/ledger/internal/fileperm"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// copied says whether a ledger file is a copy. A copy lacks what the original has written
// since, and must not be used in its place. These reveal a copy:
//
//   - a mark in the copy, which Backup and Restore leave there;
//   - a token, drawn at each opening for writing, that the ledger and its
//     emergency file both hold: a copy of one of them does not match the other;
//   - the number of the last write, which the emergency file holds as well;
//   - the number that the file system gave the file: another file under the
//     same path has replaced it.
//
// A directory that is moved with all of its files, another host name and another
// path are no copy.
type copied struct {
	tables.Header
	hadLockFile bool            // a lock file was there before this opening
	gap         ledger.GapCause // the gap that this opening writes; "" = none
}

// notOwnEmergency adds the way out to an error of the emergency file.
func notOwnEmergency(err error) error {
	switch {
	case errors.Is(err, emergency.ErrOtherLedger):
		return fmt.Errorf("%w; put the right ledger next to it, or continue with this one (bulkonboard ledger adopt): %w", err, ledger.ErrDamaged)
	case errors.Is(err, fileperm.ErrNotPrivate):
		return fmt.Errorf("%w: %w", err, ledger.ErrUnsafe)
	}
	return err
}

// lostWrites is ErrDamaged for a ledger that is whole and too old.
func lostWrites(path string, holds, made int64) error {
	return olderState(path, fmt.Sprintf("it has %d writes, but %d were made: its -wal file was removed or cut, or an older copy was put in its place", holds, made))
}

// olderState is ErrDamaged with both ways out of an older state.
func olderState(path, what string) error {
	return fmt.Errorf("%s: %s; if a newer copy exists, restore it with bulkonboard ledger restore; if this one is the newest, continue with it by bulkonboard ledger adopt, which calls no user created meanwhile a duplicate: %w",
		path, what, ledger.ErrDamaged)
}

// detectCopy opens the emergency file and decides whether the ledger is a copy.
// With adopt every older state is accepted, and a file that belongs to another
// one is set aside.
func (l *opening) detectCopy(ctx context.Context) (err error) {
	adopt := l.options.Adopt
	l.emergency, err = emergency.Open(l.path+".emergency", l.id, l.copied.Writes)
	if err == nil {
		if err := l.findForeignLog(ctx); err != nil {
			return err // what the two make together is no state of the ledger: adopt does not help
		}
	}
	if adopt && (errors.Is(err, emergency.ErrOtherLedger) || err == nil && l.emergency.IsOfOtherState(l.copied.Token)) {
		if l.emergency != nil {
			err = l.emergency.Close()
		}
		if err == nil || errors.Is(err, emergency.ErrOtherLedger) {
			err = l.setEmergencyAside()
		}
		if err == nil {
			l.emergency, err = emergency.Open(l.path+".emergency", l.id, l.copied.Writes)
		}
	}
	if err != nil {
		return notOwnEmergency(err)
	}
	lost := l.findLoss()
	switch {
	case adopt:
		l.copied.gap = ledger.GapAdopt
	case lost != nil:
		return lost
	case l.copied.Copy != "":
		l.copied.gap = l.copied.Copy
	case l.copied.Token != "" && !l.emergency.Knows(l.copied.Token), datafile.IsReplaced(l.copied.Place, datafile.PlaceOf(l.path)):
		l.copied.gap = ledger.GapCopy
	}
	return nil
}

// findLoss returns an error if the side files show that the ledger lacks writes.
func (l *opening) findLoss() error {
	switch {
	case l.emergency.Seq() > l.copied.Writes:
		return lostWrites(l.path, l.copied.Writes, l.emergency.Seq())
	case l.emergency.IsOfOtherState(l.copied.Token):
		return olderState(l.path, "it is a copy next to files of another state of the ledger")
	}
	// Without the emergency file, or with one that a refused opening has made,
	// there is only this to go by. Opening for reading may have made an empty log: what counts is what is in it.
	wal, err := os.Stat(l.path + "-wal")
	if l.emergency.IsUnused() && l.copied.hadLockFile && l.copied.Openings != l.copied.Closings && (err != nil || wal.Size() == 0) {
		return olderState(l.path, "it was not closed and its -wal file is gone")
	}
	return nil
}

// findForeignLog returns an error if a copy was put under the log of a newer
// ledger that was killed. SQLite would apply the log to it, and everything that had
// been moved from the log into the newer file would be missing without notice.
func (l *opening) findForeignLog(ctx context.Context) error {
	wal, err := os.Stat(l.path + "-wal")
	if err != nil || wal.Size() == 0 || !l.emergency.IsCheckpointed() || l.emergency.Token() == "" {
		return nil
	}
	var token string
	err = withConn(ctx, l.path, modeFileOnly, func(c *conn) error {
		if _, err := c.checkShape(ctx, l.steps); err != nil {
			return err
		}
		return c.QueryOne(ctx, "SELECT token FROM ledger", nil, &token)
	})
	if err != nil || token == l.emergency.Token() {
		return nil // a checkpoint may have been cut off: then only the two together can be read
	}
	return fmt.Errorf("%s: an older copy was put in its place, and its -wal file is that of the newer ledger; move %s-wal away, or restore the copy with bulkonboard ledger restore: %w",
		l.path, l.path, ledger.ErrDamaged)
}

// setEmergencyAside renames an emergency file that belongs to another state. It
// may hold answers, and no answer is thrown away.
func (l *opening) setEmergencyAside() error {
	kept, err := emergency.MoveAside(l.path+".emergency", l.now())
	if err != nil {
		return fmt.Errorf("%s.emergency cannot be set aside: %w: %w", l.path, err, ledger.ErrWrite)
	}
	l.emergency = nil
	l.notices = append(l.notices, kept+" belonged to a newer state of the ledger and was kept: it may hold answers")
	return nil
}

// recordOpening writes the gap of a copy, if it is one, removes the mark, and gives
// the ledger the token of this opening. It runs in the transaction of the opening:
// a crash leaves the copy as it was.
func (l *opening) recordOpening(ctx context.Context, c *conn, token string) error {
	if l.copied.gap != "" {
		g, err := l.insertGap(ctx, c, ledger.Gap{Cause: l.copied.gap})
		if err != nil {
			return err
		}
		l.notices = append(l.notices, tables.DescribeGap(g))
	}
	return c.Exec(ctx, "UPDATE ledger SET copy = '', token = ?, place = ?", token, datafile.PlaceOf(l.path))
}

// markCopy makes a file that SQLite copied one that was closed, so that it needs
// no log, and marks it as a copy.
func markCopy(ctx context.Context, path string, cause ledger.GapCause) error {
	return withConn(ctx, path, modeFill, func(c *conn) error {
		if err := c.ExecScript(ctx, "UPDATE ledger SET closings = openings, copy = ?", string(cause)); err != nil {
			return err
		}
		return c.ExecScript(ctx, "PRAGMA journal_mode = WAL")
	})
}
