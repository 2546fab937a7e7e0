package decide

import (
	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file is the decision after an attempt: one table that says what an answer makes
// of a row, given its earlier attempts.
//
// An attempt is answered if its class says whether it created a user, and unanswered if
// it may have created one that we do not know. A row with an unanswered attempt is in
// doubt. Only OK ends the doubt, because a refusal of the second request says nothing
// about the first. A 429 from a limiter in front of the partner counts as answered at
// first, and as unanswered later; see Timing.isThrottledAnswered.

// Next says where a row goes after a decision.
type Next uint8

const (
	NextDone  Next = iota // nowhere: it is settled for this run
	NextAgain             // to the planner, to be sent again when the gate is open
	NextDoubt             // to the resolver, which looks it up in the partner's list
)

// Step is the decision about one row.
type Step struct {
	Status ledger.Status
	Next   Next
}

// AfterAnswer returns the status of a row after an answer of the given class, and where
// the row goes next. before are its earlier attempts, oldest first.
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
// If the customer's user was deleted in order to be created again, an answer that only
// postpones the request (FUNDS, BUSY, THROTTLED, AUTH, NOT_SENT) keeps the customer in
// doubt: the ledger must still recognise it under another e-mail (ledger.Match). REJECT
// makes it rejected as always: its user is gone, and the partner refuses a new one.
//
// Whether the run continues is decided elsewhere, by the gate (internal/pacing).
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
			return Step{ledger.InDoubt, NextAgain}
		case class == ledger.Funds:
			return Step{ledger.InsufficientBalance, NextAgain}
		}
		return Step{ledger.Pending, NextAgain}
	default: // OK_BROKEN, KEY_USED, UNCLEAR, UNKNOWN and classes that this table does not know
		return Step{ledger.InDoubt, NextDoubt}
	}
}

// IsUnanswered reports whether attempt i may have created a user that the ledger does
// not know.
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

// HasUnanswered reports whether any attempt may have created a user that the ledger
// does not know.
func HasUnanswered(h []ledger.Attempt, t Timing) bool {
	return hasAttempt(h, func(i int, _ ledger.Attempt) bool { return IsUnanswered(h, i, t) })
}

// hasAttempt reports whether any attempt of a history satisfies a condition.
func hasAttempt(h []ledger.Attempt, condition func(i int, a ledger.Attempt) bool) bool {
	for i, a := range h {
		if condition(i, a) {
			return true
		}
	}
	return false
}
