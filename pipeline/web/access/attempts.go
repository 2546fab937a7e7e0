package access

import (
	"sync"
	"time"
)

const (
	maxAttempts   = 5 // in attemptWindow
	attemptWindow = time.Minute
	maxCounted    = 10_000 // keys that are counted at the same time
)

// attempts counts failed attempts to sign in, by user and by address. It is safe for
// any number of goroutines.
type attempts struct {
	mu     sync.Mutex
	failed map[string]attemptCount
}

type attemptCount struct {
	n     int
	since time.Time // of the first one
}

// begin reports whether another attempt may be made, and counts it for each of the
// keys: attempts at the same time count, too. retry is how long to wait otherwise.
func (a *attempts) begin(keys ...string) (retry time.Duration, isAllowed bool) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failed == nil {
		a.failed = map[string]attemptCount{}
	}
	a.dropOld(now)
	for _, key := range keys {
		if c := a.failed[key]; c.n >= maxAttempts {
			return attemptWindow - now.Sub(c.since), false
		}
	}
	if len(a.failed) > maxCounted {
		return attemptWindow, false
	}
	for _, key := range keys {
		c := a.failed[key]
		if c.n == 0 {
			c.since = now
		}
		c.n++
		a.failed[key] = c
	}
	return 0, true
}

// succeed takes back the attempts of the keys.
func (a *attempts) succeed(keys ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, key := range keys {
		delete(a.failed, key)
	}
}

func (a *attempts) dropOld(now time.Time) {
	for key, c := range a.failed {
		if now.Sub(c.since) >= attemptWindow {
			delete(a.failed, key)
		}
	}
}
