package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/sharing"
)

// beatsPerClock is after how many beats the database's clock is read again.
const beatsPerClock = 4

// startBeating moves the beat of this process until the sender is stopped: until the last answer
// is recorded, whatever becomes of ctx.
func (l *core) startBeating(ctx context.Context) {
	s := l.sender
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.beats.Go(func() {
		var db *database
		defer func() {
			if db != nil {
				_ = db.Close() // it holds nothing
			}
		}()
		ticks := time.NewTicker(sharing.BeatInterval(s.as.Lease))
		defer ticks.Stop()
		for n := 1; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
				db = l.beatOnce(ctx, db, n%beatsPerClock == 0)
			}
		}
	})
}

func (s *sender) stop() {
	if s.cancel != nil {
		s.cancel()
	}
	s.beats.Wait()
}

// beatOnce gives one sign of life, and looks after the other senders. It returns the
// connection for the next one, nil for none.
func (l *core) beatOnce(ctx context.Context, db *database, readsClock bool) *database {
	s := l.sender
	ctx, cancel := context.WithTimeout(ctx, max(s.as.Lease/2, time.Second))
	defer cancel()
	if db == nil {
		var err error
		if db, err = l.address.connect(ctx, roleBeat); err != nil {
			return nil
		}
		readsClock = true
	}
	err := l.moveBeat(ctx, db)
	if err == nil && readsClock {
		err = l.readClock(ctx, db)
	}
	if err == nil {
		err = l.watchOthers(ctx, db)
	}
	if err == nil {
		err = l.sweepEnded(ctx, db)
	}
	if err == nil {
		err = l.sweepForgotten(ctx, db)
	}
	if err != nil && failureOf(err, !db.pg.IsClosed()) != failureRace || db.pg.PgConn().TxStatus() != 'I' {
		_ = db.Close() // the next beat makes another one
		return nil
	}
	return db
}

// moveBeat extends the lease, or joins again if this process was declared ended.
func (l *core) moveBeat(ctx context.Context, db *database) error {
	s := l.sender
	present, asked := s.present.Load(), s.clock.elapsed()
	n, err := db.Exec(ctx, "UPDATE sender SET beat = beat + 1, beat_us = "+nowMicros+" WHERE id = ? AND token = ? AND ended_us IS NULL", []any{present.id, present.token})
	switch {
	case err != nil:
		return err
	case n > 0:
		s.noting.Lock()
		defer s.noting.Unlock()
		if s.present.Load() == present && !s.hasLeft.Load() {
			s.lease.Extend(asked, s.as.Lease)
		}
		return nil
	}
	return l.rejoin(ctx, db, present)
}

// watchOthers declares those senders ended that have been silent for a lease.
func (l *core) watchOthers(ctx context.Context, db *database) error {
	s := l.sender
	rivals, err := db.readRivals(ctx, s.present.Load().id)
	if err != nil {
		return err
	}
	beats, byID := make([]sharing.Beat, len(rivals)), map[int64]rival{}
	for i, r := range rivals {
		beats[i], byID[r.Sender] = r.Beat, r
	}
	for _, b := range s.watch.FindSilent(s.clock.elapsed(), beats) {
		if err := l.declareOn(ctx, db, byID[b.Sender]); err != nil {
			return err
		}
	}
	return nil
}

// readRivals returns the senders that have not ended, but for one.
func (d *database) readRivals(ctx context.Context, but int64) (all []rival, err error) {
	rows, err := d.pg.Query(ctx, "SELECT id, beat, host, pid, command, lease_us, is_alone = 1 FROM sender WHERE swept = 0 AND ended_us IS NULL AND id <> $1", but)
	if err != nil {
		return nil, err
	}
	var r rival
	var lease int64
	_, err = pgx.ForEachRow(rows, []any{&r.Sender, &r.Count, &r.host, &r.pid, &r.command, &lease, &r.isAlone}, func() error {
		r.Lease = time.Duration(lease) * time.Microsecond
		all = append(all, r)
		return nil
	})
	return all, err
}

// declareEnded is declareOn on the connection for writes.
func (l *core) declareEnded(ctx context.Context, other rival) error {
	return l.writeUnfenced(ctx, func(ctx context.Context, t *tx) error { return l.declare(ctx, t.db, other) })
}

// declareOn ends a sender whose beat has not moved, in a transaction of its own.
func (l *core) declareOn(ctx context.Context, db *database, other rival) error {
	return db.inTransaction(ctx, func(pgx.Tx) error { return l.declare(ctx, db, other) })
}

