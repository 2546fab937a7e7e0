package memory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/sharing"
)

// shared is what several senders share, guarded by the mutex of the Ledger.
type shared struct {
	shift      time.Duration // of the ledger's clock
	senders    []*sender     // by id - 1
	openedBy   map[int64]int64
	pace       sharing.Pace
	roles      map[string]int64
	claims     map[int64][]int64 // by batch: who has each slice that was given out; 0 = free again
	clearances map[int64]ledger.Clearance
}

func newShared() shared {
	return shared{openedBy: map[int64]int64{}, roles: map[string]int64{}, claims: map[int64][]int64{}, clearances: map[int64]ledger.Clearance{},
		pace: sharing.Pace{Pace: ledger.Pace{PerSecond: sharing.DefaultRate}}}
}

// sender is the row of one sender.
type sender struct {
	ledger.SenderState
	beat   int64
	beatAt time.Time
	closes time.Time // when no request of it can be in flight any more
}

func (s *shared) ledgerTime() time.Time { return time.Now().Add(s.shift) }

// isLiving reports whether a sender has not ended.
func (s *shared) isLiving(id int64) bool {
	return id > 0 && id <= int64(len(s.senders)) && s.senders[id-1].Ended.IsZero()
}

func (s *shared) countLiving() (n int) {
	for _, one := range s.senders {
		if one.Ended.IsZero() {
			n++
		}
	}
	return n
}

// membership is the part of a Process in its ledger.
type membership struct {
	p      *Process
	as     ledger.Sender
	lease  sharing.Lease
	cancel context.CancelFunc
	beats  sync.WaitGroup

	// Guarded by the mutex of the Ledger.
	id        int64
	batch     int64 // entered
	isResting bool
	own       int // slices given out while claims are ignored
}

// Join implements ledger.Shared.
func (p *Process) Join(ctx context.Context, s ledger.Sender) (ledger.Membership, error) {
	if err := p.awaitLedger(ctx); err != nil {
		return nil, err
	}
	if s.Lease <= 0 || s.Timeout <= 0 {
		return nil, fmt.Errorf("a sender without a lease or a time-out: %w", ledger.ErrForm)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.member != nil {
		return nil, fmt.Errorf("this process is a sender already: %w", ledger.ErrConflict)
	}
	m := &membership{p: p, as: s}
	p.Ledger.mu.Lock()
	m.addSender()
	p.Ledger.mu.Unlock()
	p.member = m
	ctx, m.cancel = context.WithCancel(context.WithoutCancel(ctx))
	m.beats.Go(func() { m.keepBeating(ctx) })
	return m, nil
}

// bootTime returns the time by the host's clock.
func (m *membership) bootTime() time.Duration { return time.Since(m.p.began) }

// addSender makes the process a sender with a new number. The ledger's mutex is held.
func (m *membership) addSender() {
	s := &m.p.sharing
	m.id = int64(len(s.senders) + 1)
	s.senders = append(s.senders, &sender{SenderState: ledger.SenderState{Sender: m.as, ID: m.id, Began: s.ledgerTime(), Batch: m.batch, IsResting: m.isResting}, beatAt: s.ledgerTime()})
	m.lease.Restart(m.bootTime(), m.as.Lease)
}

// rejoinIfEnded returns the sender's number. A process that was declared ended gets a
// new one. The ledger's mutex is held.
func (m *membership) rejoinIfEnded() int64 {
	if !m.p.sharing.isLiving(m.id) {
		m.addSender()
	}
	return m.id
}

func (m *membership) keepBeating(ctx context.Context) {
	var watch sharing.Watch
	ticks := time.NewTicker(sharing.BeatInterval(m.as.Lease))
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		m.p.AwaitRunning()
		asked := m.bootTime()
		switch err := m.p.awaitLedger(ctx); {
		case errors.Is(err, ledger.ErrUnavailable):
			continue
		case err != nil: // killed, or over
			return
		}
		m.p.Ledger.mu.Lock()
		m.beatOnce(asked, &watch)
		m.p.Ledger.mu.Unlock()
	}
}

