package pipeline

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pacer is the one limiter of a run: every request takes a token from it, look-ups
// and retries included. When the partner answers 429 it finds the rate that the
// partner allows: half at once, within ten seconds back to 95 % of the rate that
// met the 429, then 1 % more every ten seconds up to the ceiling. It is safe for
// concurrent use.
type pacer struct {
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
	recovery      = 10 * time.Second
	leastStrained = 5 // requests a second that need few ports and files, whatever the latency
)

// newPacer returns a pacer of so many requests a second, +Inf for no limit, whose bucket is empty, so that a restart within one
// second does not send a second burst.
func newPacer(perSec float64, burst int) *pacer {
	out := &pacer{ceiling: perSec, burst: burst}
	out.limiter = rate.NewLimiter(rate.Inf, burst)
	out.set(out.ceiling)
	if !math.IsInf(perSec, 1) {
		out.limiter.AllowN(time.Now(), out.limiter.Burst())
		if perSec > fast && out.limiter.Burst() > burst {
			out.second.released = make([]time.Duration, int(perSec)+burst)
			out.second.since = time.Now()
		}
	}
	return out
}

const (
	fast    = 100  // requests a second from which timers and handshakes are too coarse for one token at a time
	catchUp = 0.02 // of a second's tokens, which may then be made up for at once
)

// set makes the limiter grant a rate. A timer that wakes us a fraction of a
// millisecond late costs nothing at 50/s and a third of the tokens at 5000/s.
// So at such rates some tokens may be made up for; perSecond sees to it that no
// second has more than the rate and the burst all the same.
func (p *pacer) set(perSecond float64) {
	burst := p.burst
	if perSecond > fast && !math.IsInf(perSecond, 1) {
		burst = max(p.burst, int(perSecond*catchUp))
	}
	p.limiter.SetBurst(burst)
	p.limiter.SetLimit(rate.Limit(perSecond))
}

// wait takes a token, when there is one.
func (p *pacer) wait(ctx context.Context) error {
	p.adapt(wall())
	r, d := p.reserve(time.Now())
	if d == 0 {
		return ctx.Err()
	}
	// A token that comes after ctx's deadline is waited for all the same: an error
	// while ctx still stands reads as "not sent", and the row would be back at once.
	if err := sleep(ctx, d); err != nil {
		r.Cancel()
		return err
	}
	return nil
}

// reserve takes the next token and says how long it is until then.
func (p *pacer) reserve(now time.Time) (*rate.Reservation, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.limiter.ReserveN(now, 1)
	return r, p.second.next(now.Add(r.DelayFrom(now))).Sub(now)
}

// perSecond holds back what would be more than so many tokens in one second,
// whichever second one looks at. The zero value holds nothing back.
type perSecond struct {
	since    time.Time
	released []time.Duration // after since, of the last tokens, as many as a second may have; a ring
	count    int             // tokens so far
}

// next is when a token goes out that may do so from at on. Times rise from call to call.
func (w *perSecond) next(at time.Time) time.Time {
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

// adapt moves the limit along its recovery and counts one token.
func (p *pacer) adapt(now time.Time) {
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
		p.set(p.at(now))
	}
}

// at is the rate allowed at a moment after a 429.
func (p *pacer) at(now time.Time) float64 {
	since := now.Sub(p.cutAt)
	if since < 0 {
		since = 0
	}
	r := p.met * (0.5 + 0.45*min(1, float64(since)/float64(recovery)))
	if steps := int(since/recovery) - 1; steps > 0 {
		r += p.met * 0.01 * float64(steps)
	}
	return min(r, p.ceiling)
}

// busy takes a 429 to a request that began at the given moment. Those that were
// on their way when the rate was cut say nothing new.
func (p *pacer) busy(began, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !began.After(p.cutAt) && p.met > 0 {
		return
	}
	p.cut(now)
}

// strain takes a request for which this machine had no port or file left. It
// halves the rate as a 429 does, but once for all those that fail together, and
// never below a rate that any machine can keep up.
func (p *pacer) strain(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.met > 0 && (now.Sub(p.cutAt) < recovery || p.at(now) <= leastStrained) || p.ceiling <= leastStrained {
		return
	}
	p.cut(now)
}

// cut halves the rate. p.mu is held.
func (p *pacer) cut(now time.Time) {
	switch {
	case p.met > 0:
		p.met = p.at(now)
	case math.IsInf(p.ceiling, 1):
		p.met = float64(max(p.recent[0], p.recent[1], 1))
	default:
		p.met = p.ceiling
	}
	p.met = max(p.met, 0.1) // a partner that refuses everything is asked every twenty seconds at least
	p.cutAt = now
	p.set(p.at(now))
}

// learnt is the rate that met the last 429, for the next run; 0 if none did.
func (p *pacer) learnt() (met float64, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.met, p.cutAt
}

// recall starts from what an earlier run learnt.
func (p *pacer) recall(met float64, at time.Time) {
	if met <= 0 || math.IsNaN(met) || math.IsInf(met, 0) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.met, p.cutAt = met, at
	p.set(p.at(wall()))
}

// limit is the rate allowed now, in requests a second; +Inf = unlimited.
func (p *pacer) limit() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.met > 0 {
		return p.at(wall())
	}
	return p.ceiling
}
