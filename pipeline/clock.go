package pipeline

import (
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// clock relates our wall clock to the partner's, by the Date headers of its
// answers. Date has whole seconds: the middle of the second is taken, and every
// silence is a second longer for it. It is safe for concurrent use.
type clock struct {
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

// observe takes the Date of one answer.
func (c *clock) observe(began, ended, date time.Time) {
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

// restore takes how slow the exchanges of earlier runs were.
func (c *clock) restore(slowest time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slowest = max(c.slowest, slowest)
}

// instant is a moment of ours with what is known of the partner's clock.
func (c *clock) instant(at time.Time) ledger.Instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	return ledger.Instant{At: at, Offset: c.offset, Certain: c.certain}
}

// now is the present moment.
func (c *clock) now() ledger.Instant { return c.instant(wall()) }

// ours is the moment by our clock that the partner's clock calls at.
func (c *clock) ours(at time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return at.Add(-c.offset)
}

// roundTrip is the slowest exchange by which the clocks were compared: how far
// off any noted offset can be.
func (c *clock) roundTrip() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.slowest
}

// skew returns the partner's clock minus ours; it is known only once the partner told.
func (c *clock) skew() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset, c.certain
}