// beatOnce moves the beat, looks at those of others, and sweeps what ended senders left
// open. The ledger's mutex is held.
func (m *membership) beatOnce(asked time.Duration, watch *sharing.Watch) {
	s := &m.p.sharing
	if s.isLiving(m.id) {
		row := s.senders[m.id-1]
		row.beat++
		row.beatAt = s.ledgerTime()
		m.lease.Extend(asked, m.as.Lease)
	} else {
		m.addSender()
	}
	var beats []sharing.Beat
	for _, one := range s.senders {
		if one.ID != m.id && one.Ended.IsZero() {
			beats = append(beats, sharing.Beat{Sender: one.ID, Count: one.beat, Lease: one.Lease})
		}
	}
	for _, silent := range watch.FindSilent(m.bootTime(), beats) {
		one := s.senders[silent.Sender-1]
		one.Ended, one.EndReason, one.closes = s.ledgerTime(), "silent", s.ledgerTime().Add(one.Timeout)
		s.freeClaims(one.ID)
	}
	m.p.sweepOpen(m)
}

// sweepOpen closes as Unknown the open attempts whose requests are surely over: those of
// ended senders, and those of the sweeper that it does not remember. The mutex is held.
func (m *Ledger) sweepOpen(by *membership) {
	s := &m.sharing
	now := s.ledgerTime()
	for _, c := range m.customers {
		for _, a := range c.History {
			if a.Class != ledger.Open {
				continue
			}
			owner := s.openedBy[a.ID]
			isOver := owner > 0 && !s.isLiving(owner) && now.After(s.senders[owner-1].closes)
			isForgotten := owner == by.id && !by.lease.HasAttempt(a.ID) && now.Sub(a.NotBefore.At) > by.as.Lease+by.as.Timeout
			if !isOver && !isForgotten {
				continue
			}
			end := ledger.Instant{At: now, Offset: a.NotBefore.Offset, Certain: a.NotBefore.Certain}
			full := m.findWithHistory(c.ID)
			after, err := ledger.ApplyChange(full, ledger.Change{Expect: ledger.Expect{Customer: c.ID, Status: full.Status, Intents: full.Intents},
				Close: []ledger.Closing{{Attempt: a.ID, Class: ledger.Unknown, NotAfter: end}}, Status: ledger.InDoubt, At: now})
			if err == nil { // an open attempt of a customer that is not in doubt does not exist
				m.storeCustomer(after)
			}
			break // there is one open attempt at most
		}
	}
}

// forgetAttempts forgets the attempts that changes have closed.
func (m *membership) forgetAttempts(changes []ledger.Change) {
	for _, ch := range changes {
		for _, cl := range ch.Close {
			m.lease.RemoveAttempt(cl.Attempt)
		}
	}
}

// ID implements ledger.Membership.
func (m *membership) ID() int64 {
	m.p.Ledger.mu.Lock()
	defer m.p.Ledger.mu.Unlock()
	return m.id
}

// MaySend implements ledger.Membership.
func (m *membership) MaySend(attempt int64) bool { return m.lease.MaySend(attempt, m.bootTime()) }

// Now implements ledger.Membership.
func (m *membership) Now() time.Time {
	m.p.Ledger.mu.Lock()
	defer m.p.Ledger.mu.Unlock()
	return m.p.sharing.ledgerTime()
}

// Leave implements ledger.Membership.
func (m *membership) Leave(ctx context.Context) error {
	m.cancel()
	m.beats.Wait()
	m.lease.End()
	m.p.mu.Lock()
	m.p.member = nil
	m.p.mu.Unlock()
	return m.writeShared(ctx, func(s *shared) error {
		if !s.isLiving(m.id) {
			return nil
		}
		row := s.senders[m.id-1]
		row.Ended, row.EndReason, row.closes = s.ledgerTime(), "finished", s.ledgerTime().Add(row.Timeout)
		if !row.IsResting {
			s.freeClaims(m.id)
		}
		return nil
	})
}

// writeShared changes what the senders share.
func (m *membership) writeShared(ctx context.Context, change func(s *shared) error) error {
	if err := m.p.awaitLedger(ctx); err != nil {
		return err
	}
	m.p.Ledger.mu.Lock()
	defer m.p.Ledger.mu.Unlock()
	return change(&m.p.sharing)
}

var _ ledger.Membership = (*membership)(nil)
