package pacing

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const (
	latestTurn = 20 * time.Millisecond // a turn that is missed by more than this, and by two gaps, is given up
	reportTime = 2 * time.Second       // how long a worker may spend on reporting a 429 or 402 to the ledger
	yieldTime  = 5 * time.Millisecond  // how long a sender in the background at least leaves the rate to others that need it
	slowLookUp = time.Second           // how often a look-up asks for a turn while all senders are stopped
)

// Source is the part of a ledger.Membership from which turns are drawn.
type Source interface {
	Now() time.Time
	DrawSlots(ctx context.Context, d ledger.Draw) (ledger.Slots, error)
	PauseAll(ctx context.Context, until time.Time, met float64, began time.Time) error
	SetWalletEmpty(ctx context.Context, isEmpty bool) error
}

// SharedPacer is the Pacer of one of several senders. It draws turns at their common
// rate from the ledger, a tenth of a second's worth at a time. Its own limiter can only
// lower the share of this process.
type SharedPacer struct {
	source Source
	own    *Limiter
	gate   *Gate
	warn   func(doing string, err error)

	isBackground bool // rows are sent only at turns that nobody else wants

	draw chan struct{} // held while turns are drawn or given out
	left ledger.Slots  // turns that are drawn and not given out; guarded by draw
	idle time.Time     // when there may be a turn that no other sender wants, by the ledger's clock; guarded by draw

	mu   sync.Mutex
	rate float64 // of all senders, as last seen
}

// NewSharedPacer returns a pacer that draws from source. perSecond is the present rate of
// all senders, +Inf for no limit. gate says when a row is a trial. warn is told what
// could not be reported to the ledger.
func NewSharedPacer(source Source, own *Limiter, gate *Gate, perSecond float64, warn func(doing string, err error)) *SharedPacer {
	return &SharedPacer{source: source, own: own, gate: gate, warn: warn, draw: make(chan struct{}, 1), rate: perSecond}
}

// YieldToOthers makes rows be sent only at turns that no other sender wants. Look-ups have
// their turns as before: they settle what is in doubt for all senders. It is called before
// the first turn is taken.
func (p *SharedPacer) YieldToOthers() { p.isBackground = true }

// WaitTurn implements Pacer.
func (p *SharedPacer) WaitTurn(ctx context.Context) error {
	if err := p.own.WaitTurn(ctx); err != nil {
		return err
	}
	for {
		at, shut, err := p.takeTurn(ctx, ledger.Draw{Turns: 1, IsLookUp: true})
		switch {
		case err != nil:
			return err
		case shut == nil:
			return SleepFor(ctx, at)
		}
		if err := SleepFor(ctx, min(slowLookUp, max(askAgain, time.Until(shut.Until)))); err != nil {
			return err
		}
	}
}

// WaitToSend implements Pacer.
func (p *SharedPacer) WaitToSend(ctx context.Context, ready int) (isTrial bool, err error) {
	if err := p.own.WaitTurn(ctx); err != nil {
		return false, err
	}
	for {
		isTrial = p.gate.isTryingWallet()
		wait, shut, err := p.takeTurn(ctx, ledger.Draw{Turns: 1 + ready, IsTrial: isTrial, IsBackground: p.isBackground && !isTrial})
		switch {
		case err != nil:
			return false, err
		case shut == nil:
			return isTrial, SleepFor(ctx, wait)
		case shut.Reason != ledger.SlotsOthers:
			return false, shut
		}
		if err := SleepUntil(ctx, shut.Until); err != nil {
			return false, err
		}
	}
}

// takeTurn returns how long to wait for the next turn, or why there is none.
func (p *SharedPacer) takeTurn(ctx context.Context, d ledger.Draw) (wait time.Duration, shut *ShutError, err error) {
	select {
	case p.draw <- struct{}{}:
		defer func() { <-p.draw }()
	case <-ctx.Done():
		return 0, nil, ctx.Err()
	}
	for !d.IsTrial && p.left.Count > 0 {
		wait = p.left.First.Sub(p.source.Now())
		late := max(latestTurn, 2*p.left.Gap)
		p.left.First, p.left.Count = p.left.First.Add(p.left.Gap), p.left.Count-1
		if wait >= -late || p.left.Gap == 0 && wait >= -time.Second {
			return wait, nil, nil
		}
	}
	if wait = p.idle.Sub(p.source.Now()); d.IsBackground && wait > 0 { // another worker has asked
		return 0, &ShutError{Reason: ledger.SlotsOthers, Until: WallTime().Add(wait)}, nil
	}
	got, err := p.source.DrawSlots(ctx, d)
	if err != nil {
		return 0, nil, err
	}
	now := p.source.Now()
	if wait = got.First.Sub(now); got.Reason == ledger.SlotsOthers {
		wait = max(wait, yieldTime)
		p.idle = now.Add(wait)
	}
	if got.Count == 0 {
		return 0, &ShutError{Reason: got.Reason, Until: WallTime().Add(wait)}, nil
	}
	p.noteGap(got.Gap)
	got.First, got.Count = got.First.Add(got.Gap), got.Count-1
	if !d.IsTrial {
		p.left = got
	}
	return wait, nil, nil
}

// noteGap keeps the rate of all senders, as a draw has shown it.
func (p *SharedPacer) noteGap(gap time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate = math.Inf(1)
	if gap > 0 {
		p.rate = float64(time.Second) / float64(gap)
	}
}

// CurrentRate implements Pacer: that of all senders together, or less if this process
// sends slower.
func (p *SharedPacer) CurrentRate() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return min(p.rate, p.own.CurrentRate())
}

// ReportBusy implements Pacer. The ledger lowers the rate of all senders.
func (p *SharedPacer) ReportBusy(began, now, until time.Time) {
	shift := p.source.Now().Sub(now)
	p.report("a 429 of the partner", func(ctx context.Context) error {
		return p.source.PauseAll(ctx, until.Add(shift), p.own.recentRate(), began.Add(shift))
	})
}

// ReportExhausted implements Pacer.
func (p *SharedPacer) ReportExhausted(now time.Time) { p.own.ReportExhausted(now) }

// ReportFunds implements Pacer.
func (p *SharedPacer) ReportFunds(isEmpty bool) {
	p.report("what the wallet pays", func(ctx context.Context) error { return p.source.SetWalletEmpty(ctx, isEmpty) })
}

// report tells the ledger something that all senders should know. If the ledger cannot
// be reached, they find out from the partner.
func (p *SharedPacer) report(what string, send func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), reportTime)
	defer cancel()
	if err := send(ctx); err != nil {
		p.warn(what, err)
	}
}

// RateAtBusy implements Pacer. The ledger keeps the rate, so that there is none to keep.
func (p *SharedPacer) RateAtBusy() (met float64, at time.Time) { return 0, time.Time{} }

// RestoreRate implements Pacer. The ledger keeps the rate.
func (p *SharedPacer) RestoreRate(float64, time.Time) {}
