package pacing

import (
	"math"
	"sync"
)

// Budget counts the users that the wallet still pays for. Requests in flight are
// spent from it before they leave. The zero value has no limit. It is safe for
// concurrent use.
type Budget struct {
	mu        sync.Mutex
	isLimited bool
	users     int
}

// Refill sets the number of users that the wallet pays for. A negative number means
// that this is not known, and removes the limit.
func (b *Budget) Refill(users int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.isLimited, b.users = users >= 0, users
}

// UsersLeft returns how many more requests may leave; math.MaxInt without a limit.
func (b *Budget) UsersLeft() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.isLimited {
		return math.MaxInt
	}
	return max(0, b.users)
}

// SpendOne counts a request that is about to leave.
func (b *Budget) SpendOne() { b.add(-1) }

// GiveBack returns what a request would have cost that created nobody.
func (b *Budget) GiveBack() { b.add(1) }

func (b *Budget) add(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.users += n
}

// AllowOne leaves one request, after an answer that the wallet is empty: whatever it
// was thought to pay for was wrong. Without a limit it does nothing.
func (b *Budget) AllowOne() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.users = 1
}
