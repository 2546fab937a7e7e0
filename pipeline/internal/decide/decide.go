package decide

import (
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file is the decision after an attempt: what one answer, on top of what
// was known, makes of a row. It is a pure function over one table. What
// evidence from list-users makes of a row is in evidence.go.
//
// An attempt is answered when its class tells what happened to it, unanswered
// when it may have created a user without our knowing. A row with an unanswered
// attempt is in doubt, and no answer but OK takes it out: a refusal of the
// second request says nothing about the first. A 429 from a limiter in front of
// the partner is both, one after the other; see timing.answersThrottled.

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
// until there is one: nobody else may take the place meanwhile.
//
// Whether the run goes on at all is the gate's business (gate.go).
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

// meansKeyUsed reports whether attempt i stands for "this key was used": the
// partner said so, or said something unknown after an earlier attempt under
// the same key had reached it.
func meansKeyUsed(h []ledger.Attempt, i int) bool {
	if h[i].Class == ledger.KeyUsed {
		return true
	}
	if h[i].Class != ledger.Unclear {
		return false
	}
	for _, e := range h[:i] {
		if e.Generation == h[i].Generation && e.Class != ledger.NotSent {
			return true
		}
	}
	return false
}

func HasUnanswered(h []ledger.Attempt, t Timing) bool {
	for i := range h {
		if IsUnanswered(h, i, t) {
			return true
		}
	}
	return false
}

// hasReachedPartner reports whether some attempt may have reached the partner: all
// but those that were provably not sent.
func hasReachedPartner(h []ledger.Attempt) bool {
	return slices.ContainsFunc(h, func(a ledger.Attempt) bool { return a.Class != ledger.NotSent })
}

// NextGeneration is the generation of the next intent after the history h, in
// which nothing is unanswered. It is the last one plus one if
//   - every attempt under it that reached the partner was refused or proved
//     absent, at least one of them as a refusal, which may have consumed the key; or
//   - the last of them is an absent KEY_USED, and an earlier one was turned away
//     and so explains it: the key is consumed for certain.
//
// A deletion has the generation of the next request already. BUSY, AUTH and
// NOT_SENT alone keep the key, and so does an absent attempt
// alone: its key is the last guard against a request that is still on its way.
func NextGeneration(h []ledger.Attempt) int {
	if len(h) == 0 {
		return 0
	}
	g := h[len(h)-1].Generation
	refused, other, turned, consumed := false, false, false, false
	for i, a := range h {
		if a.Generation != g || a.Class == ledger.NotSent || a.Removes != "" {
			continue
		}
		consumed = a.Absent && meansKeyUsed(h, i) && turned
		turned = turned || isTurnedAway(a.Class)
		switch {
		case a.Absent:
		case a.Class == ledger.Reject, a.Class == ledger.Funds:
			refused = true
		default:
			other = true
		}
	}
	if consumed || refused && !other {
		return g + 1
	}
	return g
}

// wasDeleted reports whether the customer's user was deleted, to be created again.
func wasDeleted(h []ledger.Attempt) bool {
	for _, a := range h {
		if a.Class == ledger.Removed {
			return true
		}
	}
	return false
}

// CountsAsSend reports whether an attempt of this class counts against the budget of
// sends in one run. Being told to wait or to pay does not, nor does the used
// key that such an answer leaves behind.
func CountsAsSend(before []ledger.Attempt, class ledger.Class) bool {
	switch class {
	case ledger.NotSent, ledger.Busy, ledger.Throttled, ledger.Funds:
		return false
	case ledger.KeyUsed:
		for i := len(before) - 1; i >= 0; i-- {
			if c := before[i].Class; c != ledger.NotSent {
				return c != ledger.Busy && c != ledger.Throttled && c != ledger.Funds
			}
		}
	}
	return true
}

// WasRefused reports whether the partner has refused these very details.
func WasRefused(h []ledger.Attempt, d ledger.Details) bool {
	for i, a := range h {
		refusal := a.Class == ledger.Reject || a.Class == ledger.Unclear && !meansKeyUsed(h, i)
		if refusal && string(a.Details) == string(d) {
			return true
		}
	}
	return false
}

// NeedsList reports whether a row may be sent only on a fresh list: an attempt
// is unanswered by now, or was proved absent once, which is the reason to look
// again before each send.
func NeedsList(h []ledger.Attempt, t Timing) bool {
	return HasUnanswered(h, t) || slices.ContainsFunc(h, func(a ledger.Attempt) bool { return a.Absent })
}

// ForcedGeneration is the generation of the next intent of a row that an
// operator wants sent again. After "this e-mail exists" it is the next one;
// otherwise the rule is that of nextGeneration.
func ForcedGeneration(h []ledger.Attempt) int {
	g := NextGeneration(h)
	if last := len(h) - 1; last >= 0 && h[last].Class == ledger.DupUser {
		g = max(g, h[last].Generation+1)
	}
	return g
}
