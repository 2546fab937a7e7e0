package pipeline

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// job is one row that is being sent or resolved. One goroutine owns it at a time: it may
// change the job until it passes it on.
type job struct {
	customer   ledger.Customer // as last committed, with the attempts of this run
	details    ledger.Details  // of the row
	user       validate.User   // body of the request; never stored
	attempt    ledger.Attempt  // the current one
	intended   time.Time       // when its intent was made, with the monotonic reading
	spent      int             // sends in this run that count against MaxAttempts
	next       int             // generation of the next intent, if isForced
	isForced   bool            // an operator ordered it to be sent again
	freshUntil time.Time       // the next send must begin before then; zero = no limit
	isListed   bool            // the partner's list showed this customer before the run
	isNew      bool            // never sent before
	sentNew    bool            // counted against Bounds.Limit
	isInDoubt  bool            // counted in planner.inDoubt
	mayCost    bool            // in doubt, and its request may still be charged
	isRenewed  bool            // its user was deleted in this run, to be created again
}

// nextGeneration returns the generation of the next intent.
func (j *job) nextGeneration() int {
	if j.isForced {
		return j.next
	}
	return decide.NextGeneration(j.customer.History)
}

// endedAt returns the end of the attempt by our wall clock, or by the monotonic clock if
// that is later. So a wall clock that is set back does not make the attempt look older
// than it is, and the time that a machine was suspended counts.
func (j *job) endedAt(ended, now time.Time) time.Time {
	return decide.MaxTime(ended.Round(0), j.attempt.NotBefore.At.Add(now.Sub(j.intended)))
}

// isStale reports whether the evidence that allows this send is too old.
func (j *job) isStale(now time.Time) bool { return !j.freshUntil.IsZero() && now.After(j.freshUntil) }

// answered is a job with the answer to its attempt.
type answered struct {
	job    *job
	answer partner.Answer
	class  ledger.Class
	ended  ledger.Instant

	otherAccount bool // the user was created in an account other than the ledger's
}

// createClass returns the class that a Partner gave to an answer, or Unknown if no answer
// to a create-user request can have that class.
func createClass(c ledger.Class) ledger.Class {
	switch c {
	case ledger.OK, ledger.OKBroken, ledger.KeyUsed, ledger.DupUser, ledger.Reject, ledger.Unclear,
		ledger.Busy, ledger.Throttled, ledger.Funds, ledger.Auth, ledger.NotSent:
		return c
	default:
		return ledger.Unknown
	}
}

// mailbox passes values from many goroutines to one. Senders never block, so that no
// cycle of full channels can arise. Its size is bounded only by the number of jobs of
// the planner. The zero value is not usable; see newMailbox.
type mailbox[T any] struct {
	mu     sync.Mutex
	items  []T
	notify chan struct{} // receives a value when there may be items
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

// wake wakes the receiver even if there are no new items.
func (m *mailbox[T]) wake() {
	select {
	case m.notify <- struct{}{}:
	default:
	}
}

// takeAll returns and removes all items.
func (m *mailbox[T]) takeAll() []T {
	m.mu.Lock()
	defer m.mu.Unlock()
	items := m.items
	m.items = nil
	return items
}

func (p *planner) loadHistories(ctx context.Context, jobs []*job, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	byID := make(map[int64]ledger.Customer, len(ids))
	for c, err := range p.cfg.Ledger.Customers(ctx, ledger.Query{IDs: ids, History: true}) {
		if err != nil {
			return ledgerStop("reading attempts", err)
		}
		byID[c.ID] = c
	}
	for _, j := range jobs {
		if c, ok := byID[j.customer.ID]; ok {
			j.customer = c
		}
	}
	return nil
}

// isWanted reports whether a settled row is sent once more, and sets its generation.
func (p *planner) isWanted(j *job) bool {
	c := j.customer
	switch c.Status {
	case ledger.Pending, ledger.InsufficientBalance:
		return true
	case ledger.Rejected:
		if !decide.WasRefused(c.History, j.details) {
			return true
		}
	case ledger.Duplicate:
	default:
		return false
	}
	r := p.cfg.Resend
	hasCode := c.Status == ledger.Rejected && slices.Contains(r.Codes, c.Code)
	if !hasCode && !slices.Contains(r.Statuses, c.Status) {
		return false
	}
	j.isForced, j.next = true, decide.ForcedGeneration(c.History)
	return true
}
