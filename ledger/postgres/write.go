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
	canWrite bool
	lock     chan struct{} // holds the right to write
	conn     *conn         // nil while there is none
	failed   error         // of the first fatal failure; every later write is refused with it
	memory   memory        // of what was confirmed last

	ignoresLease bool // for tests: requests may begin without a lease
}

var (
	// errFenced says that this process was declared ended while it was silent.
	errFenced = errors.New("this process was silent for too long, so another one continues in its place; start the same command again")
	// errEnded says that the present number of this process was declared ended.
	errEnded = errors.New("this sender has ended")
)

// transaction says what a transaction holds from its beginning.
type transaction int

const (
	holdLedger   transaction = iota // the ledger's row, for everything but the send pass: one at a time, of all processes
	holdSender                      // the own sender's row, which shows that this process may still send
	holdUnfenced                    // the ledger's row, before this process is a sender
)

// tx is a transaction under way.
type tx struct {
	*conn
	isAgain bool  // it was begun before, and what came of it is not known
	term    *term // under which it is fenced; nil of one that is not
	writes  int64 // of the sender, with this transaction
	done    *deed // what it does, if it is to be remembered; nil = nothing

	onCommit func() // called once it is confirmed; nil = nothing
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
	if l.sender == nil || l.sender.hasLeft.Load() {
		return fmt.Errorf("%s is not open for sending: %w", l.address.text, ledger.ErrWrite)
	}
	return nil
}

// isSender reports whether writes are fenced by a number of this process.
func (l *core) isSender() bool {
	return l.sender != nil && l.sender.present.Load() != nil && !l.sender.hasLeft.Load()
}

// write runs one transaction, which is on the disk when it returns nil. Once begun it is
// not interrupted by ctx.
func (l *core) write(ctx context.Context, hold transaction, do func(context.Context, *tx) error) error {
	return l.retryUntilKnown(ctx, l.options.Patience, func(ctx context.Context, t *tx) error {
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
// for its patience while the server cannot be reached, or its answer was lost.
func (l *core) retryUntilKnown(ctx context.Context, patience time.Duration, do func(context.Context, *tx) error) error {
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
		wait := patience
		switch failureOf(err, l.conn != nil) {
		case failureRefusal:
			return fmt.Errorf("%s: %w", l.address.text, err)
		case failureFatal:
			return l.failWrites(err)
		case failureRace:
			wait = max(wait, timeToRace)
		case failureUnavailable:
		}
		select {
		case <-time.After(pause):
		case <-stop: // nobody waits for it any more
			return fmt.Errorf("%s: %w: %w", l.address.text, plainError(err), ledger.ErrUnavailable)
		}
		if time.Since(began) > wait {
			return fmt.Errorf("%s: after %s: %w: %w", l.address.text, wait, plainError(err), ledger.ErrUnavailable)
		}
		pause = min(2*pause, time.Second)
	}
}

// failWrites makes the ledger refuse all later writes. The right to write is held.
func (l *core) failWrites(err error) error {
	l.failed = fmt.Errorf("%s: %w: %w", l.address.text, plainError(err), ledger.ErrWrite)
	return l.failed
}

// timeToRace is how long a call is made again for other transactions that hold what it
// needs, such as the commit of a long check pass.
const timeToRace = time.Minute

// tryOnce makes one try. Before it, the process joins again if it was declared ended, and
// writes again what the database has lost.
func (l *core) tryOnce(ctx context.Context, isAgain bool, do func(context.Context, *tx) error) error {
	if l.conn == nil {
		db, err := l.address.connect(ctx, roleWrite)
		if err != nil {
			return err
		}
		l.conn = newConn(db, l.info.Environment, &l.keys)
	}
	err := healer{l}.heal(ctx)
	if err == nil {
		err = l.runOnce(ctx, isAgain, do)
	}
	for errors.Is(err, errEnded) || errors.Is(err, errLostCommits) {
		if errors.Is(err, errEnded) {
			err = l.dropUnfit(ctx, l.rejoinInTime(ctx))
		} else {
			err = nil
		}
		if err == nil {
			err = healer{l}.heal(ctx)
		}
		if err == nil {
			err = l.runOnce(ctx, true, do)
		}
	}
	return err
}

// rejoinInTime is rejoin for a group of the send pass, whose answers must be saved elsewhere if
// the server has fallen silent.
func (l *core) rejoinInTime(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, timeToRecord)
	defer cancel()
	return l.rejoin(ctx, l.conn.db, l.sender.present.Load())
}

// runOnce runs a transaction once.
func (l *core) runOnce(ctx context.Context, isAgain bool, do func(context.Context, *tx) error) error {
	t := &tx{conn: l.conn, isAgain: isAgain}
	t.db.isOnlyLocal = false
	err := recoverPanic(func() error { return do(ctx, t) })
	if err == nil && t.db.isOnlyLocal {
		return fmt.Errorf("the commit did not reach the standby that must have it: %w", ledger.ErrUnavailable)
	}
	if err == nil && t.term != nil {
		l.noteWrite(t.term, t.writes)
		l.memory.add(l.sender.clock.elapsed(), t)
	}
	if err == nil && t.onCommit != nil {
		t.onCommit()
	}
	return l.dropUnfit(ctx, err)
}

// dropUnfit leaves the connection fit for another transaction after an error, or closes
// it.
func (l *core) dropUnfit(ctx context.Context, err error) error {
	db := l.conn.db
	switch {
	case err == nil:
		return nil
	case db.pg.IsClosed() || failureOf(err, true) == failureUnavailable:
		_ = l.conn.Close() // the first error counts
		l.conn = nil
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeToRecord)
	defer cancel()
	if _, undone := db.pg.Exec(ctx, "ROLLBACK"); undone != nil {
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

const fence = "UPDATE sender SET writes = writes + 1, lost_since_us = NULL WHERE id = $1 AND token = $2 AND ended_us IS NULL RETURNING writes"

// begin begins a transaction whose plans need not be those of the send pass.
func (l *core) begin(ctx context.Context, t *tx, hold transaction) error {
	text := "BEGIN" + coldPlans
	if hold != holdSender {
		text += "; SELECT FROM ledger FOR UPDATE"
	}
	if err := t.db.ExecScript(ctx, text, nil); err != nil {
		return err
	}
	if hold == holdUnfenced || !l.isSender() { // a sender may have closed the ledger meanwhile
		return t.CheckMoved(ctx, l.options.MovedTo)
	}
	t.term = l.sender.present.Load()
	err := t.db.pg.QueryRow(ctx, fence, t.term.id, t.term.token).Scan(&t.writes)
	return l.checkFence(t, err)
}

// checkFence refuses to write for a sender that was declared ended, or into a database
// that has lost commits.
func (l *core) checkFence(t *tx, err error) error {
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return errEnded
	case err == nil && t.writes <= t.term.confirmed.Load():
		l.sender.lost.Store(&lostCommits{t.term, t.writes - 1})
		return errLostCommits
	}
	return err
}
