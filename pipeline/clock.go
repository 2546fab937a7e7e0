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
	mu        sync.Mutex
	offset    time.Duration
	certain   bool
	roundTrip time.Duration // of the exchange by which the clocks were compared last
}

// wall is now by the wall clock alone: without the monotonic reading, which
// stands still while a machine is suspended.
func wall() time.Time { return time.Now().Round(0) }

// observe takes the Date of one answer.
func (c *clock) observe(began, ended, date time.Time) {
	if date.IsZero() || ended.Before(began) {
		return
	}
	trip := ended.Sub(began)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = date.Add(time.Second / 2).Sub(began.Add(trip / 2))
	c.certain = true
	c.roundTrip = trip
}

// restore takes what an earlier run knew, until an answer tells better.
func (c *clock) restore(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.certain {
		c.offset = offset
	}
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

// trip is the round trip by which the clocks were compared last.
func (c *clock) trip() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.roundTrip
}

// skew is how far the clocks are apart; known only once the partner told.
func (c *clock) skew() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset, c.certain
}
