package decide

import (
	"bytes"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file is the decision after evidence: the status that a complete list of the
// partner's users gives to a row in doubt. Like decide.go it is pure.

// maxUnanswered is how many unanswered attempts one customer may have over all
// runs before an operator must look.
const maxUnanswered = 20

// Evidence is what one complete list shows of one customer.
type Evidence struct {
	Began     time.Time         // when the list was begun, in the partner's time
	Users     []User            // those whose e-mail is the customer's but for case
	Taken     func(string) bool // whether a serviceId is another customer's
	Linked    func(string) bool // whether a link is another customer's
	Email     string            // exact spelling sent last
	Salvaged  func(excerpt []byte) (serviceID, link string)
	Clock     Calibration
	Absence   Absence        // what it proves that the customer is not listed
	Details   ledger.Details // of the row as it is now; nil if this run does not have the row
	MayResend bool           // this run has the row, and may send it again
	Forced    bool           // an operator ordered it to be sent although these details were refused
}

// Resolution is a decision about a row in doubt.
type Resolution struct {
	Kind      ResolutionKind
	Until     time.Time // with WaitLonger: a list begun then, in the partner's time, may show more
	ServiceID string
	Link      string
	Code      string
	Absent    []int // indexes of the attempts that are closed as absent
}

type ResolutionKind uint8

const (
	WaitLonger      ResolutionKind = iota // nothing can be said yet
	AskOperator                           // the evidence does not decide; Code says why
	MarkCreated                           // ours, and the kept answer has its link
	MarkLinkMissing                       // ours, the link is lost
	MarkDuplicate                         // another creator's: duplicate
	MarkRejected                          // rejected
	SendAgain                             // certainly not created
	LeaveAsIs                             // keeps its status for this run: no attempt is unanswered
	ReadAgain                             // the list cannot be used; the next one may
)

// Why an operator must decide.
const (
	CodeTwoUsers    = "two_users_listed"
	CodeTaken       = "service_id_taken"
	CodeNoTime      = "no_partner_time"
	CodeUnproved    = "created_at_unproved"
	CodeNoAbsence   = "absence_unproved"
	CodeSimilar     = "similar_user_listed"
	CodeLate        = "created_after_window"
	CodeLookBack    = "key_used_unexplained"
	CodeUnlisted    = "duplicate_not_listed"
	CodeBudget      = "budget_spent"
	CodeUnanswered  = "too_many_unanswered"
	CodeNotAtHand   = "row_not_at_hand"
	CodeOutstanding = ledger.CodeOutstanding
)

// WeighEvidence decides about a row in doubt with history h by a list.
func WeighEvidence(h []ledger.Attempt, s Evidence, t Timing) Resolution {
	if at := t.SettledAt(h); s.Began.Before(at) {
		return Resolution{Kind: WaitLonger, Until: at}
	}
	s.Users = WithoutDeleted(h, s.Users)
	if len(s.Users) > 0 {
		return weighFound(h, s, t)
	}
	switch s.Absence.Kind {
	case AbsenceProved:
		return weighAbsent(h, s, t)
	case AbsenceLater:
		return Resolution{Kind: WaitLonger, Until: s.Absence.until}
	case AbsenceUnusable:
		return Resolution{Kind: ReadAgain}
	default:
		return Resolution{Kind: AskOperator, Code: s.Absence.code}
	}
}

// weighFound decides about a customer whom the list shows.
func weighFound(h []ledger.Attempt, s Evidence, t Timing) Resolution {
	users := s.Users
	if exact := slices.DeleteFunc(slices.Clone(users), func(u User) bool { return u.Email != s.Email }); len(exact) > 0 {
		users = exact
	}
	if len(users) > 1 {
		return Resolution{Kind: AskOperator, Code: CodeTwoUsers}
	}
	u := users[0]
	if s.Taken(u.ServiceID) {
		return Resolution{Kind: AskOperator, Code: CodeTaken}
	}
	if isRemoving(h, u.ServiceID, t) {
		// Neither answered nor done: the user is there still, as lost as before.
		return Resolution{Kind: MarkLinkMissing, ServiceID: u.ServiceID}
	}
	for _, a := range h {
		if a.Class != ledger.OKBroken {
			continue
		}
		// The answer itself named the user: no clock is needed.
		if id, link := s.Salvaged(a.Excerpt); id != "" && id == u.ServiceID {
			if link != "" && !s.Linked(link) {
				return Resolution{Kind: MarkCreated, ServiceID: id, Link: link}
			}
			return Resolution{Kind: MarkLinkMissing, ServiceID: id}
		}
	}
	return weighCreationTime(h, u, s.Clock, t)
}

// weighCreationTime decides by the moment at which the listed user was created.
func weighCreationTime(h []ledger.Attempt, u User, clock Calibration, t Timing) Resolution {
	if u.CreatedAt.IsZero() {
		return Resolution{Kind: AskOperator, Code: CodeUnproved}
	}
	isComparable, isInside, isLate, isLookBack := true, false, false, false
	var oldest time.Time // from when on anything of ours may have created a user
	for i, a := range h {
		w, ok := attemptWindow(h, i, t)
		if !ok {
			continue
		}
		if !a.NotBefore.Certain || !a.NotAfter.Certain {
			return Resolution{Kind: AskOperator, Code: CodeNoTime}
		}
		isComparable = isComparable && clock.IsUsable(a.NotBefore.Partner(), t)
		if oldest.IsZero() || w.lookBack.Before(oldest) {
			oldest = w.lookBack
		}
		switch w = w.Shifted(clock); {
		case !u.CreatedAt.Before(w.From) && !u.CreatedAt.After(w.To):
			isInside = true
		case !u.CreatedAt.Before(w.lookBack) && u.CreatedAt.Before(w.From):
			isLookBack = true
		case u.CreatedAt.After(w.To) && w.open:
			isLate = true
		}
	}
	if !isComparable {
		if u.CreatedAt.Before(oldest.Add(-clock.uncertainty())) {
			return Resolution{Kind: MarkDuplicate, ServiceID: u.ServiceID}
		}
		return Resolution{Kind: AskOperator, Code: CodeUnproved}
	}
	switch {
	case isInside:
		return Resolution{Kind: MarkLinkMissing, ServiceID: u.ServiceID}
	case isLookBack && hasRefusalBeforeKeyUsed(h):
		return Resolution{Kind: AskOperator, Code: CodeLookBack}
	case isLookBack:
		return Resolution{Kind: MarkLinkMissing, ServiceID: u.ServiceID}
	case isLate:
		return Resolution{Kind: AskOperator, Code: CodeLate}
	case isTooClose(h, u, clock, t):
		return Resolution{Kind: AskOperator, Code: CodeUnproved}
	default:
		return Resolution{Kind: MarkDuplicate, ServiceID: u.ServiceID}
	}
}

// isTooClose reports whether the user is older than some window of ours, but not
// by so much that another party certainly created it.
func isTooClose(h []ledger.Attempt, u User, clock Calibration, t Timing) bool {
	return hasAttempt(h, func(i int, _ ledger.Attempt) bool {
		w, ok := attemptWindow(h, i, t)
		w = w.Shifted(clock)
		return ok && u.CreatedAt.Before(w.lookBack) && !u.CreatedAt.Before(w.lookBack.Add(-ancientBefore))
	})
}

// hasRefusalBeforeKeyUsed reports whether some KEY_USED answer may have been
// caused by a refusal of ours under the same key, or by a request that a limiter
// let through all the same, and not by another process.
func hasRefusalBeforeKeyUsed(h []ledger.Attempt) bool {
	return hasAttempt(h, func(i int, a ledger.Attempt) bool {
		return meansKeyUsed(h, i) && slices.ContainsFunc(h[:i], func(e ledger.Attempt) bool {
			return e.Generation == a.Generation && (isTurnedAway(e.Class) || e.Class == ledger.Throttled)
		})
	})
}

// isTurnedAway reports whether the class is an answer that created nothing and
// yet may have consumed the key.
func isTurnedAway(c ledger.Class) bool {
	return c == ledger.Busy || c == ledger.Auth || c == ledger.Funds || c == ledger.Reject
}

// weighAbsent decides about a customer who is proved not to be listed.
func weighAbsent(h []ledger.Attempt, s Evidence, t Timing) Resolution {
	last := len(h) - 1
	var open []int
	onlyUnclear := true // refusals in words that we do not know, and nothing else
	for i, a := range h {
		if IsUnanswered(h, i, t) {
			open = append(open, i)
			onlyUnclear = onlyUnclear && a.Class == ledger.Unclear && !meansKeyUsed(h, i)
		}
	}
	if len(open) == 0 && h[last].Class == ledger.DupUser {
		// A list may lag behind: give it the time that an answer gets.
		if at := t.endOf(h[last]).Add(t.Settle + DateResolution); s.Began.Before(at) {
			return Resolution{Kind: WaitLonger, Until: at}
		}
		if s.Forced {
			return resendOrHold(s, nil) // the user was deleted since
		}
		return Resolution{Kind: AskOperator, Code: CodeUnlisted}
	}
	if countUnansweredEver(h, t) >= maxUnanswered {
		return Resolution{Kind: AskOperator, Code: CodeUnanswered}
	}
	if len(open) > 0 && (onlyUnclear || hasOnlyUsedKeys(h, open)) {
		return refuseOrResend(h, s, open)
	}
	if at := t.keyDeadAt(h); !s.Began.After(at) {
		return Resolution{Kind: WaitLonger, Until: at.Add(time.Nanosecond)}
	}
	if h[last].Class == ledger.DupUser {
		return Resolution{Kind: AskOperator, Code: CodeUnlisted}
	}
	return refuseOrResend(h, s, open)
}

// refuseOrResend decides about a customer whom no attempt has created: rejected
// if the last answer refused these same details, else sent again.
func refuseOrResend(h []ledger.Attempt, s Evidence, absent []int) Resolution {
	last := len(h) - 1
	same := s.Details == nil || bytes.Equal(h[last].Details, s.Details)
	if isRefusal(h, last) && same && !s.Forced && (s.Details != nil || h[last].Class == ledger.Unclear) {
		return Resolution{Kind: MarkRejected, Code: h[last].Code, Absent: absent}
	}
	return resendOrHold(s, absent)
}

func resendOrHold(s Evidence, absent []int) Resolution {
	switch {
	case s.Details == nil:
		return Resolution{Kind: AskOperator, Code: CodeNotAtHand}
	case !s.MayResend && len(absent) == 0:
		return Resolution{Kind: LeaveAsIs}
	case !s.MayResend:
		return Resolution{Kind: AskOperator, Code: CodeBudget}
	default:
		return Resolution{Kind: SendAgain, Absent: absent}
	}
}

// hasOnlyUsedKeys reports whether the last answer is KEY_USED, every unanswered attempt is
// a KEY_USED, and an earlier attempt under the key was turned away, which explains it.
// Absence after settle then suffices: no request can still act, and a new key is needed.
func hasOnlyUsedKeys(h []ledger.Attempt, open []int) bool {
	last := len(h) - 1
	if !meansKeyUsed(h, last) || h[last].Absent {
		return false
	}
	isExplained := slices.ContainsFunc(h[:last], func(e ledger.Attempt) bool { return e.Generation == h[last].Generation && isTurnedAway(e.Class) })
	hasOther := slices.ContainsFunc(open, func(i int) bool { return !meansKeyUsed(h, i) || h[i].Generation != h[last].Generation })
	return isExplained && !hasOther
}

// countUnansweredEver counts the attempts without an answer, also those proved
// absent since. It does not count a limiter's 429, which is frequent and whose key has
// expired or will be found used.
func countUnansweredEver(h []ledger.Attempt, t Timing) int {
	n := 0
	for i, a := range h {
		if a.Class != ledger.Throttled && (a.Absent || IsUnanswered(h, i, t)) {
			n++
		}
	}
	return n
}

// OldestRelevant returns the time from which users of the list can decide about a row, in
// the partner's time. It is zero if users of any age can: after DUP_USER and UNCLEAR an
// older user of another party may explain the answer.
func OldestRelevant(h []ledger.Attempt, t Timing) time.Time {
	var oldest time.Time
	for i, a := range h {
		if a.Class == ledger.DupUser || a.Class == ledger.Unclear || a.Removes != "" && IsUnanswered(h, i, t) {
			return time.Time{}
		}
		w, ok := attemptWindow(h, i, t)
		if ok && (!a.NotBefore.Certain || !a.NotAfter.Certain) {
			return time.Time{} // when it was, in the partner's time, is not known
		}
		if ok && (oldest.IsZero() || w.lookBack.Before(oldest)) {
			oldest = w.lookBack
		}
	}
	return oldest
}
