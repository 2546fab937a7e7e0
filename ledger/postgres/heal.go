package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// A failover can lose transactions that were confirmed. The next write notices, because
// the database then counts fewer writes of this sender than it confirmed. What was lost is
// written again from memory before anything else.

// timeToRemember is how long a confirmed transaction is remembered.
const timeToRemember = time.Minute

// errLostCommits says that the database has forgotten what it had confirmed.
var errLostCommits = errors.New("the database has lost commits that it had confirmed: after a failover, or because an older copy was put in its place")

// lostCommits says up to which write of a number the database knows this process; -1 if it
// does not know the number.
type lostCommits struct {
	term  *term
	known int64
}

// deed is what a transaction of the send pass did. It is either intents, with the attempts
// that they opened, or changes, or a run that began.
type deed struct {
	term    *term
	writes  int64
	at      time.Duration // by the host's clock
	run     int64
	intents []ledger.Intent
	ids     []int64
	changes []ledger.Change
	begun   *ledger.Run
}

// memory is what was confirmed in the last minute, oldest first. The right to write
// guards it.
type memory struct {
	deeds      []deed
	toHeal     []deed          // lost, and not yet written again
	renumbered map[int64]int64 // attempts whose number was another one's when they were written again
	isOff      bool            // for tests: nothing is written again
}

// add remembers what a confirmed transaction did.
func (m *memory) add(now time.Duration, t *tx) {
	if t.done == nil {
		return
	}
	d := *t.done
	d.term, d.writes, d.at = t.term, t.writes, now
	m.deeds = append(m.deeds, d)
	old := 0
	for old < len(m.deeds) && now-m.deeds[old].at > timeToRemember {
		old++
	}
	if old > 0 && (old > len(m.deeds)/2 || old == len(m.deeds)) {
		m.deeds = slices.Delete(m.deeds, 0, old)
	}
}

// forgetAfter takes out of the memory what the database does not know. A database holds a
// beginning of all commits: what followed the last known one is lost.
func (m *memory) forgetAfter(x *lostCommits) (lost []deed) {
	from := 0
	if x.known >= 0 {
		for i, d := range m.deeds {
			if d.term == x.term && d.writes <= x.known {
				from = i + 1
			}
		}
		for from < len(m.deeds) && m.deeds[from].term != x.term { // of an earlier number, which has ended
			from++
		}
	}
	lost = slices.Clone(m.deeds[from:])
	m.deeds = m.deeds[:from]
	return lost
}

// healer writes again what a database has lost. The right to write is held.
type healer struct{ *core }

// heal writes again what the database has lost, if anything.
func (l healer) heal(ctx context.Context) error {
	m := &l.memory
	if l.sender == nil {
		return nil
	}
	if x := l.sender.lost.Swap(nil); x != nil {
		lost := m.forgetAfter(x)
		had := x.term.confirmed.Load()
		x.term.confirmed.Store(max(0, x.known))
		if m.isOff {
			return nil
		}
		m.toHeal = append(lost, m.toHeal...)
		l.note(fmt.Sprintf("%v: %d of the %d transactions of sender %d; what they said of customers is written again", errLostCommits, had-max(0, x.known), had, x.term.id))
		if err := l.noteLoss(ctx, lost); err != nil {
			return err
		}
	}
	if len(m.toHeal) == 0 {
		return nil
	}
	began, n, refused := time.Now(), len(m.toHeal), 0
	for len(m.toHeal) > 0 {
		left, err := l.repeat(ctx, m.toHeal[0])
		if err != nil {
			return err
		}
		refused += left
		m.toHeal = m.toHeal[1:]
	}
	l.note(fmt.Sprintf("%d lost transactions were written again in %s; %d parts of them did not fit any more", n, time.Since(began).Round(time.Millisecond), refused))
	return nil
}

// numbersToSkip is how many numbers of attempts are left unused after a loss, so that few
// of those that are written again were given to others meanwhile.
const numbersToSkip = 1000

// noteLoss draws numbers of attempts up to those that were lost, and some more: a sender may
// not set the sequence. It also notes the loss for the other senders, any of which may have
// died before it could write again what it had lost.
func (l healer) noteLoss(ctx context.Context, lost []deed) error {
	last, since := int64(0), l.now().Add(-timeToRemember)
	for _, d := range l.memory.toHeal {
		last = max(last, slices.Max(append(d.ids, 0)))
	}
	if len(lost) > 0 {
		since = since.Add(lost[0].at - l.sender.clock.elapsed())
	}
	return l.runOnce(ctx, false, func(ctx context.Context, t *tx) error {
		if err := t.db.ExecScript(ctx, "BEGIN"+coldPlans+"; SELECT FROM ledger FOR UPDATE", nil); err != nil {
			return err
		}
		const next = "nextval(pg_get_serial_sequence('attempt', 'id')::regclass)"
		var drawn, dead int64
		err := t.QueryOne(ctx, "SELECT coalesce(max("+next+"), 0) FROM generate_series((SELECT "+next+"), ?::bigint)", []any{last + numbersToSkip}, &drawn)
		if err == nil { // those for whom nobody has written a gap yet
			err = t.QueryOne(ctx, "SELECT count(*) FROM sender WHERE swept = 0 AND end_reason = 'silent' AND lost_since_us IS NULL", nil, &dead)
		}
		if err == nil {
			err = t.Exec(ctx, "UPDATE sender SET lost_since_us = least(lost_since_us, ?::bigint) WHERE swept = 0 AND id <> ?", tables.Micros(since), l.sender.present.Load().id)
		}
		if err == nil && dead > 0 {
			err = gapBook{l.core}.noteUnhealed(ctx, t, since)
		}
		if err == nil {
			_, err = t.db.pg.Exec(ctx, "COMMIT")
		}
		return err
	})
}

