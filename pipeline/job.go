package pipeline

import (
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// job is one row on its way. It is owned by one goroutine at a time. The
// owner may change it, and gives it up by passing it on.
type job struct {
	customer   ledger.Customer // as last committed; its History grows with the run
	details    ledger.Details  // of the row
	user       validate.User   // the body, which the ledger never sees
	attempt    ledger.Attempt  // the one under way
	intended   time.Time       // when its intent was made, with the monotonic reading
	spent      int             // sends in this run that count against MaxAttempts
	next       int             // generation of the next intent, when forced is set
	isForced   bool            // by evidence, or because the operator wants it sent again
	freshUntil time.Time       // the next send must begin before then; zero = whenever
	isListed   bool            // the partner had this customer before the run, by its list
	isNew      bool            // no run had sent it before
	sentNew    bool            // counted against Bounds.Limit
	isInDoubt  bool            // counted among the doubts by the planner
	mayCost    bool            // in doubt, and its request may still be charged
}

// nextGeneration returns the one of the next intent.
func (j *job) nextGeneration() int {
	if j.isForced {
		return j.next
	}
	return decide.NextGeneration(j.customer.History)
}

// endedAt returns the end of the attempt by our wall clock. A wall clock that was
// set back meanwhile must not make the attempt older than it is; one that ran on
// while the machine slept, and the monotonic clock with it, counts.
func (j *job) endedAt(ended, now time.Time) time.Time {
	return decide.MaxTime(ended.Round(0), j.attempt.NotBefore.At.Add(now.Sub(j.intended)))
}

// isStale reports whether the evidence that allows this send has become too old.
func (j *job) isStale(now time.Time) bool { return !j.freshUntil.IsZero() && now.After(j.freshUntil) }

// answered is a job with what came of its attempt.
type answered struct {
	job    *job
	answer partner.Answer
	class  ledger.Class
	ended  ledger.Instant

	otherAccount bool // created in an account that is not the ledger's
}

// createClass returns the class that a Partner gave to an answer. One that no
// answer to a create-user request has proves nothing.
func createClass(c ledger.Class) ledger.Class {
	switch c {
	case ledger.OK, ledger.OKBroken, ledger.KeyUsed, ledger.DupUser, ledger.Reject, ledger.Unclear,
		ledger.Busy, ledger.Throttled, ledger.Funds, ledger.Auth, ledger.NotSent:
		return c
	default:
		return ledger.Unknown
	}
}

// mailbox hands values from many goroutines to one without ever blocking the
// givers, so that no cycle of full channels can arise. What lies in it is
// bounded by the jobs under way, not by the mailbox. The zero value is not
// usable; see newMailbox.
type mailbox[T any] struct {
	mu     sync.Mutex
	items  []T
	notify chan struct{} // rings when there is something to take
}

func newMailbox[T any]() *mailbox[T] { return &mailbox[T]{notify: make(chan struct{}, 1)} }

func (m *mailbox[T]) putAll(items ...T) {
	if len(items) == 0 {
		return
	}
	m.mu.Lock()
	m.items = append(m.items, items...)
	m.mu.Unlock()
	m.wake()
}

// wake wakes the taker even if there is nothing new.
func (m *mailbox[T]) wake() {
	select {
	case m.notify <- struct{}{}:
	default:
	}
}

// takeAll returns everything that was put since the last call.
func (m *mailbox[T]) takeAll() []T {
	m.mu.Lock()
	defer m.mu.Unlock()
	items := m.items
	m.items = nil
	return items
}
