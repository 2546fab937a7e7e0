package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

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
	if err := l.failed; err != nil {
		l.leave()
		return err
	}
	return nil
}

func (l *Ledger) leave() { <-l.turn }

// shared is how many writes one commit may carry.
const shared = 8

// writing is a write that waits for its turn.
type writing struct {
	do   func(context.Context) error
	err  error
	done bool // settled by another's commit; read and written by who has the turn
}

func (w *writing) settle(err error) {
	w.done = true
	if w.err == nil {
		w.err = err
	}
}

// write runs one transaction. Once begun it is not interrupted by ctx. Writes
// that arrive while another is under way go into that one's commit: one fsync
// for all of them, and each still succeeds or is refused by itself.
func (l *Ledger) write(ctx context.Context, do func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &writing{do: do}
	l.queue.put(w)
	if err := l.enter(ctx); err != nil {
		if l.queue.drop(w) {
			return err
		}
		l.turn <- struct{}{} // somebody has taken it: see what became of it
		defer l.leave()
		return w.err
	}
	defer l.leave()
	for !w.done {
		l.together(context.WithoutCancel(ctx))
	}
	return w.err
}

// together runs what is queued, and what arrives meanwhile, in one transaction.
// A write that is refused by rule begins it anew without that write: rare
// enough to be cheaper than a savepoint around each.
func (l *Ledger) together(ctx context.Context) {
	var group []*writing
	settle := func(err error) {
		for _, w := range group {
			w.settle(err)
		}
	}
	for again := true; again; {
		err := l.failed // by a write before, in whose commit these were not
		if err == nil {
			err = l.begin(ctx)
		}
		if err != nil {
			group = append(group, l.queue.take(shared-len(group))...)
			settle(err)
			return
		}
		var refused *writing
		group, refused, err = l.parts(ctx, group)
		switch {
		case err != nil:
			settle(l.undo(ctx, err))
			return
		case refused == nil:
			settle(l.commit(ctx))
			return
		}
		if err := l.rollBack(ctx); err != nil {
			settle(l.fail(err))
			return
		}
		refused.settle(nil)
		group = slices.DeleteFunc(group, func(w *writing) bool { return w == refused })
		again = len(group) > 0
	}
}

// parts runs the writes of a group and of what waits, up to shared. It ends at
// the first that is refused.
func (l *Ledger) parts(ctx context.Context, group []*writing) (all []*writing, refused *writing, err error) {
	for i := 0; i < shared; i++ {
		if i == len(group) {
			next := l.queue.take(1)
			if len(next) == 0 {
				break
			}
			group = append(group, next[0])
		}
		switch err := part(ctx, group[i]); {
		case isRule(err):
			group[i].err = fmt.Errorf("%s: %w", l.path, err)
			return group, group[i], nil
		case err != nil:
			return group, nil, err
		}
	}
	return group, nil, nil
}

// part runs one write of several. It may be run again when another of them is refused.
func part(ctx context.Context, w *writing) (err error) {
	defer func() { // it may be somebody else's write that panics here
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return w.do(ctx)
}

// isRule reports whether an error is a refusal that leaves the ledger fit for use.
func isRule(err error) bool {
	return errors.Is(err, ledger.ErrConflict) || errors.Is(err, ledger.ErrNotFound) || errors.Is(err, ledger.ErrAccount)
}

// writeQueue is the writes that wait. Its zero value is ready.
type writeQueue struct {
	mu   sync.Mutex
	list []*writing
}

func (q *writeQueue) put(w *writing) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, w)
}

// take removes at most n writes, oldest first.
func (q *writeQueue) take(n int) []*writing {
	q.mu.Lock()
	defer q.mu.Unlock()
	n = min(n, len(q.list))
	out := q.list[:n:n]
	q.list = q.list[n:]
	return out
}

// drop removes one write, if nobody has taken it.
func (q *writeQueue) drop(w *writing) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := slices.Index(q.list, w)
	if at >= 0 {
		q.list = slices.Delete(q.list, at, at+1)
	}
	return at >= 0
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
	if err := l.w.do(ctx, "BEGIN IMMEDIATE"); err != nil {
		if l.lock == nil && isBusy(err) {
			return fmt.Errorf("%s: another command is writing to it, come back later: %w", l.path, ErrBusy)
		}
		return l.fail(err)
	}
	if err := l.refresh(ctx); err != nil {
		return l.undo(ctx, err)
	}
	return nil
}

// refresh makes the writing connection know what is under way: its own writes
// it knows already.
func (l *Ledger) refresh(ctx context.Context) error {
	version, err := l.w.dataVersion(ctx)
	if err != nil {
		return err
	}
	if version == l.version && l.w.under != nil {
		return nil
	}
	if version != l.version {
		if err := l.othersWrote(ctx); err != nil {
			return err
		}
	}
	all, err := l.w.readUnderway(ctx)
	if err == nil {
		l.w.under, l.version = all, version
	}
	return err
}

// othersWrote forgets what is known of the file without looking.
func (l *Ledger) othersWrote(ctx context.Context) error {
	l.seq = 0
	if l.late == nil {
		return nil
	}
	var empty bool
	err := l.w.one(ctx, "SELECT NOT EXISTS (SELECT 1 FROM services)", nil, &empty)
	if err == nil {
		l.late.empty(empty)
	}
	return err
}

// dataVersion changes with the commits of other connections.
func (v *view) dataVersion(ctx context.Context) (version int64, err error) {
	err = v.one(ctx, "PRAGMA data_version", nil, &version)
	return version, err
}

// commit is on the disk when it returns nil. If it fails nobody knows: every
// later write is refused.
func (l *Ledger) commit(ctx context.Context) error {
	err := l.count(ctx)
	if err == nil {
		err = l.w.do(ctx, "COMMIT")
	}
	if err != nil {
		return l.undo(ctx, err)
	}
	if l.backup != nil {
		l.backup.Note(l.seq)
	}
	l.w.changed = false
	if l.late != nil {
		l.late.committed()
	}
	return nil
}

// count counts the write that is about to be committed. The number of the last
// one is known, unless somebody else has written since.
func (l *Ledger) count(ctx context.Context) error {
	if l.seq == 0 {
		return l.w.one(ctx, "UPDATE state SET seq = seq + 1, changed = changed + ? RETURNING seq", []any{l.w.changed}, &l.seq)
	}
	l.seq++
	return l.w.do(ctx, "UPDATE state SET seq = seq + 1, changed = changed + ?", l.w.changed)
}

// undo rolls back. A refusal by rule leaves the ledger fit for use, anything
// else does not.
func (l *Ledger) undo(ctx context.Context, cause error) error {
	err := l.rollBack(ctx)
	if isRule(cause) && err == nil {
		return fmt.Errorf("%s: %w", l.path, cause)
	}
	return l.fail(cause) // the roll-back of a failed transaction may fail too; its cause is what counts
}

// rollBack ends a transaction as if it had never begun.
func (l *Ledger) rollBack(ctx context.Context) error {
	l.w.chunks.forget()
	l.w.under, l.w.changed, l.seq = nil, false, 0
	if l.late != nil {
		l.late.undone()
	}
	return l.w.run(ctx, "ROLLBACK")
}

// fail makes the ledger refuse all later writes.
func (l *Ledger) fail(err error) error {
	l.failed = fmt.Errorf("%w; stop, mend the disk (space, mount, hardware) and run the same command again: %w", l.sick(err), ledger.ErrWrite)
	return l.failed
}
