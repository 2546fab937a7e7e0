package postgres

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// writer is the connection for writes, which are made one at a time.
type writer struct {
	canWrite  bool
	lock      chan struct{} // holds the right to write
	conn      *conn         // nil while there is none
	failed    error         // of the first fatal failure; every later write is refused with it
	confirmed int64         // sender.writes of the last confirmed transaction
}

var (
	// errFenced says that this process was declared ended while it was silent.
	errFenced = errors.New("this process was silent for too long, so another one continues in its place; start the same command again")
	// errLostCommits says that the database has forgotten what it had confirmed.
	errLostCommits = errors.New("the database has lost commits that it had confirmed: after a failover, or because an older copy was put in its place")
)

// transaction says what a transaction holds from its beginning.
type transaction int

const (
	holdLedger transaction = iota // the ledger's row, for everything but the send pass: one at a time, of all processes
	holdSender                    // the own sender's row, which shows that this process may still send
)

// tx is a transaction under way.
type tx struct {
	*conn
	isAgain bool  // it was begun before, and what came of it is not known
	writes  int64 // of the sender, with this transaction
}

// lockWrites waits for the right to write, which unlockWrites gives back.
func (l *core) lockWrites(ctx context.Context) error {
	if !l.canWrite {
		return fmt.Errorf("%s is open for reading only: %w", l.address.text, ledger.ErrWrite)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case l.lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := l.failed; err != nil {
		l.unlockWrites()
		return err
	}
	return nil
}

func (l *core) unlockWrites() { <-l.lock }

// requireSender refuses what only the sender may do.
func (l *core) requireSender() error {
	if l.sender == nil {
		return fmt.Errorf("%s is not open for sending: %w", l.address.text, ledger.ErrWrite)
	}
	return nil
}

// write runs one transaction, which is on the disk when it returns nil. Once begun it is
// not interrupted by ctx.
func (l *core) write(ctx context.Context, hold transaction, do func(context.Context, *tx) error) error {
	return l.retryUntilKnown(ctx, func(ctx context.Context, t *tx) error {
		if err := l.begin(ctx, t, hold); err != nil {
			return err
		}
		if err := do(ctx, t); err != nil {
			return err
		}
		_, err := t.db.pg.Exec(ctx, "COMMIT")
		return err
	})
}

// CheckWritable commits a transaction that changes nothing, and so finds out whether the
// ledger can be written. Its errors are those of any write.
func (l *core) CheckWritable(ctx context.Context) error {
	return l.write(ctx, holdLedger, func(context.Context, *tx) error { return nil })
}

// writeAsSender is write for what only the sender may do.
func (l *core) writeAsSender(ctx context.Context, do func(context.Context, *tx) error) error {
	if err := l.requireSender(); err != nil {
		return err
	}
	return l.write(ctx, holdLedger, do)
}

// retryUntilKnown calls do, which runs a whole transaction, until it is known what became of it:
// for the ledger's patience while the server cannot be reached, or its answer was lost.
func (l *core) retryUntilKnown(ctx context.Context, do func(context.Context, *tx) error) error {
	if err := l.lockWrites(ctx); err != nil {
		return err
	}
	defer l.unlockWrites()
	stop := ctx.Done()
	ctx = context.WithoutCancel(ctx)
	began, pause := time.Now(), 20*time.Millisecond
	for isAgain := false; ; isAgain = true {
		err := l.tryOnce(ctx, isAgain, do)
		if err == nil {
			return nil
		}
		switch failureOf(err, l.conn != nil) {
		case failureRefusal:
			return fmt.Errorf("%s: %w", l.address.text, err)
		case failureFatal:
			return l.failWrites(err)
		case failureRace, failureUnavailable:
		}
		select {
		case <-time.After(pause):
		case <-stop: // nobody waits for it any more
			return fmt.Errorf("%s: %w: %w", l.address.text, plainError(err), ledger.ErrUnavailable)
		}
		if time.Since(began) > l.options.Patience {
			return fmt.Errorf("%s: after %s: %w: %w", l.address.text, l.options.Patience, plainError(err), ledger.ErrUnavailable)
		}
		pause = min(2*pause, time.Second)
	}
}

// failWrites makes the ledger refuse all later writes. The right to write is held.
func (l *core) failWrites(err error) error {
	l.failed = fmt.Errorf("%s: %w: %w", l.address.text, plainError(err), ledger.ErrWrite)
	if errors.Is(err, errLostCommits) {
		l.failed = fmt.Errorf("%w: %w", l.failed, ledger.ErrDamaged)
	}
	return l.failed
}

// tryOnce makes one try. A connection that is unfit for another is closed.
func (l *core) tryOnce(ctx context.Context, isAgain bool, do func(context.Context, *tx) error) error {
	if l.conn == nil {
		db, err := l.address.connect(ctx, roleWrite)
		if err != nil {
			return err
		}
		l.conn = newConn(db, l.info.Environment, &l.keys)
	}
	t := &tx{conn: l.conn, isAgain: isAgain}
	t.db.isOnlyLocal = false
	err := recoverPanic(func() error { return do(ctx, t) })
	if err == nil && t.db.isOnlyLocal {
		return fmt.Errorf("the commit did not reach the standby that must have it: %w", ledger.ErrUnavailable)
	}
	if err == nil {
		l.confirmed = max(l.confirmed, t.writes)
		return nil
	}
	if t.db.pg.IsClosed() || failureOf(err, true) == failureUnavailable {
		_ = l.conn.Close() // the first error counts
		l.conn = nil
		return err
	}
	if _, undone := t.db.pg.Exec(ctx, "ROLLBACK"); undone != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
	return err
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

const fence = "UPDATE sender SET writes = writes + 1 WHERE id = $1 AND ended_us IS NULL RETURNING writes"

// begin begins a transaction whose plans need not be those of the send pass.
func (l *core) begin(ctx context.Context, t *tx, hold transaction) error {
	text := "BEGIN" + coldPlans
	if hold == holdLedger {
		text += "; SELECT FROM ledger FOR UPDATE"
	}
	if err := t.db.ExecScript(ctx, text, nil); err != nil {
		return err
	}
	if l.sender == nil { // a sender may have closed the ledger meanwhile
		return t.CheckMoved(ctx, l.options.MovedTo)
	}
	err := t.db.pg.QueryRow(ctx, fence, l.sender.id).Scan(&t.writes)
	return l.checkFence(t, err)
}

// checkFence refuses to write for a sender that was declared ended, or into a database
// that has lost commits.
func (l *core) checkFence(t *tx, err error) error {
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		l.sender.isLost.Store(true)
		return errFenced
	case err == nil && t.writes <= l.confirmed:
		return errLostCommits
	}
	return err
}
