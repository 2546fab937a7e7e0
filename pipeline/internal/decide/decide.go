package decide

import (
	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file is the decision after an attempt: what one answer, on top of what
// was known, makes of a row. It is one table.
//
// An attempt is answered when its class says what happened to it, unanswered
// when it may have created a user without our knowing. A row with an unanswered
// attempt is in doubt, and no answer but OK ends the doubt: a refusal of the
// second request says nothing about the first. A 429 from a limiter in front of
// the partner is both, one after the other; see Timing.isThrottledAnswered.

// Next is where a row goes after a decision.
type Next uint8

const (
	NextDone  Next = iota // nothing more to do in this run
	NextAgain             // back to the planner: it may be sent once the gate lets it
	NextDoubt             // to the resolver
)

// Step is a decision about one row.
type Step struct {
	Status ledger.Status
	Next   Next
}

// AfterAnswer decides what an answer of the given class makes of a row whose
// earlier attempts, oldest first, are before.
//
//	class      no unanswered attempt before          an unanswered attempt before
//	OK         created                               created
//	OK_BROKEN  in_doubt: something was created       in_doubt
//	KEY_USED   in_doubt, on the first attempt too    in_doubt
//	           (another process, a lost ledger)
//	DUP_USER   duplicate if no earlier attempt was   in_doubt: the list decides
//	           made; else in_doubt: the list decides
//	REJECT     rejected                              in_doubt
//	UNCLEAR    in_doubt: it may have acted           in_doubt
//	BUSY       pending, again                        in_doubt
//	THROTTLED  pending, again                        in_doubt
//	FUNDS      insufficient_balance, again           in_doubt
//	AUTH       pending, again                        in_doubt
//	NOT_SENT   pending, again                        in_doubt
//	UNKNOWN    in_doubt                              in_doubt
//
// A customer whose user was deleted in order to be created again stays in doubt
// until there is one: its place must stay free.
//
// Whether the run goes on at all is the business of the gate (internal/pacing).
func AfterAnswer(before []ledger.Attempt, class ledger.Class, t Timing) Step {
	if class == ledger.OK {
		return Step{ledger.Created, NextDone}
	}
	if HasUnanswered(before, t) {
		return Step{ledger.InDoubt, NextDoubt}
	}
	switch class {
	case ledger.DupUser:
		if hasReachedPartner(before) {
			return Step{ledger.InDoubt, NextDoubt}
		}
		return Step{ledger.Duplicate, NextDone}
	case ledger.Reject:
		return Step{ledger.Rejected, NextDone}
	case ledger.Funds, ledger.Busy, ledger.Throttled, ledger.Auth, ledger.NotSent:
		switch {
		case wasDeleted(before):
			return Step{ledger.InDoubt, NextAgain} // until it has a user again
		case class == ledger.Funds:
			return Step{ledger.InsufficientBalance, NextAgain}
		}
		return Step{ledger.Pending, NextAgain}
	default: // OK_BROKEN, KEY_USED, UNCLEAR, UNKNOWN and whatever is added one day
		return Step{ledger.InDoubt, NextDoubt}
	}
}

// IsUnanswered reports whether attempt i may have created a user that we do not
// know of.
func IsUnanswered(h []ledger.Attempt, i int, t Timing) bool {
	a := h[i]
	if a.Absent {
		return false
	}
	switch a.Class {
	case ledger.Open, ledger.Unknown, ledger.OKBroken, ledger.KeyUsed, ledger.Unclear:
		return true
	case ledger.Throttled:
		return !t.isThrottledAnswered(h, a)
	default:
		return false
	}
}

// HasUnanswered reports whether some attempt may have created a user that we do
// not know of.
func HasUnanswered(h []ledger.Attempt, t Timing) bool {
	return hasAttempt(h, func(i int, _ ledger.Attempt) bool { return IsUnanswered(h, i, t) })
}

// hasAttempt reports whether something is so of one attempt of a history at least.
func hasAttempt(h []ledger.Attempt, isSo func(i int, a ledger.Attempt) bool) bool {
	for i, a := range h {
		if isSo(i, a) {
			return true
		}
	}
	return false
}
