package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file has what senders share: the rate, the slices of a batch, roles and
// clearances.

// DrawSlots implements ledger.Membership.
func (m *membership) DrawSlots(ctx context.Context, d ledger.Draw) (slots ledger.Slots, err error) {
	err = m.writeShared(ctx, func(s *shared) error {
		slots = s.pace.Draw(s.ledgerTime(), m.id, d, s.countLiving(), s.isLiving(s.pace.Trial))
		return nil
	})
	return slots, err
}

// PauseAll implements ledger.Membership.
func (m *membership) PauseAll(ctx context.Context, until time.Time, met float64, began time.Time) error {
	return m.writeShared(ctx, func(s *shared) error {
		s.pace.NoteBusy(s.ledgerTime(), until, met, began)
		return nil
	})
}

// SetWalletEmpty implements ledger.Membership.
func (m *membership) SetWalletEmpty(ctx context.Context, isEmpty bool) error {
	return m.writeShared(ctx, func(s *shared) error {
		s.pace.NoteEmpty(s.ledgerTime(), isEmpty)
		return nil
	})
}

// EnterBatch implements ledger.Membership.
func (m *membership) EnterBatch(ctx context.Context, batch int64) error {
	return m.writeShared(ctx, func(s *shared) error {
		id := m.rejoinIfEnded()
		if working, resting := s.countIn(batch); working+resting == 0 {
			delete(s.claims, batch)
		}
		m.batch, m.isResting, m.own = batch, false, 0
		s.senders[id-1].Batch, s.senders[id-1].IsResting = batch, false
		return nil
	})
}

// countIn counts the living senders that have entered a batch.
func (s *shared) countIn(batch int64) (working, resting int) {
	for _, one := range s.senders {
		switch {
		case one.Batch != batch || !one.Ended.IsZero():
		case one.IsResting:
			resting++
		default:
			working++
		}
	}
	return working, resting
}

// ClaimSlice implements ledger.Membership.
func (m *membership) ClaimSlice(ctx context.Context, batch int64) (slice ledger.Slice, err error) {
	err = m.writeShared(ctx, func(s *shared) error {
		if batch < 1 || batch > int64(len(m.p.rows)) {
			return fmt.Errorf("batch %d: %w", batch, ledger.ErrNotFound)
		}
		rows, claims := len(m.p.rows[batch-1]), s.claims[batch]
		at := slices.Index(claims, 0)
		if at < 0 {
			at = len(claims)
		}
		if m.p.IgnoresClaims {
			at = m.own
			m.own++
		}
		if at*ledger.SliceRows >= rows {
			return fmt.Errorf("no slice of batch %d is free: %w", batch, ledger.ErrNotFound)
		}
		if at >= len(claims) {
			claims = append(claims, 0)
		}
		claims[min(at, len(claims)-1)] = m.rejoinIfEnded()
		s.claims[batch] = claims
		slice = ledger.Slice{Batch: batch, From: at * ledger.SliceRows}
		return nil
	})
	return slice, err
}

// UnclaimAll implements ledger.Membership.
func (m *membership) UnclaimAll(ctx context.Context) error {
	return m.writeShared(ctx, func(s *shared) error {
		s.freeClaims(m.id)
		return nil
	})
}

// freeClaims frees all slices of a sender.
func (s *shared) freeClaims(sender int64) {
	for _, claims := range s.claims {
		for i, by := range claims {
			if by == sender {
				claims[i] = 0
			}
		}
	}
}

// SetResting implements ledger.Membership.
func (m *membership) SetResting(ctx context.Context, isResting bool) error {
	return m.writeShared(ctx, func(s *shared) error {
		m.isResting = isResting
		s.senders[m.rejoinIfEnded()-1].IsResting = isResting
		return nil
	})
}

// TakeRole implements ledger.Membership.
func (m *membership) TakeRole(ctx context.Context, role string) (isMine bool, err error) {
	err = m.writeShared(ctx, func(s *shared) error {
		if !s.isLiving(s.roles[role]) {
			s.roles[role] = m.rejoinIfEnded()
		}
		isMine = s.roles[role] == m.id
		return nil
	})
	return isMine, err
}

