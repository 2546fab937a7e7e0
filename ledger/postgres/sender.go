package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// sender is this process's right to send: a row that is its own as long as its beat moves.
type sender struct {
	id     int64
	until  atomic.Pointer[moment] // a request may begin before it
	isLost atomic.Bool            // it was declared ended
	cancel context.CancelFunc
	beats  sync.WaitGroup
}

// moment is a point in time by two clocks, one of which stops while the machine sleeps
// and the other of which can be set.
type moment struct{ monotonic, wall time.Time }

func presentMoment() moment {
	now := time.Now()
	return moment{now, now.Round(0)}
}

// since returns how long ago the moment was, by the clock that says more.
func (m moment) since() time.Duration {
	now := presentMoment()
	return max(now.monotonic.Sub(m.monotonic), now.wall.Sub(m.wall))
}

// rival is another sender that has not ended.
type rival struct {
	id, beat       int64
	host, command  string
	pid            int
	lease, timeout time.Duration
}

// watch is how long another sender has been seen to be silent, by this machine's clock:
// no clock is compared with another.
type watch struct {
	seen          rival
	since, looked time.Time
}

// look takes in what a look at the other sender has shown. It reports whether its beat has
// moved since the look before, and whether it has not for a whole lease. Where nobody
// looked for half a lease, the server may have been away, and the other sender could not
// have moved it: then the lease is counted from here.
func (w *watch) look(other rival, now time.Time) (isAlive, isSilent bool) {
	isSame := other.id == w.seen.id
	if !isSame || other.beat != w.seen.beat || now.Sub(w.looked) > other.lease/2 {
		isAlive = isSame && other.beat != w.seen.beat
		w.seen, w.since = other, now
	}
	w.looked = now
	return isAlive, now.Sub(w.since) > other.lease
}