// declare ends a sender whose beat has not moved. The requests that it has begun are over
// once its time-out has passed. Its slices are free.
func (l *core) declare(ctx context.Context, db *database, other rival) error {
	by := any(nil)
	if present := l.sender.present.Load(); present != nil {
		by = present.id
	}
	n, err := db.Exec(ctx, "UPDATE sender SET ended_us = "+nowMicros+", ended_by = ?, end_reason = 'silent', closes_us = "+nowMicros+
		" + timeout_us WHERE id = ? AND beat = ? AND ended_us IS NULL", []any{by, other.Sender, other.Count})
	if err != nil || n == 0 {
		return err
	}
	l.note(fmt.Sprintf("%s (process %d) had stopped without closing the ledger; this process continues in its place", other.host, other.pid))
	_, err = db.Exec(ctx, "UPDATE claim SET sender = NULL WHERE sender = ?", []any{other.Sender})
	return err
}

// inTransaction runs a transaction on a connection that has none.
func (d *database) inTransaction(ctx context.Context, do func(pgx.Tx) error) error {
	tx, err := d.pg.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// sweepEnded closes the attempts that ended senders left open and whose requests are over.
func (l *core) sweepEnded(ctx context.Context, db *database) error {
	rows, err := db.queryAll(ctx, "SELECT id FROM sender WHERE swept = 0 AND ended_us IS NOT NULL AND closes_us < "+nowMicros+" ORDER BY id")
	if err != nil {
		return err
	}
	for _, row := range rows {
		id, _ := row[0].(int64) // the column is a bigint
		if err := db.inTransaction(ctx, func(pgx.Tx) error {
			if err := l.sweep(ctx, db, "sender = ?", id); err != nil {
				return err
			}
			_, err := db.Exec(ctx, "UPDATE sender SET swept = 1 WHERE id = ?", []any{id})
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// sweepForgotten closes attempts of this process that it does not know of, because the
// answer to their commit was lost: nobody will send or close them.
func (l *core) sweepForgotten(ctx context.Context, db *database) error {
	select {
	case l.lock <- struct{}{}: // no write is under way whose attempts are not noted yet
		defer l.unlockWrites()
	default:
		return nil
	}
	s := l.sender
	rows, err := db.queryAll(ctx, "SELECT id FROM attempt WHERE class = '' AND sender = $1 AND not_before_us < "+nowMicros+" - $2::bigint",
		s.present.Load().id, (s.as.Lease + s.as.Timeout).Microseconds())
	if err != nil {
		return err
	}
	var forgotten []int64
	for _, row := range rows {
		if id, _ := row[0].(int64); !s.lease.HasAttempt(id) {
			forgotten = append(forgotten, id)
		}
	}
	if len(forgotten) == 0 {
		return nil
	}
	return db.inTransaction(ctx, func(pgx.Tx) error { return l.sweep(ctx, db, "id = ANY (?)", forgotten) })
}

// sweep closes open attempts as unanswered at this moment, inside a transaction.
// Customers are locked first, as all writes do.
func (l *core) sweep(ctx context.Context, db *database, which string, arg any) error {
	locked, err := db.queryAll(ctx, db.rewriteStatement("SELECT id FROM customer WHERE id IN (SELECT customer FROM attempt WHERE class = '' AND "+which+") ORDER BY id FOR UPDATE"), arg)
	if err != nil || len(locked) == 0 {
		return err
	}
	t := &tx{conn: newConn(db, l.info.Environment, &l.keys)}
	return l.closeAttempts(ctx, t, which, l.sender.server.now(), arg)
}

// serverClock is the clock of the database as this process knows it.
type serverClock struct {
	mu   sync.Mutex
	host hostClock
	at   time.Time // zero: not read yet
	read time.Duration
}

// now returns the present by the database's clock.
func (c *serverClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return ledger.TruncateTime(time.Now())
	}
	return ledger.TruncateTime(c.at.Add(c.host.elapsed() - c.read))
}

// maxJump is by how much the database's clock may differ from what was expected of it
// before that is said.
const maxJump = 2 * time.Second

// readClock reads the database's clock: what it says in the middle of the call.
func (l *core) readClock(ctx context.Context, db *database) error {
	c := &l.sender.server
	var micros int64
	began := c.host.elapsed()
	if err := db.QueryOne(ctx, "SELECT "+nowMicros, nil, []any{&micros}); err != nil {
		return err
	}
	middle := began + (c.host.elapsed()-began)/2
	at := time.UnixMicro(micros).UTC()
	expected := c.now()
	c.mu.Lock()
	isFirst := c.at.IsZero()
	jump := at.Sub(expected.Add(middle - c.host.elapsed()))
	c.at, c.read = at, middle
	c.mu.Unlock()
	if !isFirst && jump.Abs() > maxJump {
		l.note(fmt.Sprintf("the clock of the database jumped by %s", jump.Round(time.Millisecond)))
	}
	return nil
}
