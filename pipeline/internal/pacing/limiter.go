package pacing

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Limiter is the one limiter of a run. Every request needs a token from it, look-ups and
// retries included. After a 429 it searches for the rate that the partner allows: it
// halves the rate at once, returns to 95 % of the rate at the 429 within ten seconds, and
// then adds 1 % every ten seconds up to the ceiling. It is safe for concurrent use.
type Limiter struct {
	limiter *rate.Limiter

	burst int

	mu         sync.Mutex
	second     perSecond // used at high rates
	ceiling    float64   // requests a second; +Inf = unlimited
	rateAtBusy float64   // the rate that met the last 429; 0 = none yet
	cutAt      time.Time
	recent     [2]int // tokens given in the previous second and in this one
	tick       time.Time
}

const (
	recoveryTime     = 10 * time.Second
	minExhaustedRate = 5 // requests a second for which any machine has enough ports and files
)

// NewLimiter returns a limiter of perSec requests a second, +Inf for no limit. Its bucket
// starts empty, so that a restart within one second does not send a second burst.
func NewLimiter(perSec float64, burst int) *Limiter {
	out := &Limiter{ceiling: perSec, burst: burst}
	out.limiter = rate.NewLimiter(rate.Inf, burst)
	out.setRate(out.ceiling)
	if !math.IsInf(perSec, 1) {
		out.limiter.AllowN(time.Now(), out.limiter.Burst())
		if perSec > fastRate && out.limiter.Burst() > burst {
			out.second.released = make([]time.Duration, int(perSec)+burst)
			out.second.since = time.Now()
		}
	}
	return out
}

const (
	fastRate     = 100  // requests a second above which timers are too coarse for one token at a time
	catchUpShare = 0.02 // share of a second's tokens that may then be caught up at once
)

// setRate sets the rate of the limiter. A timer that fires a fraction of a millisecond
// late costs nothing at 50/s, but a third of the tokens at 5000/s. At high rates some
// missed tokens may therefore be caught up; perSecond ensures that no second has more
// than the rate and the burst.
func (p *Limiter) setRate(perSecond float64) {
	burst := p.burst
	if perSecond > fastRate && !math.IsInf(perSecond, 1) {
		burst = max(p.burst, int(perSecond*catchUpShare))
	}
	p.limiter.SetBurst(burst)
	p.limiter.SetLimit(min(rate.Limit(perSecond), rate.Inf)) // rate.Inf, because +Inf times zero is not a number of tokens
}

// WaitTurn waits for a token. It returns the error of ctx if that ends first.
func (p *Limiter) WaitTurn(ctx context.Context) error {
	p.adaptRate(WallTime())
	r, d := p.reserve(time.Now())
	if d == 0 {
		return ctx.Err()
	}
	// Wait even for a token that comes after ctx's deadline: an error before ctx is done
	// would count as "not sent", and the row would come back at once.
	if err := SleepFor(ctx, d); err != nil {
		r.Cancel()
		return err
	}
	return nil
}

// reserve reserves the next token and returns the time until it is available.
func (p *Limiter) reserve(now time.Time) (*rate.Reservation, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.limiter.ReserveN(now, 1)
	return r, p.second.nextRelease(now.Add(r.DelayFrom(now))).Sub(now)
}

// perSecond limits the tokens in any interval of one second. The zero value does not
// limit them.
type perSecond struct {
	since    time.Time
	released []time.Duration // ring of the last release times, after since; as many as a second may have
	count    int             // tokens released
}

// nextRelease returns when a token that is available at a given time may be used. The
// times must not decrease from call to call.
func (w *perSecond) nextRelease(at time.Time) time.Time {
	if len(w.released) == 0 {
		return at
	}
	oldest := &w.released[w.count%len(w.released)] // of a second's worth of tokens
	if free := w.since.Add(*oldest + time.Second); w.count >= len(w.released) && free.After(at) {
		at = free
	}
	*oldest = at.Sub(w.since)
	w.count++
	return at
}

// adaptRate raises the rate as far as it has recovered, and counts one token.
func (p *Limiter) adaptRate(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if second := now.Truncate(time.Second); !second.Equal(p.tick) {
		p.recent[0] = 0
		if second.Sub(p.tick) == time.Second {
			p.recent[0] = p.recent[1]
		}
		p.recent[1], p.tick = 0, second
	}
	p.recent[1]++
	if p.rateAtBusy > 0 {
		p.setRate(p.rateAt(now))
	}
}

// rateAt returns the rate allowed at a moment after a 429.
func (p *Limiter) rateAt(now time.Time) float64 {
	return min(ledger.RateAfterBusy(p.rateAtBusy, now.Sub(p.cutAt)), p.ceiling)
}

// WaitToSend implements Pacer.
func (p *Limiter) WaitToSend(ctx context.Context, _ int) (isTrial bool, err error) {
	return false, p.WaitTurn(ctx)
}

// ReportFunds implements Pacer: a process that sends alone knows what it reports.
func (p *Limiter) ReportFunds(bool) {}

// ReportBusy halves the rate after a 429 to a request that began at the given time. It
// ignores requests that were in flight when the rate was last halved. The gate makes
// all wait.
func (p *Limiter) ReportBusy(began, now, _ time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !began.After(p.cutAt) && p.rateAtBusy > 0 {
		return
	}
	p.halveRate(now)
}

// ReportExhausted lowers the rate after a request for which this machine had no free port
// or file. It halves the rate as ReportBusy does, but only once for all requests that
// fail together, and not below minExhaustedRate.
func (p *Limiter) ReportExhausted(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rateAtBusy > 0 && (now.Sub(p.cutAt) < recoveryTime || p.rateAt(now) <= minExhaustedRate) || p.ceiling <= minExhaustedRate {
		return
	}
	p.halveRate(now)
}

// halveRate halves the rate. p.mu is held.
func (p *Limiter) halveRate(now time.Time) {
	switch {
	case p.rateAtBusy > 0:
		p.rateAtBusy = p.rateAt(now)
	case math.IsInf(p.ceiling, 1):
		p.rateAtBusy = p.countRecent()
	default:
		p.rateAtBusy = p.ceiling
	}
	p.rateAtBusy = max(p.rateAtBusy, 0.1) // at least one request every twenty seconds, also to a partner that refuses all
	p.cutAt = now
	p.setRate(p.rateAt(now))
}

// recentRate returns how many tokens were given in the fuller one of the last two
// seconds.
func (p *Limiter) recentRate() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.countRecent()
}

// countRecent is recentRate. p.mu is held.
func (p *Limiter) countRecent() float64 { return float64(max(p.recent[0], p.recent[1], 1)) }

// RateAtBusy returns the rate at the last 429 and its time, for the next run. It returns
// 0 if there was none.
func (p *Limiter) RateAtBusy() (met float64, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rateAtBusy, p.cutAt
}

// RestoreRate continues with the rate that an earlier run kept.
func (p *Limiter) RestoreRate(met float64, at time.Time) {
	if met <= 0 || math.IsNaN(met) || math.IsInf(met, 0) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rateAtBusy, p.cutAt = met, at
	p.setRate(p.rateAt(WallTime()))
}

// CurrentRate returns the rate allowed now, in requests a second; +Inf = unlimited.
func (p *Limiter) CurrentRate() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rateAtBusy > 0 {
		return p.rateAt(WallTime())
	}
	return p.ceiling
}
