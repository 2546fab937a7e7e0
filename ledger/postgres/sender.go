package postgres

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/user"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/sharing"
)

// sender is this process's right to send: a row that is its own as long as its beat moves.
type sender struct {
	as        ledger.Sender
	isAlone   bool // no other process may be a sender meanwhile
	clock     hostClock
	lease     sharing.Lease
	present   atomic.Pointer[term]
	lost      atomic.Pointer[lostCommits] // found by the beat, not yet healed
	server    serverClock
	isLeaving atomic.Bool // it ends, and does not join again
	hasLeft   atomic.Bool // it has ended: writes are not fenced any more

	entered   atomic.Int64 // the batch that it sends; 0 = none
	isResting atomic.Bool

	joining sync.Mutex // held while the number changes
	noting  sync.Mutex // held while attempts or writes are noted for the present number
	watch   sharing.Watch
	cancel  context.CancelFunc
	beats   sync.WaitGroup
}

// term is the time of a process under one number. The token tells it from a process that
// was given the same number after the database had lost commits.
type term struct {
	id        int64
	token     string
	confirmed atomic.Int64 // sender.writes of the last confirmed transaction
}

// rival is another sender that has not ended.
type rival struct {
	sharing.Beat
	host, command string
	pid           int
	isAlone       bool
	began         time.Time
	more          int // rivals besides it; not always counted
}

// newSender returns what this process will be as a sender.
func (o Options) newSender() *sender {
	clock := newHostClock()
	return &sender{isAlone: !o.Shared, clock: clock, server: serverClock{host: clock},
		as: ledger.Sender{Host: cmp.Or(o.Host, nameOfHost()), User: nameOfUser(), PID: os.Getpid(), Version: o.Version, Command: o.Command, Lease: o.Lease, Timeout: o.Timeout}}
}

