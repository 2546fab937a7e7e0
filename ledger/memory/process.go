package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Process is a ledger in memory as one of several processes sees it: a ledger.Shared.
// Tests cut it off, suspend it and kill it. Make it with [Ledger.Connect].
type Process struct {
	*Ledger
	began time.Time // of the host's clock

	mu      sync.Mutex
	member  *membership // nil before Join and after Leave
	isCut   bool
	isDead  bool
	paused  bool
	changed chan struct{} // closed when one of them changes
	kept    []ledger.Change

	// IgnoresClaims gives this process all slices, whoever has them.
	IgnoresClaims bool
}

var (
	_ ledger.Shared    = (*Process)(nil)
	_ ledger.Emergency = (*Process)(nil)
	_ ledger.Gaps      = (*Process)(nil)
	_ ledger.Plans     = (*Process)(nil)
)

var errKilled = fmt.Errorf("this process was killed: %w", ledger.ErrWrite)

// Connect returns the ledger as one more process sees it, which may send from it
// together with others.
func (m *Ledger) Connect() *Process {
	return &Process{Ledger: m, began: time.Now(), changed: make(chan struct{})}
}

// MoveClock sets the ledger's clock forward, or back.
func (m *Ledger) MoveClock(by time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sharing.shift += by
}

// Cut cuts the process off from the ledger, or connects it again.
func (p *Process) Cut(isCut bool) { p.setState(func() { p.isCut = isCut }) }

// Suspend stops all that the process does with the ledger, as SIGSTOP does, or
// continues it.
func (p *Process) Suspend(isSuspended bool) { p.setState(func() { p.paused = isSuspended }) }

// Kill ends the process, as kill -9 does: it writes nothing more, and its beat stops.
func (p *Process) Kill() { p.setState(func() { p.isDead = true }) }

func (p *Process) setState(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	close(p.changed)
	p.changed = make(chan struct{})
}

// AwaitRunning waits while the process is suspended. It returns at once if it was
// killed.
func (p *Process) AwaitRunning() {
	for {
		p.mu.Lock()
		isOver, changed := !p.paused || p.isDead, p.changed
		p.mu.Unlock()
		if isOver {
			return
		}
		<-changed
	}
}

// outagePatience is how long a call waits for a ledger that the process is cut off from.
const outagePatience = 2 * time.Second

// awaitLedger waits until the ledger can be reached.
func (p *Process) awaitLedger(ctx context.Context) error {
	var isOver <-chan time.Time
	for {
		p.AwaitRunning()
		p.mu.Lock()
		isDead, isCut, changed := p.isDead, p.isCut, p.changed
		p.mu.Unlock()
		switch {
		case isDead:
			return errKilled
		case !isCut:
			return ctx.Err()
		case isOver == nil:
			timer := time.NewTimer(outagePatience)
			defer timer.Stop()
			isOver = timer.C
		}
		select {
		case <-changed:
		case <-isOver:
			return fmt.Errorf("after %s: %w", outagePatience, ledger.ErrUnavailable)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), ledger.ErrUnavailable)
		}
	}
}

func (p *Process) currentMember() *membership {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.member
}

// Intend implements Journal for the process's membership. Without one it is refused.
func (p *Process) Intend(ctx context.Context, run int64, intents []ledger.Intent) ([]int64, error) {
	if err := p.awaitLedger(ctx); err != nil {
		return nil, err
	}
	member := p.currentMember()
	if member == nil {
		return nil, fmt.Errorf("this process has not joined the ledger: %w", ledger.ErrWrite)
	}
	ids := make([]int64, len(intents))
	err := p.withWriteLock(ctx, func() error {
		sender := member.rejoinIfEnded()
		seen := map[int64]bool{}
		for i, in := range intents {
			if !seen[in.Customer] {
				ids[i] = p.openAttempt(run, in)
			}
			seen[in.Customer] = true
			if ids[i] != 0 && p.sharing.openedBy[ids[i]] == 0 {
				p.sharing.openedBy[ids[i]] = sender
				p.sharing.senders[sender-1].Sent++
			}
		}
		member.lease.AddAttempts(ids...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// Record implements Journal.
func (p *Process) Record(ctx context.Context, run int64, changes []ledger.Change) ([]ledger.Change, error) {
	if err := p.awaitLedger(ctx); err != nil {
		return nil, err
	}
	refused, err := p.Ledger.Record(ctx, run, changes)
	if member := p.currentMember(); member != nil && err == nil {
		member.forgetAttempts(changes)
	}
	return refused, err
}

// Merge implements Journal.
func (p *Process) Merge(ctx context.Context, changes []ledger.Change) ([]ledger.Change, error) {
	if err := p.awaitLedger(ctx); err != nil {
		return nil, err
	}
	return p.Ledger.Merge(ctx, changes)
}

// Plan implements Reader.
func (p *Process) Plan(ctx context.Context, batch int64, from, n int) ([]ledger.Planned, error) {
	if err := p.awaitLedger(ctx); err != nil {
		return nil, err
	}
	return p.Ledger.Plan(ctx, batch, from, n)
}

// Emergency implements ledger.Emergency.
func (p *Process) Emergency(changes []ledger.Change) error {
	p.AwaitRunning()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isDead {
		return errKilled
	}
	p.kept = append(p.kept, slices.Clone(changes)...)
	return nil
}

// Kept returns what Emergency has saved, oldest first.
func (p *Process) Kept() []ledger.Change {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.kept)
}
