package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/sharing"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// allSenders is how the senders of a ledger agree: on turns, pauses, claims, roles. It has
// a connection of its own, so that writes of the send pass never wait for it.
type allSenders struct {
	l        *core
	agreeing chan struct{} // holds the right to use line
	line     *database     // nil while there is none
}

func newAllSenders(l *core) allSenders { return allSenders{l: l, agreeing: make(chan struct{}, 1)} }

// timeToAgree is how long the server may take for one agreement.
const timeToAgree = 5 * time.Second

// agree runs do on the connection for agreements. A connection that has died is replaced
// once: what do writes must be the same if it is written twice.
func (a *allSenders) agree(ctx context.Context, do func(context.Context, *database) error) error {
	l := a.l
	if !l.canWrite {
		return fmt.Errorf("%s is open for reading only: %w", l.address.text, ledger.ErrWrite)
	}
	select {
	case a.agreeing <- struct{}{}:
		defer func() { <-a.agreeing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for began, tries := time.Now(), 1; ; tries++ {
		err := a.agreeOnce(ctx, do)
		if err == nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		switch failureOf(err, a.line != nil) {
		case failureRefusal:
			return fmt.Errorf("%s: %w", l.address.text, err)
		case failureFatal:
			return fmt.Errorf("%s: %w: %w", l.address.text, plainError(err), ledger.ErrWrite)
		case failureRace:
			if time.Since(began) < timeToRace {
				continue
			}
		case failureUnavailable:
			if tries == 1 {
				continue
			}
		}
		return fmt.Errorf("%s: %w: %w", l.address.text, plainError(err), ledger.ErrUnavailable)
	}
}

// agreeOnce is agree without another try. A sender that was declared ended joins again.
func (a *allSenders) agreeOnce(ctx context.Context, do func(context.Context, *database) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, timeToAgree)
	defer cancel()
	if a.line == nil {
		if a.line, err = a.l.address.connect(ctx, rolePace); err != nil {
			a.line = nil
			return err
		}
	}
	defer func() {
		if err != nil && (a.line.pg.IsClosed() || a.line.pg.PgConn().TxStatus() != 'I' || failureOf(err, true) == failureUnavailable) {
			_ = a.line.Close() // the first error counts
			a.line = nil
		}
	}()
	err = recoverPanic(func() error { return do(ctx, a.line) })
	if errors.Is(err, errEnded) {
		if err = a.l.rejoin(ctx, a.line, a.l.sender.present.Load()); err == nil {
			err = recoverPanic(func() error { return do(ctx, a.line) })
		}
	}
	return err
}

func (a *allSenders) closeLine() error {
	a.agreeing <- struct{}{}
	defer func() { <-a.agreeing }()
	if a.line == nil {
		return nil
	}
	db := a.line
	a.line = nil
	return db.Close()
}

// paceColumns are read by fields.
const paceColumns = "coalesce(p.rate, 0), p.next_us, p.rate_at_busy, p.cut_us, p.wait_until_us, coalesce(p.empty_since_us, 0), p.trial, p.held_by, p.held_because"

// paceRow is the row of all senders as it is stored.
type paceRow struct {
	sharing.Pace
	next, cut, until, empty int64
}

// fields are where paceColumns go.
func (x *paceRow) fields() []any {
	return []any{&x.PerSecond, &x.next, &x.Met, &x.cut, &x.until, &x.empty, &x.Trial, &x.HeldBy, &x.HeldBecause}
}

// pace returns what was read.
func (x *paceRow) pace() sharing.Pace {
	p := x.Pace
	p.Next, p.Cut, p.WaitUntil, p.EmptySince = timeOf(x.next), timeOf(x.cut), timeOf(x.until), timeOf(x.empty)
	p.HeldBy, p.HeldBecause = readText(p.HeldBy), readText(p.HeldBecause)
	return p
}

// timeOf returns a stored time of which 0 is none.
func timeOf(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// changePace changes the row of all senders, in two round trips. change is given the
// database's time, how many senders are living, and whether the one with the trial is.
func (d *database) changePace(ctx context.Context, change func(p *sharing.Pace, now time.Time, living int, hasTrier bool)) error {
	var row paceRow
	var now int64
	var living, triers int
	b := &pgx.Batch{}
	b.Queue("BEGIN")
	b.Queue(`SELECT ` + paceColumns + `, ` + nowMicros + `, (SELECT count(*) FROM sender WHERE swept = 0 AND ended_us IS NULL),
		(SELECT count(*) FROM sender WHERE swept = 0 AND ended_us IS NULL AND id = p.trial) FROM pace p FOR UPDATE`).QueryRow(func(found pgx.Row) error {
		err := found.Scan(append(row.fields(), &now, &living, &triers)...)
		if errors.Is(err, pgx.ErrNoRows) {
			err = fmt.Errorf("the row of the table pace is gone: %w", tables.ErrMalformed)
		}
		return err
	})
	if err := d.pg.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	p := row.pace()
	was := p
	change(&p, timeOf(now), living, triers > 0)
	b = &pgx.Batch{}
	if p != was {
		b.Queue(`UPDATE pace SET rate = nullif($1::double precision, 0), next_us = $2, rate_at_busy = $3, cut_us = $4, wait_until_us = $5, empty_since_us = nullif($6::bigint, 0), trial = $7, held_by = $8, held_because = $9`,
			p.PerSecond, momentArg(p.Next), p.Met, momentArg(p.Cut), momentArg(p.WaitUntil), momentArg(p.EmptySince), p.Trial, storedText(p.HeldBy), storedText(p.HeldBecause))
	}
	b.Queue("COMMIT")
	return d.pg.SendBatch(ctx, b).Close()
}

// momentArg returns a time as it is stored where 0 is none.
func momentArg(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// DrawSlots implements ledger.Membership.
func (m *membership) DrawSlots(ctx context.Context, d ledger.Draw) (out ledger.Slots, err error) {
	err = m.agree(ctx, func(ctx context.Context, db *database) error {
		return db.changePace(ctx, func(p *sharing.Pace, now time.Time, living int, hasTrier bool) {
			out = p.Draw(now, m.ID(), d, living, hasTrier)
		})
	})
	return out, err
}

// PauseAll implements ledger.Membership.
func (m *membership) PauseAll(ctx context.Context, until time.Time, met float64, began time.Time) error {
	return m.agree(ctx, func(ctx context.Context, db *database) error {
		return db.changePace(ctx, func(p *sharing.Pace, now time.Time, _ int, _ bool) { p.NoteBusy(now, until, met, began) })
	})
}

// SetWalletEmpty implements ledger.Membership.
func (m *membership) SetWalletEmpty(ctx context.Context, empty bool) error {
	return m.agree(ctx, func(ctx context.Context, db *database) error {
		return db.changePace(ctx, func(p *sharing.Pace, now time.Time, _ int, _ bool) { p.NoteEmpty(now, empty) })
	})
}

// AwaitTurn waits for the turn of a request that sends nobody, at the rate of all senders
// and in their pauses, for a process that is none of them.
func (a *allSenders) AwaitTurn(ctx context.Context) error {
	for {
		var slots ledger.Slots
		var wait time.Duration
		if err := a.agree(ctx, func(ctx context.Context, db *database) error {
			return db.changePace(ctx, func(p *sharing.Pace, now time.Time, living int, hasTrier bool) {
				slots = p.Draw(now, 0, ledger.Draw{Turns: 1, IsLookUp: true}, living+1, hasTrier)
				wait = slots.First.Sub(now)
			})
		}); err != nil {
			return err
		}
		if slots.Count == 0 { // they may be let go on sooner
			wait = min(wait, time.Second)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		if slots.Count > 0 {
			return nil
		}
	}
}

// Pace implements ledger.Shared.
func (a *allSenders) Pace(ctx context.Context) (ledger.Pace, error) {
	return read(ctx, a.l, func(c *conn) (ledger.Pace, error) {
		var row paceRow
		err := c.QueryOne(ctx, "SELECT "+paceColumns+" FROM pace p", nil, row.fields()...)
		return row.pace().Pace, err
	})
}

// SetRate implements ledger.Shared.
func (a *allSenders) SetRate(ctx context.Context, perSecond float64) error {
	return a.agree(ctx, func(ctx context.Context, db *database) error {
		return db.changePace(ctx, func(p *sharing.Pace, _ time.Time, _ int, _ bool) { p.PerSecond = max(0, perSecond) })
	})
}

// Hold implements ledger.Shared.
func (a *allSenders) Hold(ctx context.Context, who, why string) error {
	return a.agree(ctx, func(ctx context.Context, db *database) error {
		return db.changePace(ctx, func(p *sharing.Pace, _ time.Time, _ int, _ bool) { p.HeldBy, p.HeldBecause = who, why })
	})
}

// Release implements ledger.Shared.
func (a *allSenders) Release(ctx context.Context) error { return a.Hold(ctx, "", "") }