// AddClearances implements ledger.Membership.
func (m *membership) AddClearances(ctx context.Context, list []ledger.Clearance) error {
	return m.writeShared(ctx, func(s *shared) error {
		for _, c := range list {
			s.clearances[c.Customer] = c
		}
		now := s.ledgerTime()
		maps.DeleteFunc(s.clearances, func(_ int64, c ledger.Clearance) bool { return !now.Before(c.FreshUntil) })
		return nil
	})
}

// FreshClearances implements ledger.Membership.
func (m *membership) FreshClearances(ctx context.Context, batch int64) (list []ledger.Clearance, err error) {
	err = m.writeShared(ctx, func(s *shared) error {
		if len(s.clearances) == 0 {
			return nil
		}
		in, now := m.p.claimedCustomers(batch), s.ledgerTime()
		for _, id := range slices.Sorted(maps.Keys(s.clearances)) {
			if c := s.clearances[id]; in[id] && c.Holds(m.p.findCustomer(id), now) {
				list = append(list, c)
			}
		}
		return nil
	})
	return list, err
}

// CountProgress implements ledger.Membership.
func (m *membership) CountProgress(ctx context.Context, batch int64) (p ledger.Progress, err error) {
	err = m.writeShared(ctx, func(s *shared) error {
		working, resting := s.countIn(batch)
		p = ledger.Progress{Senders: working + resting, Working: working}
		if batch < 1 || batch > int64(len(m.p.rows)) {
			return fmt.Errorf("batch %d: %w", batch, ledger.ErrNotFound)
		}
		for _, r := range m.p.rows[batch-1] {
			if r.Verdict != "" || !r.Claims {
				continue
			}
			p.Rows++
			switch c := m.p.rowOwner(r); {
			case c.Status == ledger.Pending:
				p.Pending++
			case c.IsUnsettled():
				p.InDoubt++
			}
		}
		return nil
	})
	return p, err
}

// Senders implements ledger.Shared.
func (p *Process) Senders(ctx context.Context) (list []ledger.SenderState, err error) {
	if err := p.awaitLedger(ctx); err != nil {
		return nil, err
	}
	p.Ledger.mu.Lock()
	defer p.Ledger.mu.Unlock()
	s := &p.sharing
	open := map[int64]int{}
	for _, c := range p.customers {
		for _, a := range c.History {
			if a.Class == ledger.Open {
				open[s.openedBy[a.ID]]++
			}
		}
	}
	for _, one := range s.senders {
		state := one.SenderState
		state.SilentFor, state.InFlight = s.ledgerTime().Sub(one.beatAt), open[one.ID]
		for _, role := range slices.Sorted(maps.Keys(s.roles)) {
			if s.roles[role] == one.ID && one.Ended.IsZero() {
				state.Roles = append(state.Roles, role)
			}
		}
		list = append(list, state)
	}
	return list, nil
}

// Pace implements ledger.Shared.
func (p *Process) Pace(ctx context.Context) (pace ledger.Pace, err error) {
	err = p.changePace(ctx, func(now *ledger.Pace) { pace = *now })
	return pace, err
}

// SetRate implements ledger.Shared.
func (p *Process) SetRate(ctx context.Context, perSecond float64) error {
	if perSecond < 0 {
		return fmt.Errorf("a negative rate: %w", ledger.ErrForm)
	}
	return p.changePace(ctx, func(now *ledger.Pace) { now.PerSecond = perSecond })
}

// Hold implements ledger.Shared.
func (p *Process) Hold(ctx context.Context, who, why string) error {
	return p.changePace(ctx, func(now *ledger.Pace) { now.HeldBy, now.HeldBecause = who, why })
}

// Release implements ledger.Shared.
func (p *Process) Release(ctx context.Context) error {
	return p.changePace(ctx, func(now *ledger.Pace) { now.HeldBy, now.HeldBecause = "", "" })
}

func (p *Process) changePace(ctx context.Context, change func(*ledger.Pace)) error {
	if err := p.awaitLedger(ctx); err != nil {
		return err
	}
	p.Ledger.mu.Lock()
	defer p.Ledger.mu.Unlock()
	change(&p.sharing.pace.Pace)
	return nil
}
