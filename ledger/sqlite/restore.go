package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
	"github.com/bulkonboard/bulkonboard/ledger/internal/emergency"
	"github.com/bulkonboard/bulkonboard/ledger/internal/fileperm"
)

// Restore puts a copy of a ledger at o.Path and opens it with a gap. Nothing is
// overwritten: a ledger that is there, with its side files, is renamed to kept, which
// is "" if there was none. The copy itself is not changed. After a crash there is the
// old ledger or the new one, never none.
//
// Errors are those of Open; os.ErrExist if o.Path and the copy are one file.
func Restore(ctx context.Context, o Options, from string) (restored *Ledger, kept string, err error) {
	l, err := prepare(o)
	if err != nil {
		return nil, "", err
	}
	if kept, err = l.restore(ctx, from); err == nil {
		err = l.open(ctx)
	}
	if err != nil {
		return nil, kept, errors.Join(err, l.closeAfterError())
	}
	return l.Ledger, kept, nil
}

func (l *opening) restore(ctx context.Context, from string) (kept string, err error) {
	o := l.options
	if a, err := os.Stat(from); err == nil {
		if b, err := os.Stat(l.path); err == nil && os.SameFile(a, b) {
			return "", fmt.Errorf("%s is the ledger itself: %w", from, os.ErrExist)
		}
	}
	if _, err := checkFile(from, false); err != nil {
		return "", err
	}
	if _, err := datafile.CheckPlace(l.path); err != nil {
		return "", err
	}
	if err := datafile.CheckOwn(l.path); err != nil {
		return "", err
	}
	if l.lock, err = datafile.TakeLock(ctx, l.path, o.LockTimeout, o.Command, o.Now()); err != nil {
		return "", err
	}
	part := l.path + ".restore"
	defer func() {
		for _, end := range []string{"", "-wal", "-shm", "-journal"} { // gone already if all went well
			if left := os.Remove(part + end); left != nil && !errors.Is(left, fs.ErrNotExist) {
				err = errors.Join(err, left)
			}
		}
	}()
	if err := prepareCopy(ctx, from, part, o.Environment, l.steps); err != nil {
		return "", err
	}
	l.noteKeptAnswers()
	if kept, err = datafile.SetAside(l.path, l.path+"-"+datafile.TimeOf(o.Now())+".kept"); err != nil {
		return kept, err
	}
	if err = os.Rename(part, l.path); err == nil {
		err = fileperm.SyncFolder(l.path)
	}
	if err != nil {
		err = fmt.Errorf("%s cannot be put in place: %w: %w", l.path, err, ledger.ErrWrite)
	}
	return kept, err
}

// noteKeptAnswers adds a notice if the ledger that is set aside has answers in its
// emergency file. Only that ledger knows whose they are.
func (l *opening) noteKeptAnswers() {
	if n := emergency.CountKept(l.path + ".emergency"); n > 0 {
		l.notices = append(l.notices, fmt.Sprintf("the .emergency file of the replaced ledger holds answers that were never recorded (%d); it is kept with that ledger", n))
	}
}

// prepareCopy copies a ledger file, its log included, to another name, and makes
// it one whole file that is marked as a copy.
func prepareCopy(ctx context.Context, from, to, environment string, all []step) error {
	for _, end := range []string{"-wal", ""} {
		if err := datafile.Copy(from+end, to+end); err != nil && (end == "" || !errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("copying %s: %w: %w", from, err, ledger.ErrWrite)
		}
	}
	err := withConn(ctx, to, modeFill, func(c *conn) error {
		if _, err := c.checkShape(ctx, all); err != nil {
			return err
		}
		h, err := c.ReadHeader(ctx)
		if err != nil {
			return err
		}
		if h.Info.Environment != environment {
			return fmt.Errorf("it belongs to environment %q, not %q; name the environment it belongs to (--sandbox, --env or --base-url): %w",
				h.Info.Environment, environment, ledger.ErrEnvironment)
		}
		problems, err := c.Check(ctx, "quick_check")
		if err == nil && len(problems) > 0 {
			err = fmt.Errorf("%s: %w", problems[0], ledger.ErrDamaged)
		}
		if err != nil {
			return err
		}
		return c.ExecScript(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	})
	if err == nil {
		err = markCopy(ctx, to, ledger.GapRestore)
	}
	if err == nil {
		err = datafile.Sync(to)
	}
	if err != nil {
		return (&database{path: from, steps: all}).classify(err)
	}
	return nil
}