// repeat writes again what one transaction did, where it is missing. It returns how many
// parts of it do not fit any more.
func (l healer) repeat(ctx context.Context, d deed) (refused int, err error) {
	switch {
	case d.begun != nil:
		return 0, l.runOnce(ctx, true, func(ctx context.Context, t *tx) error {
			err := l.begin(ctx, t, holdSender)
			if err == nil {
				t.done = &deed{run: d.run, begun: d.begun}
				err = t.insertRun(ctx, d.run, *d.begun)
			}
			if err == nil {
				_, err = t.db.pg.Exec(ctx, "COMMIT")
			}
			return err
		})
	case len(d.intents) > 0:
		of := make([]int64, len(d.intents))
		for i, in := range d.intents {
			of[i] = in.Customer
		}
		err = l.runOnce(ctx, true, func(ctx context.Context, t *tx) error {
			return l.sendOnce(ctx, t, of, func(ctx context.Context, t *tx, customers map[int64]ledger.Customer, out *changes) (err error) {
				refused, err = l.repeatIntents(ctx, t, d, customers, out)
				return err
			})
		})
		return refused, err
	}
	var left []ledger.Change
	list := l.memory.renumber(d.changes)
	err = l.runOnce(ctx, true, func(ctx context.Context, t *tx) error {
		return l.sendOnce(ctx, t, customersOf(list), func(ctx context.Context, t *tx, customers map[int64]ledger.Customer, out *changes) (err error) {
			t.done = &deed{run: d.run, changes: list}
			after, late := applyChanges(customers, list)
			left, err = t.mergeChanges(ctx, late, after)
			out.addAll(customers, after)
			return err
		})
	})
	if err == nil && len(left) > 0 && l.emergency != nil {
		if err := l.emergency.Add(left); err != nil {
			l.note(fmt.Sprintf("%d answers that the database had lost do not fit any more, and could not be kept in %s: %v", len(left), l.emergencyPath, err))
		}
	}
	return len(left), err
}

// repeatIntents opens the attempts of a lost transaction again, under their numbers as
// long as nobody else has those.
func (l healer) repeatIntents(ctx context.Context, t *tx, d deed, customers map[int64]ledger.Customer, out *changes) (refused int, err error) {
	taken, err := t.ownersOfAttempts(ctx, d.ids)
	if err != nil {
		return 0, err
	}
	ids := slices.Clone(d.ids)
	for i, in := range d.intents {
		if d.ids[i] == 0 {
			continue
		}
		if owner, ok := taken[d.ids[i]]; ok && owner == in.Customer {
			continue // it was not lost
		}
		before := customers[in.Customer]
		if found := ledger.FindIntent(before, d.run, in); found != 0 {
			ids[i] = found
			continue
		}
		after, err := ledger.ApplyIntent(before, in)
		if err == nil && in.Removes == "" && in.Key != ledger.Key(l.info.Environment, before.Identity, in.Generation) {
			err = ledger.ErrConflict // its check was lost as well, and another customer has its number
		}
		if err != nil {
			l.sender.lease.RemoveAttempt(d.ids[i]) // its customer has gone another way since
			ids[i] = 0
			refused++
			continue
		}
		after.FirstSent = ledger.TruncateTime(after.FirstSent)
		out.add(before, after)
		if _, ok := taken[d.ids[i]]; ok {
			ids[i] = 0 // another one's: it is given a new one
		}
		out.opened = append(out.opened, opened{in, d.run, &ids[i]})
	}
	t.done = &deed{run: d.run, intents: d.intents, ids: ids}
	t.onCommit = func() { l.memory.noteNumbers(d.ids, ids) }
	return refused, nil
}

// ownersOfAttempts returns the customers of those attempts that exist.
func (t *tx) ownersOfAttempts(ctx context.Context, ids []int64) (map[int64]int64, error) {
	owners := map[int64]int64{}
	err := tables.QueryList(ctx, t.Conn, "SELECT id, customer FROM attempt WHERE id IN (?)", ids, func(r *record) error {
		id := r.Int64()
		owners[id] = r.Int64()
		return nil
	})
	return owners, err
}

func (m *memory) noteNumbers(old, present []int64) {
	for i := range old {
		if old[i] != present[i] && present[i] != 0 {
			if m.renumbered == nil {
				m.renumbered = map[int64]int64{}
			}
			m.renumbered[old[i]] = present[i]
		}
	}
}

// renumber returns changes with the present numbers of their attempts.
func (m *memory) renumber(list []ledger.Change) []ledger.Change {
	if len(m.renumbered) == 0 {
		return list
	}
	list = slices.Clone(list)
	for i := range list {
		list[i].Close = slices.Clone(list[i].Close)
		for j := range list[i].Close {
			if present, ok := m.renumbered[list[i].Close[j].Attempt]; ok {
				list[i].Close[j].Attempt = present
			}
		}
	}
	return list
}
