package pacing

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter is the one limiter of a run: every request needs a token from it, look-ups
// and retries included. When the partner answers 429 it finds the rate that the
// partner allows: half at once, within ten seconds back to 95 % of the rate that
// met the 429, then 1 % more every ten seconds up to the ceiling. It is safe for
// concurrent use.
type Limiter struct {
	limiter *rate.Limiter

	burst int

	mu      sync.Mutex
	second  perSecond // of a high rate
	ceiling float64   // requests a second; +Inf = unlimited
	met     float64   // the rate that met the last 429; 0 = none yet
	cutAt   time.Time
	recent  [2]int // tokens taken in the second before and in this one
	tick    time.Time
}

const (
	recoveryTime     = 10 * time.Second
	minExhaustedRate = 5 // requests a second that need few ports and files, whatever the latency
)

// NewLimiter returns a pacer of so many requests a second, +Inf for no limit,
// whose bucket is empty, so that a restart within one second does not send a
// second burst.
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
	fastRate     = 100  // requests a second from which timers and handshakes are too coarse for one token at a time
	catchUpShare = 0.02 // of a second's tokens, which may then be made up for at once
)

// setRate makes the limiter grant a rate. A timer that wakes us a fraction of a
// millisecond late costs nothing at 50/s and a third of the tokens at 5000/s.
// So at such rates some tokens may be made up for; perSecond sees to it that no
// second has more than the rate and the burst all the same.
func (p *Limiter) setRate(perSecond float64) {
	burst := p.burst
	if perSecond > fastRate && !math.IsInf(perSecond, 1) {
		burst = max(p.burst, int(perSecond*catchUpShare))
	}
	p.limiter.SetBurst(burst)
	p.limiter.SetLimit(min(rate.Limit(perSecond), rate.Inf)) // +Inf times no time would be no number of tokens, for ever
}

// WaitTurn waits for a token. It returns the error of ctx if that ends first.
func (p *Limiter) WaitTurn(ctx context.Context) error {
	p.adaptRate(WallTime())
	r, d := p.reserve(time.Now())
	if d == 0 {
		return ctx.Err()
	}
	// A token that comes after ctx's deadline is waited for all the same: an error
	// while ctx is not done reads as "not sent", and the row would be back at once.
	if err := SleepFor(ctx, d); err != nil {
		r.Cancel()
		return err
	}
	return nil
}

// reserve books the next token and returns how long it is until then.
func (p *Limiter) reserve(now time.Time) (*rate.Reservation, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.limiter.ReserveN(now, 1)
	return r, p.second.nextRelease(now.Add(r.DelayFrom(now))).Sub(now)
}

// perSecond holds back what would be more than so many tokens in one second,
// whichever second one looks at. The zero value holds nothing back.
type perSecond struct {
	since    time.Time
	released []time.Duration // after since, of the last tokens, as many as a second may have; a ring
	count    int             // tokens so far
}

// nextRelease returns when a token goes out that may do so from at on. Times
// rise from call to call.
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

// adaptRate moves the limit along its recovery and counts one token.
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
	if p.met > 0 {
		p.setRate(p.rateAt(now))
	}
}

// rateAt returns the rate allowed at a moment after a 429.
func (p *Limiter) rateAt(now time.Time) float64 {
	since := max(0, now.Sub(p.cutAt))
	r := p.met * (0.5 + 0.45*min(1, float64(since)/float64(recoveryTime)))
	if steps := int(since/recoveryTime) - 1; steps > 0 {
		r += p.met * 0.01 * float64(steps)
	}
	return min(r, p.ceiling)
}

// ReportBusy lowers the rate after a 429 to a request that began at the given
// moment. Those that were on their way when the rate was cut say nothing new.
func (p *Limiter) ReportBusy(began, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !began.After(p.cutAt) && p.met > 0 {
		return
	}
	p.halveRate(now)
}

// ReportExhausted lowers the rate after a request for which this machine had no
// port or file left. It halves the rate as a 429 does, but once for all those
// that fail together, and never below a rate that any machine can keep up.
func (p *Limiter) ReportExhausted(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.met > 0 && (now.Sub(p.cutAt) < recoveryTime || p.rateAt(now) <= minExhaustedRate) || p.ceiling <= minExhaustedRate {
		return
	}
	p.halveRate(now)
}

// halveRate halves the rate. p.mu is held.
func (p *Limiter) halveRate(now time.Time) {
	switch {
	case p.met > 0:
		p.met = p.rateAt(now)
	case math.IsInf(p.ceiling, 1):
		p.met = float64(max(p.recent[0], p.recent[1], 1))
	default:
		p.met = p.ceiling
	}
	p.met = max(p.met, 0.1) // a partner that refuses everything is asked every twenty seconds at least
	p.cutAt = now
	p.setRate(p.rateAt(now))
}

// LearntRate returns the rate that met the last 429, for the next run; 0 if none did.
func (p *Limiter) LearntRate() (met float64, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.met, p.cutAt
}

// RestoreRate starts from what an earlier run learnt.
func (p *Limiter) RestoreRate(met float64, at time.Time) {
	if met <= 0 || math.IsNaN(met) || math.IsInf(met, 0) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.met, p.cutAt = met, at
	p.setRate(p.rateAt(WallTime()))
}

// CurrentRate returns the rate allowed now, in requests a second; +Inf = unlimited.
func (p *Limiter) CurrentRate() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.met > 0 {
		return p.rateAt(WallTime())
	}
	return p.ceiling
}
