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

	mu      sync.Mutex
	ceiling float64 // requests a second; +Inf = unlimited
	met     float64 // the rate that met the last 429; 0 = none yet
	cutAt   time.Time
	recent  [2]int // tokens taken in the second before and in this one
	tick    time.Time
}

const recovery = 10 * time.Second

// newPacer returns a pacer whose bucket is empty, so that a restart within one
// second does not send a second burst.
func newPacer(p Pace) *pacer {
	ceiling := p.Rate
	if p.Unlimited {
		ceiling = math.Inf(1)
	}
	limiter := rate.NewLimiter(rate.Limit(ceiling), p.Burst)
	if !p.Unlimited {
		limiter.AllowN(time.Now(), p.Burst)
	} else {
		limiter = rate.NewLimiter(rate.Inf, p.Burst)
	}
	return &pacer{limiter: limiter, ceiling: ceiling}
}

// wait takes a token. It reports whether the token had to be waited for: if
// not, the workers, not the rate, are what limits.
func (p *pacer) wait(ctx context.Context) (waited bool, err error) {
	p.adapt(wall())
	r := p.limiter.Reserve()
	d := r.Delay()
	if d == 0 {
		return false, ctx.Err()
	}
	if err := sleep(ctx, d); err != nil {
		r.Cancel()
		return true, err
	}
	return true, nil
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
		p.limiter.SetLimit(rate.Limit(p.at(now)))
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
	p.limiter.SetLimit(rate.Limit(p.at(now)))
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
	p.limiter.SetLimit(rate.Limit(p.at(wall())))
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

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sleepUntil waits until the wall clock reads at. It looks again every few
// seconds, because a timer stands still while the machine is suspended.
func sleepUntil(ctx context.Context, at time.Time) error {
	for {
		left := at.Sub(wall())
		if left <= 0 {
			return ctx.Err()
		}
		if err := sleep(ctx, min(left, 5*time.Second)); err != nil {
			return err
		}
	}
}