// join makes this process a sender. It waits until a silent one that keeps it out is
// surely over, and refuses with ErrLocked if that one shows that it is alive.
func (l *core) join(ctx context.Context) error {
	began, isSaid := time.Now(), false
	s := l.sender
	var before rival
	for {
		other, err := l.tryJoin(ctx)
		if err != nil || other.Sender == 0 {
			return err
		}
		isAlive := other.Sender == before.Sender && other.Count != before.Count
		before = other
		isSilent := len(s.watch.FindSilent(s.clock.elapsed(), []sharing.Beat{other.Beat})) > 0
		switch {
		case isAlive && time.Since(began) >= l.options.LockTimeout:
			return s.errHeld(l.address.text, other)
		case isSilent:
			if err := l.write(ctx, holdUnfenced, func(ctx context.Context, t *tx) error { return l.declare(ctx, t.db, other) }); err != nil {
				return err
			}
			continue
		case !isSaid:
			l.options.Say(fmt.Sprintf("%s (process %d) holds the ledger; waiting for a sign of life from it, at most %s", other.host, other.pid, other.Lease))
			isSaid = true
		}
		select {
		case <-time.After(min(other.Lease/16, time.Second)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// errHeld is ErrLocked with who uses the ledger, since when, and what to do.
func (s *sender) errHeld(address string, by rival) error {
	who, does := fmt.Sprintf("%q on %s (process %d)", by.command, by.host, by.pid), "has been sending"
	if by.isAlone {
		does = "has had it to itself"
	}
	if by.more > 0 {
		who, does = fmt.Sprintf("%s and %d more", who, by.more), "have been sending"
	}
	why := ""
	if s.isAlone {
		why = fmt.Sprintf("%q needs the ledger to itself, and ", s.as.Command)
	}
	return fmt.Errorf("%s: %s%s %s since %s; wait for the end, or stop it there: %w", address, why, who, does, by.began.Local().Format("2006-01-02 15:04:05"), ledger.ErrLocked)
}

// tryJoin inserts the row of this process, unless another sender keeps it out, which it
// returns.
func (l *core) tryJoin(ctx context.Context) (other rival, err error) {
	var asked time.Duration
	next := &term{token: rand.Text()}
	err = l.write(ctx, holdUnfenced, func(ctx context.Context, t *tx) (err error) {
		if t.isAgain {
			err := t.db.pg.QueryRow(ctx, "SELECT id FROM sender WHERE token = $1 AND ended_us IS NULL", next.token).Scan(&next.id)
			if !errors.Is(err, pgx.ErrNoRows) {
				return err
			}
		}
		asked = l.sender.clock.elapsed()
		other, err = t.db.findRival(ctx, l.sender)
		if err != nil || other.Sender != 0 {
			return err
		}
		return t.db.insertSender(ctx, l.sender, next)
	})
	if err == nil && other.Sender == 0 {
		l.useTerm(next, asked)
	}
	return other, err
}

// findRival returns a living sender that keeps this process out: one that holds the ledger
// alone, or any if this one is to.
func (d *database) findRival(ctx context.Context, s *sender) (other rival, err error) {
	var lease, began int64
	err = d.pg.QueryRow(ctx, `SELECT id, beat, host, pid, command, lease_us, is_alone = 1, began_us, count(*) OVER () - 1
		FROM sender WHERE swept = 0 AND ended_us IS NULL AND (is_alone = 1 OR $1) ORDER BY id LIMIT 1`, s.isAlone).
		Scan(&other.Sender, &other.Count, &other.host, &other.pid, &other.command, &lease, &other.isAlone, &began, &other.more)
	other.Lease, other.began = time.Duration(lease)*time.Microsecond, timeOf(began)
	if errors.Is(err, pgx.ErrNoRows) {
		return rival{}, nil
	}
	return other, err
}

// insertSender makes the row of a sender under its next number.
func (d *database) insertSender(ctx context.Context, s *sender, next *term) error {
	return d.pg.QueryRow(ctx, `INSERT INTO sender (host, pid, os_user, command, version, lease_us, timeout_us, is_alone, token, batch, is_resting, began_us, beat_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, `+nowMicros+", "+nowMicros+") RETURNING id",
		storedText(s.as.Host), s.as.PID, storedText(s.as.User), storedText(s.as.Command), storedText(s.as.Version), s.as.Lease.Microseconds(), s.as.Timeout.Microseconds(),
		flagValue(s.isAlone), next.token, s.entered.Load(), flagValue(s.isResting.Load())).Scan(&next.id)
}

// useTerm makes a number the present one. No attempt of an earlier one may be sent from
// then on. asked is a moment before the number existed.
func (l *core) useTerm(next *term, asked time.Duration) {
	s := l.sender
	s.noting.Lock()
	defer s.noting.Unlock()
	s.present.Store(next)
	s.lease.Restart(asked, s.as.Lease)
	if l.emergency != nil {
		_ = l.emergency.NoteSender(next.id) // its failure only blunts a check
	}
}

// noteAttempts remembers attempts that a transaction has opened, unless the number under
// which it did so is gone.
func (s *sender) noteAttempts(of *term, ids []int64) {
	s.noting.Lock()
	defer s.noting.Unlock()
	if s.present.Load() == of {
		s.lease.AddAttempts(ids...)
	}
}

// noteWrite remembers what is confirmed.
func (l *core) noteWrite(of *term, writes int64) {
	s := l.sender
	of.confirmed.Store(max(writes, of.confirmed.Load()))
	s.noting.Lock()
	defer s.noting.Unlock()
	if l.emergency != nil && s.present.Load() == of {
		l.emergency.NoteWrite(writes)
	}
}

// rejoin gives this process another number, after it was declared ended, or after the
// database has lost its row. It runs on a connection that has no transaction.
func (l *core) rejoin(ctx context.Context, db *database, gone *term) error {
	s := l.sender
	s.joining.Lock()
	defer s.joining.Unlock()
	if s.isLeaving.Load() {
		s.hasLeft.Store(true)
		return nil
	}
	if s.present.Load() != gone {
		return nil // another goroutine did
	}
	s.lease.End()
	tx, err := db.pg.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit it does nothing
	asked, next := s.clock.elapsed(), &term{token: rand.Text()}
	if _, err := tx.Exec(ctx, "SELECT FROM ledger FOR UPDATE"); err != nil {
		return err
	}
	known, by, err := db.readFate(ctx, gone)
	if err != nil {
		return err
	}
	other, err := db.findRival(ctx, s)
	if err == nil && other.Sender != 0 {
		err = fmt.Errorf("%w: %w", errFenced, s.errHeld(l.address.text, other))
	}
	if err == nil {
		err = db.insertSender(ctx, s, next)
	}
	if err == nil {
		_, err = tx.Exec(ctx, "UPDATE check_pass SET sender = $1 WHERE sender = $2", next.id, gone.id)
	}
	if err == nil {
		err = tx.Commit(ctx)
	}
	if err != nil {
		return err
	}
	if known < gone.confirmed.Load() {
		s.lost.Store(&lostCommits{gone, known})
	} else {
		l.note(fmt.Sprintf("sender %d was declared ended by sender %d because it was silent; this process continues as sender %d", gone.id, by, next.id))
	}
	l.useTerm(next, asked)
	return nil
}

// readFate returns how many writes of a sender the database knows, -1 if it does not know
// the sender, and who ended it.
func (d *database) readFate(ctx context.Context, of *term) (writes, by int64, err error) {
	err = d.pg.QueryRow(ctx, "SELECT writes, coalesce(ended_by, 0) FROM sender WHERE id = $1 AND token = $2", of.id, of.token).Scan(&writes, &by)
	if errors.Is(err, pgx.ErrNoRows) {
		return -1, 0, nil
	}
	return writes, by, err
}

// note keeps a notice. Once the ledger is open it is said at once.
func (l *core) note(what string) {
	l.noticing.Lock()
	l.notices = append(l.notices, what)
	isOpen := l.isOpen
	l.noticing.Unlock()
	if isOpen {
		l.options.Say(what)
	}
}

// timeToLeave is how long an end waits for a server that is away.
const timeToLeave = 5 * time.Second

// endSender ends the sender. Where requests of it are open, they are over once their time
// has passed, and others close them. Its slices are free unless it rests. If the server
// is away, others find out by its silence.
func (l *core) endSender(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, timeToLeave)
	defer cancel()
	s := l.sender
	s.stop()
	s.isLeaving.Store(true)
	err := l.write(ctx, holdSender, func(ctx context.Context, t *tx) error {
		id := s.present.Load().id
		t.onCommit = func() { s.hasLeft.Store(true) }
		if err := t.Exec(ctx, "UPDATE claim SET sender = NULL WHERE sender = ? AND EXISTS (SELECT FROM sender WHERE id = ? AND is_resting = 0)", id, id); err != nil {
			return err
		}
		return t.Exec(ctx, "UPDATE sender SET ended_us = "+nowMicros+", end_reason = 'finished', closes_us = "+nowMicros+
			" + timeout_us, swept = CASE WHEN EXISTS (SELECT FROM attempt WHERE class = '' AND sender = ?) THEN 0 ELSE 1 END WHERE id = ?", id, id)
	})
	s.hasLeft.Store(true)
	s.lease.End()
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
