package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
	"github.com/bulkonboard/bulkonboard/ledger/internal/emergency"
)

// recover brings the ledger from how earlier senders left it to a state in which no
// attempt of theirs is open: answers of the emergency file first, then the rest becomes
// unanswered. Of a ledger that others send from, too, the latter is done as soon as their
// requests are over.
func (l *Ledger) recover(ctx context.Context) error {
	if l.sender.isAlone {
		if err := l.waitForRequests(ctx); err != nil {
			return err
		}
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
		if l.sender.isAlone {
			if err := l.closeOpen(ctx, t); err != nil {
				return err
			}
		}
		return t.deletePasses(ctx)
	})
	if err != nil || l.emergency == nil {
		return err
	}
	if err := l.emptyEmergency(l.emergency, left); err != nil {
		return err
	}
	return l.mergeOtherFiles(ctx)
}

// mergeOtherFiles merges the emergency files of processes of this folder that have ended.
func (l *Ledger) mergeOtherFiles(ctx context.Context) error {
	for n := 1; n <= maxEmergencyFiles; n++ {
		path := numberedFile(l.options.Emergency, n)
		if _, err := os.Lstat(path); path == l.emergencyPath || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		lock, err := datafile.TakeLock(ctx, path, 0, l.options.Command, time.Now())
		if errors.Is(err, ledger.ErrLocked) {
			continue // its process is living
		}
		if err == nil {
			err = errors.Join(l.mergeOtherFile(ctx, path), lock.Release())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *Ledger) mergeOtherFile(ctx context.Context, path string) (err error) {
	e, err := emergency.Open(path, l.id, 0)
	if errors.Is(err, emergency.ErrOtherLedger) {
		return nil // its own senders merge it
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if err := l.checkWrites(ctx, e, path); err != nil {
		return err
	}
	left, err := l.Merge(ctx, e.Kept())
	if err != nil {
		return err
	}
	return l.emptyEmergency(e, left)
}

// numberedFile returns the emergency file of the n-th process of a folder, from 1.
func numberedFile(base string, n int) string {
	if n == 1 {
		return base
	}
	return fmt.Sprintf("%s-%d", base, n)
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

// openEmergencyIfPossible opens the emergency file. One that cannot be written is a notice
// where the options allow it.
func (l *core) openEmergencyIfPossible(ctx context.Context) error {
	err := l.openEmergency(ctx)
	if !errors.Is(err, ledger.ErrWrite) {
		return err
	}
	const what = "answers cannot be kept while the database is away; name a file that can be written with --emergency"
	if l.options.NeedsFile {
		return fmt.Errorf("%s: %w", what, err)
	}
	l.note(fmt.Sprintf("%s (%v)", what, err))
	return nil
}

// openEmergency opens the emergency file, or the next one that no other process has open,
// and refuses a database that has lost what the file knows of.
func (l *core) openEmergency(ctx context.Context) error {
	base := l.options.Emergency
	if base == "" {
		return nil
	}
	for n := 1; ; n++ {
		l.emergencyPath = numberedFile(base, n)
		lock, err := datafile.TakeLock(ctx, l.emergencyPath, 0, l.options.Command, time.Now())
		if errors.Is(err, ledger.ErrLocked) && n < maxEmergencyFiles {
			continue
		}
		if err != nil {
			return err
		}
		l.emergency, err = emergency.Open(l.emergencyPath, l.id, 0)
		if errors.Is(err, emergency.ErrOtherLedger) {
			err = fmt.Errorf("%s is that of another ledger: name that one with --ledger or, if this one is right, another file with --emergency: %w", l.emergencyPath, ledger.ErrUnsafe)
		}
		if err != nil {
			return errors.Join(err, lock.Release())
		}
		l.emergencyLock = lock
		return l.checkWrites(ctx, l.emergency, l.emergencyPath)
	}
}

// maxEmergencyFiles is how many processes of one folder may send from a ledger at once.
const maxEmergencyFiles = 100

// checkWrites refuses a database that does not know what a sender of this machine had
// confirmed: commits were lost, and with that process its memory of them.
func (l *core) checkWrites(ctx context.Context, e *emergency.File, path string) error {
	if e.LastSender() == 0 || l.options.Adopt {
		return nil
	}
	known, err := read(ctx, l, func(c *conn) (known int64, err error) {
		err = c.QueryOne(ctx, "SELECT coalesce((SELECT writes FROM sender WHERE id = ?), 0)", []any{e.LastSender()}, &known)
		return known, err
	})
	if err != nil || known >= e.Seq() {
		return err
	}
	if isAdopted, err := (gapBook{l}).wasAdoptedSince(ctx, path); err != nil || isAdopted {
		return err
	}
	return fmt.Errorf("%s: the database knows %d writes of sender %d, and %s says that it had confirmed %d: it lost commits in a failover, or is an older copy; put the newer one in its place, or continue with this one by bulkonboard ledger adopt, which calls no user created meanwhile a duplicate: %w",
		l.address.text, known, e.LastSender(), path, e.Seq(), ledger.ErrDamaged)
}

// wasAdoptedSince reports whether the ledger was adopted, from any host, after a file was
// last written: its gap covers what the file knows of. Only the age of the file counts: the
// clocks of this host and of the database may be far apart.
func (b gapBook) wasAdoptedSince(ctx context.Context, path string) (isAdopted bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, fmt.Errorf("%s: %w: %w", path, err, ledger.ErrWrite)
	}
	age := time.Since(info.ModTime())
	return read(ctx, b.l, func(c *conn) (isAdopted bool, err error) {
		err = c.QueryOne(ctx, "SELECT EXISTS (SELECT FROM gap WHERE written_us > "+nowMicros+" - ?::bigint)", []any{age.Microseconds()}, &isAdopted)
		return isAdopted, err
	})
}

// Emergency implements ledger.Emergency.
func (l *Ledger) Emergency(changes []ledger.Change) error {
	if l.emergency == nil {
		return fmt.Errorf("%s has no emergency file: %w", l.address.text, ledger.ErrWrite)
	}
	if err := l.emergency.Add(changes); err != nil {
		return fmt.Errorf("%s: %w: %w", l.emergencyPath, err, ledger.ErrWrite)
	}
	return nil
}

// emptyEmergency empties the emergency file. If it holds answers that do not fit, a copy
// is kept: no answer is thrown away.
func (l *Ledger) emptyEmergency(e *emergency.File, left []ledger.Change) error {
	if len(left) > 0 {
		kept, err := e.SetAside(l.now())
		if err != nil {
			return fmt.Errorf("%s: %w: %w", e.FilePath(), err, ledger.ErrWrite)
		}
		for _, ch := range left {
			l.note(fmt.Sprintf("an answer in %s for customer %d does not fit what the ledger says; it was kept in %s", e.FilePath(), ch.Customer, kept))
		}
	}
	if err := e.Empty(); err != nil {
		return fmt.Errorf("%s: %w: %w", e.FilePath(), err, ledger.ErrWrite)
	}
	return nil
}

// closeOpen closes what earlier senders left open as unanswered at this moment.
func (l *core) closeOpen(ctx context.Context, t *tx) error {
	if err := l.closeAttempts(ctx, t, "true", l.info.Opened); err != nil {
		return err
	}
	return t.Exec(ctx, "UPDATE sender SET swept = 1 WHERE swept = 0 AND ended_us IS NOT NULL")
}

// closeAttempts closes those open attempts that a condition names as unanswered at a
// moment.
func (l *core) closeAttempts(ctx context.Context, t *tx, which string, at time.Time, args ...any) error {
	end, _, err := t.OpeningInstant(ctx, at)
	if err != nil {
		return err
	}
	// Until version 2 of the schema, senders had no token and used the clocks of their machines.
	isForeign := false
	if err := t.QueryOne(ctx, "SELECT EXISTS (SELECT FROM attempt a JOIN sender s ON s.id = a.sender WHERE a.class = '' AND s.token = '' AND s.host <> ?)", []any{nameOfHost()}, &isForeign); err != nil {
		return err
	}
	return t.Exec(ctx, "UPDATE attempt SET class = 'UNKNOWN', swept = 1, not_after_us = ?, not_after_offset_us = ?, not_after_certain = ? WHERE class = '' AND "+which,
		append([]any{end.At.UnixMicro(), int64(end.Offset / time.Microsecond), end.Certain && !isForeign}, args...)...)
}

// deletePasses deletes what check passes of senders that have ended left behind.
func (t *tx) deletePasses(ctx context.Context) error {
	const ended = "(SELECT p.batch FROM check_pass p JOIN sender s ON s.id = p.sender WHERE s.ended_us IS NOT NULL)"
	for _, text := range []string{
		"DELETE FROM input_row WHERE batch IN " + ended,
		"DELETE FROM newcomer WHERE batch IN " + ended,
		"DELETE FROM check_pass WHERE batch IN " + ended,
	} {
		if err := t.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// MergeFile merges the answers of an emergency file that a process on any machine has
// left, and returns how many there are, and those that do not fit. The file is not
// changed. A repeated call changes nothing.
func (l *Ledger) MergeFile(ctx context.Context, path string) (answers int, left []ledger.Change, err error) {
	e, err := emergency.Peek(path, l.id)
	if err != nil {
		return 0, nil, err
	}
	if !e.HasExisted() {
		return 0, nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	left, err = l.Merge(ctx, e.Kept())
	return len(e.Kept()), left, err
}
