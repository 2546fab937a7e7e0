package pacing

import (
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Clock relates our wall clock to the partner's, by the Date headers of its
// answers. Date has whole seconds, so it uses the middle of the second, and every silence
// is a second longer. It is safe for concurrent use.
type Clock struct {
	// Shared is the clock of a ledger that several hosts share: moments are written down
	// by it, and not by ours. nil = by ours. It is set before the first use.
	Shared func() time.Time

	mu      sync.Mutex
	offset  time.Duration
	certain bool
	trip    time.Duration // of the exchange by which the clocks were compared last
	at      time.Time     // when that was
	slowest time.Duration // of all exchanges by which they were, in earlier runs as well
}

const (
	goodTrip = time.Second     // an exchange this quick always counts
	goodFor  = 5 * time.Minute // after which a slow exchange is better than an old one
)

// ObserveDate compares the clocks by the Date of one answer.
func (c *Clock) ObserveDate(began, ended, date time.Time) {
	if date.IsZero() || ended.Before(began) {
		return
	}
	trip := ended.Sub(began) // by the monotonic clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.certain && trip > max(goodTrip, 2*c.trip) && ended.Sub(c.at) < goodFor {
		return // a slow exchange compares clocks badly
	}
	c.offset = date.Add(time.Second / 2).Sub(ended.Round(0).Add(-trip / 2))
	c.certain, c.trip, c.at = true, trip, ended
	c.slowest = max(c.slowest, trip)
}

// RestoreTrip adds how slow the exchanges of earlier runs were.
func (c *Clock) RestoreTrip(slowest time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slowest = max(c.slowest, slowest)
}

// InstantAt returns a moment of ours as it is written down, with what is known of the
// partner's clock.
func (c *Clock) InstantAt(at time.Time) ledger.Instant {
	shift := c.shift()
	c.mu.Lock()
	defer c.mu.Unlock()
	out := ledger.Instant{At: at.Add(shift), Offset: c.offset, Certain: c.certain}
	if c.certain {
		out.Offset -= shift
	}
	return out
}

// shift returns the clock by which moments are written down minus ours.
func (c *Clock) shift() time.Duration {
	if c.Shared == nil {
		return 0
	}
	return c.Shared().Sub(WallTime())
}

// Now returns the present moment.
func (c *Clock) Now() ledger.Instant { return c.InstantAt(WallTime()) }

// LocalTime returns the moment by our clock that the partner's clock calls at.
func (c *Clock) LocalTime(at time.Time) time.Time {
	shift := c.shift()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.certain {
		return at.Add(-shift) // the partner's clock is taken for that of the ledger
	}
	return at.Add(-c.offset)
}

// FromShared returns the moment by our clock that a shared ledger's clock calls at.
func (c *Clock) FromShared(at time.Time) time.Time { return at.Add(-c.shift()) }

// ToShared returns the moment by a shared ledger's clock that ours calls at.
func (c *Clock) ToShared(at time.Time) time.Time { return at.Add(c.shift()) }

// RoundTrip returns the slowest exchange by which the clocks were compared: how far
// off any noted offset can be.
func (c *Clock) RoundTrip() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.slowest
}

// Skew returns the partner's clock minus ours; it is known only once an answer
// had a Date.
func (c *Clock) Skew() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset, c.certain
}
