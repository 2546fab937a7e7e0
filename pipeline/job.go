package pipeline

import (
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// job is one row on its way. It is owned by one goroutine at a time: whoever
// holds it may change it, and passing it on gives it away.
type job struct {
	customer ledger.Customer // as last committed; its History grows with the run
	details  ledger.Details  // of the row
	user     validate.User   // the body, which the ledger never sees
	attempt  ledger.Attempt  // the one under way
	intended time.Time       // when its intent was made, with the monotonic reading
	spent    int             // sends in this run that count against MaxAttempts
	next     int             // generation of the next intent, when forced is set
	forced   bool            // by evidence, or because the operator wants it sent again
	fresh    time.Time       // the next send must begin before then; zero = whenever
	exists   bool            // the partner had this person before the run, by its list
	isNew    bool            // no run had sent it before
	sentNew  bool            // counted against Bounds.Limit
	wasDoubt bool            // counted among the doubts by the planner
}

// generation is the one of the next intent.
func (j *job) generation() int {
	if j.forced {
		return j.next
	}
	return nextGeneration(j.customer.History)
}

// endedAt is the end of the attempt by our wall clock. A wall clock that was
// set back meanwhile must not make the attempt older than it is; one that ran on
// while the machine slept, and the monotonic clock with it, counts.
func (j *job) endedAt(ended, now time.Time) time.Time {
	return later(ended.Round(0), j.attempt.NotBefore.At.Add(now.Sub(j.intended)))
}

// stale reports whether the evidence that allows this send has become too old.
func (j *job) stale(now time.Time) bool { return !j.fresh.IsZero() && now.After(j.fresh) }

// answered is a job with what came of its attempt.
type answered struct {
	job    *job
	answer partner.Answer
	class  ledger.Class
	ended  ledger.Instant

	otherAccount bool // created in an account that is not the ledger's
}

// createClass is the class that a Partner gave to an answer. One that no answer
// to a create-user request has proves nothing.
func createClass(c ledger.Class) ledger.Class {
	switch c {
	case ledger.OK, ledger.OKBroken, ledger.KeyUsed, ledger.DupUser, ledger.Reject, ledger.Unclear,
		ledger.Busy, ledger.Throttled, ledger.Funds, ledger.Auth, ledger.NotSent:
		return c
	default:
		return ledger.Unknown
	}
}
