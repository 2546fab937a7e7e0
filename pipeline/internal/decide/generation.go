package decide

import (
	"bytes"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// NextGeneration returns the generation of the next intent after the history h, in
// which no attempt is unanswered. It is the last generation plus one if
//   - every attempt under it that reached the partner was refused or proved absent, and
//     at least one was refused, which may have used up the key; or
//   - the last of them is an absent KEY_USED, and an earlier one was turned away, which
//     explains it: the key is certainly used up.
//
// A deletion already has the generation of the next request. BUSY, AUTH and NOT_SENT
// alone keep the key. So does a single absent attempt: its key is the last guard against
// a request that may still be on its way.
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

// ForcedGeneration returns the generation of the next intent of a row that an operator
// orders to be sent again. After DUP_USER it is the last one plus one. Otherwise the
// rule is that of [NextGeneration].
func ForcedGeneration(h []ledger.Attempt) int {
	g := NextGeneration(h)
	if last := len(h) - 1; last >= 0 && h[last].Class == ledger.DupUser {
		g = max(g, h[last].Generation+1)
	}
	return g
}

// wasDeleted reports whether the customer's user was deleted in order to be created again.
func wasDeleted(h []ledger.Attempt) bool {
	return slices.ContainsFunc(h, func(a ledger.Attempt) bool { return a.Class == ledger.Removed })
}

// hasReachedPartner reports whether any attempt may have reached the partner: every
// attempt may that was not provably unsent.
func hasReachedPartner(h []ledger.Attempt) bool {
	return slices.ContainsFunc(h, func(a ledger.Attempt) bool { return a.Class != ledger.NotSent })
}

// CountsAsSend reports whether an attempt of this class counts towards the maximum
// number of sends in one run. An answer that asks to wait or to pay does not count, nor
// does the KEY_USED that such an answer causes.
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

// WasRefused reports whether the partner has refused exactly these details.
func WasRefused(h []ledger.Attempt, d ledger.Details) bool {
	return hasAttempt(h, func(i int, a ledger.Attempt) bool { return isRefusal(h, i) && bytes.Equal(a.Details, d) })
}

// isRefusal reports whether attempt i was refused for its details.
func isRefusal(h []ledger.Attempt, i int) bool {
	return h[i].Class == ledger.Reject || h[i].Class == ledger.Unclear && !meansKeyUsed(h, i)
}

// NeedsList reports whether a row may be sent only after a fresh reading of the list: if
// an attempt is unanswered, or if one was proved absent, before each send.
func NeedsList(h []ledger.Attempt, t Timing) bool {
	return HasUnanswered(h, t) || slices.ContainsFunc(h, func(a ledger.Attempt) bool { return a.Absent })
}

// meansKeyUsed reports whether attempt i means that its key was used before: the partner
// said so, or it gave an unknown answer and an earlier attempt under the same key had
// reached it.
func meansKeyUsed(h []ledger.Attempt, i int) bool {
	if h[i].Class == ledger.KeyUsed {
		return true
	}
	if h[i].Class != ledger.Unclear {
		return false
	}
	return slices.ContainsFunc(h[:i], func(e ledger.Attempt) bool { return e.Generation == h[i].Generation && e.Class != ledger.NotSent })
}
