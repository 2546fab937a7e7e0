package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// enter waits for the right to write. Every enter has its leave.
func (l *Ledger) enter(ctx context.Context) error {
	if l.w == nil {
		return fmt.Errorf("%s is open for reading only: %w", l.path, ledger.ErrWrite)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if l.failed != nil {
		l.leave()
		return l.failed
	}
	return nil
}

func (l *Ledger) leave() { <-l.turn }

// write runs one transaction. Once begun it is not interrupted by ctx.
func (l *Ledger) write(ctx context.Context, do func(context.Context) error) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer l.leave()
	return l.transaction(ctx, do)
}

// transaction is write for who has the right to already.
func (l *Ledger) transaction(ctx context.Context, do func(context.Context) error) error {
	ctx = context.WithoutCancel(ctx)
	if err := l.begin(ctx); err != nil {
		return err
	}
	if err := do(ctx); err != nil {
		return l.undo(ctx, err)
	}
	return l.commit(ctx)
}

// begin waits for other writers up to the busy timeout: some shell may have
// the file open.
func (l *Ledger) begin(ctx context.Context) error {
	if err := l.w.run(ctx, "BEGIN IMMEDIATE"); err != nil {
		if l.lock == nil && isBusy(err) {
			return fmt.Errorf("%s: another command is writing to it, come back later: %w", l.path, ErrBusy)
		}
		return l.fail(err)
	}
	return nil
}

// commit is on the disk when it returns nil. If it fails nobody knows: every
// later write is refused.
func (l *Ledger) commit(ctx context.Context) error {
	var seq int64
	err := l.w.one(ctx, "UPDATE state SET seq = seq + 1 RETURNING seq", nil, &seq)
	if err == nil {
		err = l.w.run(ctx, "COMMIT")
	}
	if err != nil {
		return l.undo(ctx, err)
	}
	if l.backup != nil {
		l.backup.note(seq)
	}
	return nil
}

// undo rolls back. A refusal by rule leaves the ledger fit for use, anything
// else does not.
func (l *Ledger) undo(ctx context.Context, cause error) error {
	l.w.chunks.forget()
	err := l.w.run(ctx, "ROLLBACK")
	for _, rule := range []error{ledger.ErrConflict, ledger.ErrNotFound, ledger.ErrAccount} {
		if errors.Is(cause, rule) && err == nil {
			return fmt.Errorf("%s: %w", l.path, cause)
		}
	}
	return l.fail(cause) // the roll-back of a failed transaction may fail too; its cause is what counts
}

// fail makes the ledger refuse all later writes.
func (l *Ledger) fail(err error) error {
	l.failed = fmt.Errorf("%w; stop, mend the disk (space, mount, hardware) and run the same command again: %w", l.sick(err), ledger.ErrWrite)
	return l.failed
}
