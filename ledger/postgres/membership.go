package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bulkonboard/bulkonboard/ledger"
)

var (
	_ ledger.Shared     = (*Ledger)(nil)
	_ ledger.Membership = (*membership)(nil)
)

// membership is this process's part in a ledger that others send from, too.
type membership struct{ *allSenders }

// Join implements ledger.Shared. The process is a sender from the opening on: Join says
// more of it. What s leaves open is as it was said at the opening.
func (a *allSenders) Join(ctx context.Context, s ledger.Sender) (ledger.Membership, error) {
	l := a.l
	if l.sender == nil {
		return nil, fmt.Errorf("%s is not open for sending: %w", l.address.text, ledger.ErrWrite)
	}
	own := l.sender
	own.stop()
	l.lock <- struct{}{}
	was := own.as
	own.as = ledger.Sender{Host: cmp.Or(s.Host, was.Host), User: cmp.Or(s.User, was.User), Version: cmp.Or(s.Version, was.Version), Command: cmp.Or(s.Command, was.Command),
		PID: cmp.Or(s.PID, was.PID), Lease: cmp.Or(s.Lease, was.Lease), Timeout: cmp.Or(s.Timeout, was.Timeout)}
	as := own.as
	l.unlockWrites()
	var err error
	if own.hasLeft.Load() {
		own.present.Store(nil)
		own.entered.Store(0)
		own.isResting.Store(false)
		own.isLeaving.Store(false)
		own.hasLeft.Store(false)
		err = l.join(ctx)
	} else if as != was {
		var asked time.Duration
		var of *term
		err = l.write(ctx, holdSender, func(ctx context.Context, t *tx) error {
			asked, of = own.clock.elapsed(), t.term
			return t.Exec(ctx, "UPDATE sender SET beat = beat + 1, host = ?, pid = ?, os_user = ?, version = ?, command = ?, lease_us = ?, timeout_us = ? WHERE id = ?",
				as.Host, as.PID, as.User, as.Version, as.Command, as.Lease.Microseconds(), as.Timeout.Microseconds(), t.term.id)
		})
		if err == nil && own.present.Load() == of { // others may count by the new lease from here
			own.lease.Restart(asked, as.Lease)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := l.startBeating(ctx); err != nil {
		return nil, err
	}
	return &membership{a}, nil
}

// ID implements ledger.Membership.
func (m *membership) ID() int64 {
	if present := m.l.sender.present.Load(); present != nil {
		return present.id
	}
	return 0
}

// MaySend implements ledger.Membership.
func (m *membership) MaySend(attempt int64) bool {
	s := m.l.sender
	return m.l.ignoresLease || s.lease.MaySend(attempt, s.clock.elapsed())
}

// MaySend reports whether this process still holds the right to send. It does no I/O.
func (a *allSenders) MaySend() bool {
	s := a.l.sender
	return s != nil && s.lease.IsValid(s.clock.elapsed())
}

// Now implements ledger.Membership.
func (m *membership) Now() time.Time { return m.l.sender.server.now() }

// Leave implements ledger.Membership.
func (m *membership) Leave(ctx context.Context) error {
	if !m.l.isSender() {
		return nil
	}
	return m.l.endSender(ctx)
}

// lockSender shows that this process may still agree to anything, inside a transaction.
// It cannot be declared ended before the transaction is.
func (m *membership) lockSender(ctx context.Context, db *database) (*term, error) {
	present := m.l.sender.present.Load()
	if !m.l.isSender() {
		return nil, fmt.Errorf("this process has left the ledger: %w", ledger.ErrConflict)
	}
	n, err := db.Exec(ctx, "SELECT FROM sender WHERE id = ? AND token = ? AND ended_us IS NULL FOR SHARE", []any{present.id, present.token})
	if err == nil && n == 0 {
		err = errEnded
	}
	return present, err
}

// agreeAsSender runs a transaction in which this process cannot be declared ended.
func (m *membership) agreeAsSender(ctx context.Context, do func(ctx context.Context, db *database, as *term) error) error {
	return m.agree(ctx, func(ctx context.Context, db *database) error {
		return db.inTransaction(ctx, func(pgx.Tx) error {
			as, err := m.lockSender(ctx, db)
			if err != nil {
				return err
			}
			return do(ctx, db, as)
		})
	})
}

// EnterBatch implements ledger.Membership.
func (m *membership) EnterBatch(ctx context.Context, batch int64) error {
	s := m.l.sender
	err := m.agreeAsSender(ctx, func(ctx context.Context, db *database, as *term) error {
		if n, err := db.Exec(ctx, "SELECT FROM batch WHERE id = ? FOR NO KEY UPDATE", []any{batch}); err != nil || n == 0 {
			return cmp.Or(err, fmt.Errorf("input %d: %w", batch, ledger.ErrNotFound))
		}
		const noOther = "NOT EXISTS (SELECT FROM sender WHERE swept = 0 AND ended_us IS NULL AND batch = ? AND id <> ?)"
		for _, x := range []struct {
			text string
			args []any
		}{
			{"DELETE FROM claim WHERE batch = ? AND " + noOther, []any{batch, batch, as.id}},
			{"DELETE FROM claim_head WHERE batch = ? AND " + noOther, []any{batch, batch, as.id}},
			{"INSERT INTO claim_head (batch, next_slice) VALUES (?, 0) ON CONFLICT DO NOTHING", []any{batch}},
			{"UPDATE sender SET batch = ?, is_resting = 0 WHERE id = ?", []any{batch, as.id}},
		} {
			if _, err := db.Exec(ctx, x.text, x.args); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.entered.Store(batch)
		s.isResting.Store(false)
	}
	return err
}

// ClaimSlice implements ledger.Membership. After a call whose answer was lost, a slice may be
// claimed and never sent by anybody while this process lives: the pipeline finds its rows
// at the end.
func (m *membership) ClaimSlice(ctx context.Context, batch int64) (out ledger.Slice, err error) {
	err = m.agreeAsSender(ctx, func(ctx context.Context, db *database, as *term) error {
		slice, err := db.claimSlice(ctx, batch, as.id)
		out = ledger.Slice{Batch: batch, From: int(slice) * ledger.SliceRows}
		return err
	})
	if err != nil {
		return ledger.Slice{}, err
	}
	return out, nil
}

// claimSlice gives a sender the free slice with the lowest ordinals, inside a transaction.
func (d *database) claimSlice(ctx context.Context, batch, sender int64) (slice int64, err error) {
	err = d.pg.QueryRow(ctx, `UPDATE claim SET sender = $2 WHERE batch = $1 AND slice =
		(SELECT slice FROM claim WHERE batch = $1 AND sender IS NULL ORDER BY slice LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING slice`, batch, sender).Scan(&slice)
	if !errors.Is(err, pgx.ErrNoRows) {
		return slice, err
	}
	err = d.pg.QueryRow(ctx, `UPDATE claim_head SET next_slice = next_slice + 1 WHERE batch = $1 AND next_slice * $2::integer <= (SELECT max(ordinal) FROM input_row WHERE batch = $1)
		RETURNING next_slice - 1`, batch, ledger.SliceRows).Scan(&slice)
	if err == nil {
		_, err = d.pg.Exec(ctx, "INSERT INTO claim (batch, slice, sender) VALUES ($1, $2, $3)", batch, slice, sender)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		err = fmt.Errorf("no slice of input %d is free: %w", batch, ledger.ErrNotFound)
	}
	return slice, err
}

// UnclaimAll implements ledger.Membership.
func (m *membership) UnclaimAll(ctx context.Context) error {
	return m.agreeAsSender(ctx, func(ctx context.Context, db *database, as *term) error {
		_, err := db.Exec(ctx, "UPDATE claim SET sender = NULL WHERE sender = ?", []any{as.id})
		return err
	})
}

// SetResting implements ledger.Membership.
func (m *membership) SetResting(ctx context.Context, isResting bool) error {
	err := m.agreeAsSender(ctx, func(ctx context.Context, db *database, as *term) error {
		_, err := db.Exec(ctx, "UPDATE sender SET is_resting = ? WHERE id = ?", []any{isResting, as.id})
		return err
	})
	if err == nil {
		m.l.sender.isResting.Store(isResting)
	}
	return err
}

// TakeRole implements ledger.Membership.
func (m *membership) TakeRole(ctx context.Context, role string) (has bool, err error) {
	err = m.agreeAsSender(ctx, func(ctx context.Context, db *database, as *term) error {
		n, err := db.Exec(ctx, `INSERT INTO role (name, sender) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET sender = excluded.sender
			WHERE role.sender = excluded.sender OR EXISTS (SELECT FROM sender s WHERE s.id = role.sender AND s.ended_us IS NOT NULL)`, []any{role, as.id})
		has = n > 0
		return err
	})
	return has && err == nil, err
}

// AddClearances implements ledger.Membership. Clearances that have expired are deleted.
func (m *membership) AddClearances(ctx context.Context, list []ledger.Clearance) error {
	customers, intents, until := make([]int64, len(list)), make([]int32, len(list)), make([]int64, len(list))
	for i, c := range list {
		customers[i], intents[i], until[i] = c.Customer, int32(c.Intents), momentArg(c.FreshUntil)
	}
	return m.agreeAsSender(ctx, func(ctx context.Context, db *database, _ *term) error {
		if _, err := db.pg.Exec(ctx, "DELETE FROM clearance WHERE fresh_until_us < "+nowMicros); err != nil {
			return err
		}
		_, err := db.pg.Exec(ctx, "INSERT INTO clearance (customer, intents, fresh_until_us) SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[]) ON CONFLICT (customer) DO UPDATE SET intents = excluded.intents, fresh_until_us = excluded.fresh_until_us",
			customers, intents, until)
		return err
	})
}

// FreshClearances implements ledger.Membership.
func (m *membership) FreshClearances(ctx context.Context, batch int64) ([]ledger.Clearance, error) {
	return read(ctx, m.l, func(c *conn) (all []ledger.Clearance, err error) {
		err = c.Query(ctx, `SELECT x.customer, x.intents, x.fresh_until_us FROM clearance x JOIN customer c ON c.id = x.customer
			WHERE x.fresh_until_us > `+nowMicros+` AND c.intents = x.intents AND c.status NOT IN ('created', 'forgotten')
				AND (c.last_batch = ? OR c.id IN (SELECT customer FROM input_row WHERE batch = ? AND claims = 1 AND customer IS NOT NULL))
			ORDER BY x.customer`, []any{batch, batch}, func(r *record) error {
			all = append(all, ledger.Clearance{Customer: r.Int64(), Intents: r.Int(), FreshUntil: timeOf(r.Int64())})
			return nil
		})
		return all, err
	})
}

// CountProgress implements ledger.Membership.
func (m *membership) CountProgress(ctx context.Context, batch int64) (ledger.Progress, error) {
	return read(ctx, m.l, func(c *conn) (p ledger.Progress, err error) {
		err = c.QueryOne(ctx, `SELECT count(*), count(*) FILTER (WHERE c.status = 'pending'), count(*) FILTER (WHERE c.status = 'in_doubt' AND c.code IN ('', ?)),
				(SELECT count(*) FROM sender WHERE swept = 0 AND ended_us IS NULL AND batch = ?), (SELECT count(*) FROM sender WHERE swept = 0 AND ended_us IS NULL AND batch = ? AND is_resting = 0)
			FROM input_row r JOIN customer c ON c.id = r.customer WHERE r.batch = ? AND r.claims = 1`,
			[]any{ledger.CodeOutstanding, batch, batch, batch}, &p.Rows, &p.Pending, &p.InDoubt, &p.Senders, &p.Working)
		return p, err
	})
}

// endedSenders is how many of the senders that have ended are shown.
const endedSenders = 20

// Senders implements ledger.Shared.
func (a *allSenders) Senders(ctx context.Context) ([]ledger.SenderState, error) {
	return read(ctx, a.l, func(c *conn) (all []ledger.SenderState, err error) {
		roles := map[int64][]string{}
		if err := c.Query(ctx, "SELECT sender, name FROM role ORDER BY name", nil, func(r *record) error {
			id := r.Int64()
			roles[id] = append(roles[id], r.Text())
			return nil
		}); err != nil {
			return nil, err
		}
		err = c.Query(ctx, `SELECT s.id, s.host, s.os_user, s.version, s.command, s.pid, s.lease_us, s.timeout_us, s.began_us, coalesce(s.ended_us, 0), s.end_reason, s.batch, s.is_resting, s.sent,
				greatest(0, `+nowMicros+` - s.beat_us), (SELECT count(*) FROM attempt a WHERE a.class = '' AND a.sender = s.id)
			FROM sender s WHERE s.swept = 0 AND s.ended_us IS NULL OR s.id IN (SELECT id FROM sender WHERE ended_us IS NOT NULL ORDER BY id DESC LIMIT ?)
			ORDER BY s.ended_us IS NOT NULL, s.id DESC`, []any{endedSenders}, func(r *record) error {
			s := ledger.SenderState{ID: r.Int64()}
			s.Host, s.User, s.Version, s.Command, s.PID = r.Text(), r.Text(), r.Text(), r.Text(), r.Int()
			s.Lease, s.Timeout = time.Duration(r.Int64())*time.Microsecond, time.Duration(r.Int64())*time.Microsecond
			s.Began, s.Ended, s.EndReason = timeOf(r.Int64()), timeOf(r.Int64()), r.Text()
			s.Batch, s.IsResting, s.Sent = r.Int64(), r.Bool(), r.Int()
			s.SilentFor, s.InFlight = time.Duration(r.Int64())*time.Microsecond, r.Int()
			if s.Ended.IsZero() {
				s.Roles = roles[s.ID]
			}
			all = append(all, s)
			return nil
		})
		return all, err
	})
}