// join makes this process the only sender. It waits until a silent one is surely over,
// and refuses with ErrLocked if another one shows that it is alive.
func (l *core) join(ctx context.Context) error {
	began, isSaid := time.Now(), false
	var w watch
	for {
		id, other, start, err := l.tryJoin(ctx)
		if err != nil {
			return err
		}
		if other.id == 0 {
			l.sender = l.startBeating(ctx, id, start)
			return nil
		}
		isAlive, isSilent := w.look(other, time.Now())
		switch {
		case isAlive && time.Since(began) >= l.options.LockTimeout:
			return l.errHeld(other)
		case isSilent:
			if err := l.declareSilent(ctx, other); err != nil {
				return err
			}
			continue
		case !isSaid:
			l.options.Say(fmt.Sprintf("%s (process %d) holds the ledger; waiting for a sign of life from it, at most %s", other.host, other.pid, other.lease))
			isSaid = true
		}
		select {
		case <-time.After(min(other.lease/16, time.Second)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// errHeld is ErrLocked with who holds the ledger.
func (l *core) errHeld(by rival) error {
	return fmt.Errorf("%s: %q on %s (process %d) is using it; wait for it to end, or stop it there: %w", l.address.text, by.command, by.host, by.pid, ledger.ErrLocked)
}

// tryJoin inserts the row of this process if no other sender is there, and returns its
// number, or else the other one. start is a moment before the row existed.
func (l *core) tryJoin(ctx context.Context) (id int64, other rival, start moment, err error) {
	host, who := nameOfHost(), nameOfUser()
	err = l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error {
		other, start = rival{}, presentMoment()
		var lease, timeout int64
		err := t.db.pg.QueryRow(ctx, "SELECT id, beat, host, pid, command, lease_us, timeout_us FROM sender WHERE ended_us IS NULL ORDER BY id LIMIT 1").
			Scan(&other.id, &other.beat, &other.host, &other.pid, &other.command, &lease, &timeout)
		other.lease, other.timeout = time.Duration(lease)*time.Microsecond, time.Duration(timeout)*time.Microsecond
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		other = rival{}
		return t.QueryOne(ctx, `INSERT INTO sender (host, pid, os_user, command, lease_us, timeout_us, began_us, beat_us)
			VALUES (?, ?, ?, ?, ?, ?, `+nowMicros+", "+nowMicros+") RETURNING id",
			[]any{host, os.Getpid(), who, l.options.Command, l.options.Lease.Microseconds(), l.options.Timeout.Microseconds()}, &id)
	})
	return id, other, start, err
}

// declareSilent ends a sender whose beat has not moved. The requests that it has begun
// are over once its time-out has passed.
func (l *core) declareSilent(ctx context.Context, other rival) error {
	n := 0
	err := l.write(ctx, holdLedger, func(ctx context.Context, t *tx) (err error) {
		n, err = t.ExecCount(ctx, "UPDATE sender SET ended_us = "+nowMicros+", end_reason = 'silent', closes_us = "+nowMicros+
			" + timeout_us WHERE id = ? AND beat = ? AND ended_us IS NULL", other.id, other.beat)
		return err
	})
	if err == nil && n > 0 {
		l.notices = append(l.notices, fmt.Sprintf("%s (process %d) had stopped without saying so; this process has taken over", other.host, other.pid))
	}
	return err
}

// startBeating moves the beat of a sender until stop is called: until the last answer is
// recorded, whatever becomes of the context of the opening.
func (l *core) startBeating(ctx context.Context, id int64, start moment) *sender {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &sender{id: id, cancel: cancel}
	s.until.Store(&start)
	s.beats.Go(func() {
		var db *database
		defer func() {
			if db != nil {
				_ = db.Close() // it holds nothing
			}
		}()
		ticks := time.NewTicker(l.options.Lease / 4)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
				db = l.moveBeat(ctx, s, db)
			}
		}
	})
	return s
}

// moveBeat gives one sign of life. It returns the connection for the next one, nil for none.
func (l *core) moveBeat(ctx context.Context, s *sender, db *database) *database {
	start := presentMoment()
	ctx, cancel := context.WithTimeout(ctx, max(l.options.Lease/2, time.Second))
	defer cancel()
	if db == nil {
		var err error
		if db, err = l.address.connect(ctx, roleBeat); err != nil {
			return nil
		}
	}
	n, err := db.Exec(ctx, "UPDATE sender SET beat = beat + 1, beat_us = "+nowMicros+" WHERE id = ? AND ended_us IS NULL", []any{s.id})
	switch {
	case err != nil:
		_ = db.Close()
		return nil
	case n == 0:
		s.isLost.Store(true)
	default:
		s.until.Store(&start)
	}
	return db
}

// MaySend reports whether this process still holds the right to send: whoever sends asks
// before the first byte of a request leaves. It asks nobody and waits for nothing.
func (l *Ledger) MaySend() bool {
	s := l.sender
	return s != nil && !s.isLost.Load() && s.until.Load().since() < l.options.Lease*95/100
}

func (s *sender) stop() {
	s.cancel()
	s.beats.Wait()
}

// timeToLeave is how long an end waits for a server that is away.
const timeToLeave = 5 * time.Second

// endSender ends the sender. Where requests of it are open, they are over once their time
// has passed. If the server is away, others find out by its silence.
func (l *core) endSender() error {
	ctx, cancel := context.WithTimeout(context.Background(), timeToLeave)
	defer cancel()
	err := l.write(ctx, holdSender, func(ctx context.Context, t *tx) error {
		return t.Exec(ctx, "UPDATE sender SET ended_us = "+nowMicros+", end_reason = 'finished', closes_us = "+nowMicros+" + timeout_us WHERE id = ?", l.sender.id)
	})
	if errors.Is(err, ledger.ErrUnavailable) {
		return nil
	}
	return err
}

// nameOfHost is the name of this machine, for people.
func nameOfHost() string {
	host, err := os.Hostname()
	if err != nil {
		return "an unnamed machine"
	}
	return host
}

// nameOfUser is the user of the operating system, for people.
func nameOfUser() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}
