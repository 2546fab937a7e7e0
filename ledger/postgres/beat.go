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
// is recorded, whatever becomes of ctx. Its connection is made before, so that a server which
// has no more room for it says so while nothing is sent.
func (l *core) startBeating(ctx context.Context) error {
	s := l.sender
	b := beat{core: l}
	if err := l.retryReading(ctx, func() (canRetry bool, err error) {
		b.db, err = l.address.connect(ctx, roleBeat)
		return true, l.classify(err, false)
	}); err != nil {
		return err
	}
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.beats.Go(func() {
		defer b.close()
		ticks := time.NewTicker(sharing.BeatInterval(s.as.Lease))
		defer ticks.Stop()
		for n := 1; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
				b.moveOnce(ctx, n%beatsPerClock == 0)
			}
		}
	})
	return nil
}

func (s *sender) stop() {
	if s.cancel != nil {
		s.cancel()
	}
	s.beats.Wait()
}

// beat gives the signs of life of a sender, and looks after the others.
type beat struct {
	*core
	db *database // nil while there is none
}

func (b *beat) close() {
	if b.db != nil {
		_ = b.db.Close() // it holds nothing
		b.db = nil
	}
}

// moveOnce gives one sign of life, and looks after the other senders.
func (b *beat) moveOnce(ctx context.Context, readsClock bool) {
	ctx, cancel := context.WithTimeout(ctx, max(b.sender.as.Lease/2, time.Second))
	defer cancel()
	if b.db == nil {
		var err error
		if b.db, err = b.address.connect(ctx, roleBeat); err != nil {
			b.db = nil
			return
		}
		readsClock = true
	}
	err := b.move(ctx)
	if err == nil && readsClock {
		err = b.readClock(ctx, b.db)
	}
	if err == nil {
		err = b.watchOthers(ctx)
	}
	if err == nil {
		err = b.sweepEnded(ctx)
	}
	if err == nil {
		err = b.sweepForgotten(ctx)
	}
	if err != nil && failureOf(err, !b.db.pg.IsClosed()) != failureRace || b.db.pg.PgConn().TxStatus() != 'I' {
		b.close() // the next one makes another connection
	}
}

// move extends the lease, or joins again if this process was declared ended.
func (b *beat) move(ctx context.Context) error {
	s := b.sender
	present, asked := s.present.Load(), s.clock.elapsed()
	n, err := b.db.Exec(ctx, "UPDATE sender SET beat = beat + 1, beat_us = "+nowMicros+" WHERE id = ? AND token = ? AND ended_us IS NULL", []any{present.id, present.token})
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
	return b.rejoin(ctx, b.db, present)
}

// watchOthers declares those senders ended that have been silent for a lease.
func (b *beat) watchOthers(ctx context.Context) error {
	s := b.sender
	rivals, err := b.db.readRivals(ctx, s.present.Load().id)
	if err != nil {
		return err
	}
	beats, byID := make([]sharing.Beat, len(rivals)), map[int64]rival{}
	for i, r := range rivals {
		beats[i], byID[r.Sender] = r.Beat, r
	}
	for _, silent := range s.watch.FindSilent(s.clock.elapsed(), beats) {
		if err := b.db.inTransaction(ctx, func(pgx.Tx) error { return b.declare(ctx, b.db, byID[silent.Sender]) }); err != nil {
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

// declare ends a sender whose beat has not moved, inside a transaction. The requests that it has begun are over
// once its time-out has passed. Its slices are free.
func (l *core) declare(ctx context.Context, db *database, other rival) error {
	by := any(nil)
	if present := l.sender.present.Load(); present != nil {
		by = present.id
	}
	var since time.Time
	if rows, err := db.queryAll(ctx, "SELECT lost_since_us FROM sender WHERE id = $1 AND lost_since_us IS NOT NULL", other.Sender); err != nil {
		return err
	} else if len(rows) > 0 {
		micros, _ := rows[0][0].(int64) // the column is a bigint
		since = time.UnixMicro(micros)
		if _, err := db.Exec(ctx, "SELECT FROM ledger FOR UPDATE", nil); err != nil {
			return err
		}
	}
	n, err := db.Exec(ctx, "UPDATE sender SET ended_us = "+nowMicros+", ended_by = ?, end_reason = 'silent', closes_us = "+nowMicros+
		" + timeout_us WHERE id = ? AND beat = ? AND ended_us IS NULL", []any{by, other.Sender, other.Count})
	if err != nil || n == 0 {
		return err
	}
	l.note(fmt.Sprintf("%s (process %d) had stopped without closing the ledger; this process continues in its place", other.host, other.pid))
	if !since.IsZero() {
		if err := (gapBook{l}).noteUnhealed(ctx, &tx{conn: newConn(db, l.info.Environment, &l.keys)}, since); err != nil {
			return err
		}
	}
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
func (b *beat) sweepEnded(ctx context.Context) error {
	rows, err := b.db.queryAll(ctx, "SELECT id FROM sender WHERE swept = 0 AND ended_us IS NOT NULL AND closes_us < "+nowMicros+" ORDER BY id")
	if err != nil {
		return err
	}
	for _, row := range rows {
		id, _ := row[0].(int64) // the column is a bigint
		if err := b.db.inTransaction(ctx, func(pgx.Tx) error {
			if err := b.sweep(ctx, "sender = ?", id); err != nil {
				return err
			}
			_, err := b.db.Exec(ctx, "UPDATE sender SET swept = 1 WHERE id = ?", []any{id})
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// sweepForgotten closes attempts of this process that it does not know of, because the
// answer to their commit was lost: nobody will send or close them.
func (b *beat) sweepForgotten(ctx context.Context) error {
	select {
	case b.lock <- struct{}{}: // no write is under way whose attempts are not noted yet
		defer b.unlockWrites()
	default:
		return nil
	}
	s := b.sender
	rows, err := b.db.queryAll(ctx, "SELECT id FROM attempt WHERE class = '' AND sender = $1 AND not_before_us < "+nowMicros+" - $2::bigint",
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
	return b.db.inTransaction(ctx, func(pgx.Tx) error { return b.sweep(ctx, "id = ANY (?)", forgotten) })
}

// sweep closes open attempts as unanswered at this moment, inside a transaction.
// Customers are locked first, as all writes do.
func (b *beat) sweep(ctx context.Context, which string, arg any) error {
	locked, err := b.db.queryAll(ctx, b.db.rewriteStatement("SELECT id FROM customer WHERE id IN (SELECT customer FROM attempt WHERE class = '' AND "+which+") ORDER BY id FOR UPDATE"), arg)
	if err != nil || len(locked) == 0 {
		return err
	}
	t := &tx{conn: newConn(b.db, b.info.Environment, &b.keys)}
	return b.closeAttempts(ctx, t, which, b.sender.server.now(), arg)
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

// presentTime returns the time by the database's clock; by that of the host without a
// sender.
func (s *sender) presentTime() time.Time {
	if s == nil {
		return time.Now()
	}
	return s.server.now()
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
