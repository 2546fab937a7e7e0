package sharing

import (
	"sync"
	"time"
)

const (
	beatsPerLease = 4    // beats that a sender gives in the time of a lease
	usableShare   = 0.95 // of a lease: clocks of two hosts may run at slightly different speeds
)

// BeatInterval returns the time between two beats.
func BeatInterval(lease time.Duration) time.Duration { return lease / beatsPerLease }

// Lease is the right of one sender to begin requests. It lasts from beat to beat. The
// zero value has ended. It is safe for concurrent use.
type Lease struct {
	mu    sync.Mutex
	until time.Duration
	open  map[int64]struct{} // attempts of the present number that are not recorded
}

// Extend extends the lease after a beat that reached the ledger. asked is the moment
// before the beat was sent.
func (l *Lease) Extend(asked, lease time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = max(l.until, asked+time.Duration(usableShare*float64(lease)))
}

// Restart begins a lease under a new number. No attempt of an earlier one may be sent
// any more.
func (l *Lease) Restart(asked, lease time.Duration) {
	l.mu.Lock()
	l.until, l.open = 0, nil
	l.mu.Unlock()
	l.Extend(asked, lease)
}

// End ends the lease: the sender was declared ended, or leaves.
func (l *Lease) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until, l.open = 0, nil
}

// AddAttempts notes attempts that the sender has opened under its present number.
func (l *Lease) AddAttempts(ids ...int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[int64]struct{}{}
	}
	for _, id := range ids {
		if id != 0 {
			l.open[id] = struct{}{}
		}
	}
}

// RemoveAttempt forgets an attempt whose outcome is recorded.
func (l *Lease) RemoveAttempt(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, id)
}

// HasAttempt reports whether the sender remembers an attempt as open. One that it opened
// and does not remember must be swept.
func (l *Lease) HasAttempt(id int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.open[id]
	return ok
}

// MaySend reports whether the request of an attempt may begin now.
func (l *Lease) MaySend(attempt int64, now time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.open[attempt]
	return ok && now < l.until
}

// IsValid reports whether requests may begin now.
func (l *Lease) IsValid(now time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now < l.until
}
