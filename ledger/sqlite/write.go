package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// ErrBusy says that a ledger opened with Concurrent could not write for some
// seconds, because the process that holds the lock was writing, as in a check pass.
// Nothing was written, and the same call can be made again.
var ErrBusy = errors.New("ledger is busy")

// lockWrites waits for the right to write, which unlockWrites gives back.
func (l *database) lockWrites(ctx context.Context) error {
	if l.writer == nil {
		return fmt.Errorf("%s is open for reading only: %w", l.path, ledger.ErrWrite)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case l.writeLock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := l.failed; err != nil {
		l.unlockWrites()
		return err
	}
	return nil
}

func (l *database) unlockWrites() { <-l.writeLock }

// requireLock refuses what only the process that holds the lock may do.
func (l *database) requireLock() error {
	if l.lock == nil {
		return fmt.Errorf("%s is not held: %w", l.path, ledger.ErrWrite)
	}
	return nil
}

// write runs one transaction, which is on the disk when it returns nil. Once
// begun it is not interrupted by ctx.
func (l *database) write(ctx context.Context, do func(context.Context, *conn) error) error {
	return l.writeInFlight(ctx, func(ctx context.Context, c *conn) error {
		l.inFlight.clear()
		return do(ctx, c)
	})
}

// writeWithLock is write for what only the process that holds the lock may do.
func (l *database) writeWithLock(ctx context.Context, do func(context.Context, *conn) error) error {
	if err := l.requireLock(); err != nil {
		return err
	}
	return l.write(ctx, do)
}

// writeInFlight is write for Intend and Record, which keep inFlight true.
func (l *database) writeInFlight(ctx context.Context, do func(context.Context, *conn) error) error {
	if err := l.lockWrites(ctx); err != nil {
		return err
	}
	defer l.unlockWrites()
	ctx = context.WithoutCancel(ctx)
	if err := l.begin(ctx); err != nil {
		return err
	}
	err := recoverPanic(func() error {
		if l.lock == nil { // the process that holds the lock may have closed the ledger
			if err := l.w.CheckMoved(ctx, ""); err != nil {
				return err
			}
		}
		return do(ctx, l.w)
	})
	if err != nil {
		return l.rollBackWrite(ctx, err)
	}
	return l.commit(ctx)
}

// CheckWritable commits a transaction that changes nothing but the count of writes, and
// so finds out whether the ledger can be written. Its errors are those of any write.
func (l *database) CheckWritable(ctx context.Context) error {
	return l.write(ctx, func(context.Context, *conn) error { return nil })
}

// recoverPanic turns a panic into an error, so that the transaction is rolled back.
func recoverPanic(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return do()
}

// begin waits for other programs that write up to the busy timeout.
func (l *database) begin(ctx context.Context) error {
	err := l.w.Exec(ctx, "BEGIN IMMEDIATE")
	if err != nil && l.lock == nil && isBusy(err) {
		return fmt.Errorf("%s: another command is writing to it, come back later: %w", l.path, ErrBusy)
	}
	if err == nil {
		err = l.inFlight.check(ctx, l.w)
	}
	if err != nil {
		return l.failWith(err)
	}
	return nil
}

// commit counts the transaction and commits it. If that fails, the transaction may or may
// not be on disk, and every later write is refused.
func (l *database) commit(ctx context.Context) error {
	var writes int64
	err := l.w.QueryOne(ctx, "UPDATE ledger SET writes = writes + 1 RETURNING writes", nil, &writes)
	if err == nil {
		err = l.w.Exec(ctx, "COMMIT")
	}
	if err != nil {
		return l.rollBackWrite(ctx, err)
	}
	if l.emergency != nil {
		l.emergency.NoteWrite(writes)
	}
	return nil
}

// rollBackWrite rolls back. A refusal by rule leaves the ledger fit for use, any other
// error does not.
func (l *database) rollBackWrite(ctx context.Context, cause error) error {
	l.inFlight.clear()
	err := l.w.ExecScript(ctx, "ROLLBACK")
	if isRefusal(cause) && err == nil {
		return fmt.Errorf("%s: %w", l.path, cause)
	}
	return l.failWith(cause) // the roll-back of a failed transaction may fail too: its cause is what counts
}

// failWith makes the ledger refuse all later writes. The right to write is held.
func (l *database) failWith(err error) error {
	l.failed = fmt.Errorf("%w; free or repair the disk, then run the same command again: %w", l.classify(err), ledger.ErrWrite)
	return l.failed
}

// isRefusal reports whether an error is a refusal by rule.
func isRefusal(err error) bool {
	return errors.Is(err, ledger.ErrConflict) || errors.Is(err, ledger.ErrNotFound) || errors.Is(err, ledger.ErrAccount) || errors.Is(err, ledger.ErrMoved)
}

func isBusy(err error) bool {
	var e *driver.Error
	return errors.As(err, &e) && (e.Code()&0xff == codes.SQLITE_BUSY || e.Code()&0xff == codes.SQLITE_LOCKED)
}

// classify distinguishes a damaged file from other errors of SQLite, and adds the path.
func (l *database) classify(err error) error {
	if err == nil {
		return nil
	}
	if shape := shapeError(""); errors.As(err, &shape) {
		return datafile.Damaged(l.path, string(shape))
	}
	if version := versionError(0); errors.As(err, &version) {
		return otherVersion(l.path, int(version), newestSchema(l.steps))
	}
	if errors.Is(err, tables.ErrMalformed) {
		return datafile.Damaged(l.path, err.Error())
	}
	var e *driver.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB, codes.SQLITE_FORMAT, codes.SQLITE_ERROR, codes.SQLITE_MISMATCH:
			return datafile.Damaged(l.path, e.Error())
		}
	}
	return fmt.Errorf("%s: %w", l.path, err)
}

// snapshot is a connection that sees one state until end is called.
func (l *database) snapshot(ctx context.Context) (c *conn, end func(), err error) {
	r, err := l.readers.Get(ctx)
	if err != nil {
		return nil, nil, l.classify(err)
	}
	c = &conn{r}
	end = func() {
		// A read transaction has nothing to lose: if it cannot be ended, the
		// connection is closed with it.
		if err := c.Exec(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
			_ = c.Close()
			return
		}
		_ = l.readers.Put(r)
	}
	if err = c.Exec(ctx, "BEGIN"); err == nil {
		// The state is that of the first read. Another process may have moved the ledger
		// to another environment since it was opened.
		err = c.Query(ctx, "SELECT environment, detail_names FROM ledger", nil, func(r *record) error {
			c.Environment = r.Text()
			r.JSON(&c.DetailNames)
			return nil
		})
	}
	if err != nil {
		end()
		return nil, nil, l.classify(err)
	}
	return c, end, nil
}
