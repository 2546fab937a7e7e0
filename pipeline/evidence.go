package pipeline

import (
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file is the decision after evidence: what a complete list of the
// partner's users makes of a row in doubt. Like decide.go it is pure.

// maxUnanswered is how many unanswered attempts one person may have over all
// runs before a person of ours must look.
const maxUnanswered = 20

// sighting is what one complete list shows of one person.
type sighting struct {
	began     time.Time         // when the list was begun, in the partner's time
	users     []listedUser      // those whose e-mail is the person's but for case
	taken     func(string) bool // whether a serviceId is another customer's
	linked    func(string) bool // whether a link is another customer's
	email     string            // exact spelling sent last
	salvaged  func(excerpt []byte) (serviceID, link string)
	clock     calibration
	absence   absence        // whether not being listed proves anything
	details   ledger.Details // of the row as it stands now; nil if its row is not at hand
	mayResend bool           // the row is at hand and its budget is not spent
	forced    bool           // the operator wants it sent although these details were refused
}

// ruling is a decision about a row in doubt.
type ruling struct {
	kind      rulingKind
	until     time.Time // with wait: a list begun then, in the partner's time, may tell more
	serviceID string
	link      string
	code      string
	absent    []int // indexes of the attempts that are closed as absent
}

type rulingKind uint8

const (
	ruleWait    rulingKind = iota // nothing can be said yet
	rulePerson                    // nothing can be said by a program; code tells why
	ruleCreated                   // ours, and the kept answer has its link
	ruleMissing                   // ours, the link is lost
	ruleForeign                   // somebody else's: duplicate
	ruleRefused                   // rejected
	ruleResend                    // surely not created
	ruleLeave                     // stays what it is, for this run: nothing of it is unanswered
	ruleAgain                     // the list cannot be used; the next one may
)

// Why a person must decide.
const (
	codeTwoUsers    = "two_users_listed"
	codeTaken       = "service_id_taken"
	codeNoTime      = "no_partner_time"
	codeUnproved    = "created_at_unproved"
	codeNoAbsence   = "absence_unproved"
	codeSimilar     = "similar_user_listed"
	codeLate        = "created_after_window"
	codeLookBack    = "key_used_unexplained"
	codeUnlisted    = "duplicate_not_listed"
	codeBudget      = "budget_spent"
	codeUnanswered  = "too_many_unanswered"
	codeNotAtHand   = "row_not_at_hand"
	codeOutstanding = "outcome_unknown"
)

// weigh decides what a list makes of a row in doubt with history h.
func weigh(h []ledger.Attempt, s sighting, t timing) ruling {
	if at := t.settled(h); s.began.Before(at) {
		return ruling{kind: ruleWait, until: at}
	}
	s.users = withoutDeleted(h, s.users)
	if len(s.users) > 0 {
		return weighFound(h, s, t)
	}
	switch s.absence.kind {
	case absenceProved:
		return weighAbsent(h, s, t)
	case absenceLater:
		return ruling{kind: ruleWait, until: s.absence.until}
	case absenceUnusable:
		return ruling{kind: ruleAgain}
	default:
		return ruling{kind: rulePerson, code: s.absence.code}
	}
}

// weighFound decides about a person whom the list shows.
func weighFound(h []ledger.Attempt, s sighting, t timing) ruling {
	users := s.users
	if exact := slices.DeleteFunc(slices.Clone(users), func(u listedUser) bool { return u.Email != s.email }); len(exact) > 0 {
		users = exact
	}
	if len(users) > 1 {
		return ruling{kind: rulePerson, code: codeTwoUsers}
	}
	u := users[0]
	if s.taken(u.ServiceID) {
		return ruling{kind: rulePerson, code: codeTaken}
	}
	if removing(h, u.ServiceID, t) {
		// Neither answered nor done: the user is there still, as lost as before.
		return ruling{kind: ruleMissing, serviceID: u.ServiceID}
	}
	for _, a := range h {
		if a.Class != ledger.OKBroken {
			continue
		}
		// The answer itself named the user: no clock is needed.
		if id, link := s.salvaged(a.Excerpt); id != "" && id == u.ServiceID {
			if link != "" && !s.linked(link) {
				return ruling{kind: ruleCreated, serviceID: id, link: link}
			}
			return ruling{kind: ruleMissing, serviceID: id}
		}
	}
	return weighTime(h, u, s.clock, t)
}

// weighTime decides by the moment at which the listed user was created.
func weighTime(h []ledger.Attempt, u listedUser, clock calibration, t timing) ruling {
	if u.CreatedAt.IsZero() {
		return ruling{kind: rulePerson, code: codeUnproved}
	}
	comparable, inside, late, lookBack := true, false, false, false
	var oldest time.Time // from when on anything of ours may have created a user
	for i, a := range h {
		w, ok := windowOf(h, i, t)
		if !ok {
			continue
		}
		if !a.NotBefore.Certain || !a.NotAfter.Certain {
			return ruling{kind: rulePerson, code: codeNoTime}
		}
		comparable = comparable && clock.usable(a.NotBefore.Partner(), t)
		if oldest.IsZero() || w.lookBack.Before(oldest) {
			oldest = w.lookBack
		}
		switch w = w.by(clock); {
		case !u.CreatedAt.Before(w.from) && !u.CreatedAt.After(w.to):
			inside = true
		case !u.CreatedAt.Before(w.lookBack) && u.CreatedAt.Before(w.from):
			lookBack = true
		case u.CreatedAt.After(w.to) && w.open:
			late = true
		}
	}
	if !comparable {
		if u.CreatedAt.Before(oldest.Add(-clock.doubt())) {
			return ruling{kind: ruleForeign, serviceID: u.ServiceID}
		}
		return ruling{kind: rulePerson, code: codeUnproved}
	}
	switch {
	case inside:
		return ruling{kind: ruleMissing, serviceID: u.ServiceID}
	case lookBack && refusalBeforeKeyUsed(h):
		return ruling{kind: rulePerson, code: codeLookBack}
	case lookBack:
		return ruling{kind: ruleMissing, serviceID: u.ServiceID}
	case late:
		return ruling{kind: rulePerson, code: codeLate}
	case tooClose(h, u, clock, t):
		return ruling{kind: rulePerson, code: codeUnproved}
	default:
		return ruling{kind: ruleForeign, serviceID: u.ServiceID}
	}
}

// tooClose reports whether the user is older than some window of ours, but not
// by so much that it is someone else's beyond doubt.
func tooClose(h []ledger.Attempt, u listedUser, clock calibration, t timing) bool {
	for i := range h {
		w, ok := windowOf(h, i, t)
		if !ok {
			continue
		}
		w = w.by(clock)
		if u.CreatedAt.Before(w.lookBack) && !u.CreatedAt.Before(w.lookBack.Add(-ancientBefore)) {
			return true
		}
	}
	return false
}

// refusalBeforeKeyUsed reports whether some KEY_USED answer may have been
// caused by a refusal of ours under the same key, or by a request that a limiter
// let through all the same, and not by another process.
func refusalBeforeKeyUsed(h []ledger.Attempt) bool {
	for i, a := range h {
		if !meansKeyUsed(h, i) {
			continue
		}
		for _, e := range h[:i] {
			if e.Generation == a.Generation && (turnedAway(e.Class) || e.Class == ledger.Throttled) {
				return true
			}
		}
	}
	return false
}

// turnedAway reports whether the class is an answer that created nothing and
// yet may have consumed the key.
func turnedAway(c ledger.Class) bool {
	switch c {
	case ledger.Busy, ledger.Auth, ledger.Funds, ledger.Reject:
		return true
	default:
		return false
	}
}

// weighAbsent decides about a person who is proved not to be listed.
func weighAbsent(h []ledger.Attempt, s sighting, t timing) ruling {
	last := len(h) - 1
	var open []int
	onlyUnclear := true // refusals in words that we do not know, and nothing else
	for i, a := range h {
		if unanswered(h, i, t) {
			open = append(open, i)
			onlyUnclear = onlyUnclear && a.Class == ledger.Unclear && !meansKeyUsed(h, i)
		}
	}
	if len(open) == 0 && h[last].Class == ledger.DupUser {
		// A list may lag behind: give it the time that an answer gets.
		if at := t.end(h[last]).Add(t.settle + dateResolution); s.began.Before(at) {
			return ruling{kind: ruleWait, until: at}
		}
		if s.forced {
			return resendOrHold(s, nil) // somebody deleted the user since
		}
		return ruling{kind: rulePerson, code: codeUnlisted}
	}
	if unansweredEver(h, t) >= maxUnanswered {
		return ruling{kind: rulePerson, code: codeUnanswered}
	}
	if len(open) > 0 && (onlyUnclear || onlyUsedKeys(h, open)) {
		return refuseOrResend(h, s, open)
	}
	if at := t.dead(h); !s.began.After(at) {
		return ruling{kind: ruleWait, until: at.Add(time.Nanosecond)}
	}
	if h[last].Class == ledger.DupUser {
		return ruling{kind: rulePerson, code: codeUnlisted}
	}
	return refuseOrResend(h, s, open)
}

// refuseOrResend decides about a person whom no attempt has created: rejected
// if the last answer refused these same details, else sent again.
func refuseOrResend(h []ledger.Attempt, s sighting, absent []int) ruling {
	last := len(h) - 1
	refused := h[last].Class == ledger.Reject || h[last].Class == ledger.Unclear && !meansKeyUsed(h, last)
	same := s.details == nil || string(h[last].Details) == string(s.details)
	if refused && same && !s.forced && (s.details != nil || h[last].Class == ledger.Unclear) {
		return ruling{kind: ruleRefused, code: h[last].Code, absent: absent}
	}
	return resendOrHold(s, absent)
}

func resendOrHold(s sighting, absent []int) ruling {
	switch {
	case s.details == nil:
		return ruling{kind: rulePerson, code: codeNotAtHand}
	case !s.mayResend && len(absent) == 0:
		return ruling{kind: ruleLeave}
	case !s.mayResend:
		return ruling{kind: rulePerson, code: codeBudget}
	default:
		return ruling{kind: ruleResend, absent: absent}
	}
}

// onlyUsedKeys reports whether the last answer is "key used", every unanswered
// attempt is one of those, and an earlier attempt under the key was turned away
// and so explains it. Absence after settle then suffices: nothing that could
// still act is left, and a new key is needed.
func onlyUsedKeys(h []ledger.Attempt, open []int) bool {
	last := len(h) - 1
	if !meansKeyUsed(h, last) || h[last].Absent {
		return false
	}
	explained := false
	for _, e := range h[:last] {
		if e.Generation == h[last].Generation && turnedAway(e.Class) {
			explained = true
		}
	}
	for _, i := range open {
		if !meansKeyUsed(h, i) || h[i].Generation != h[last].Generation {
			return false
		}
	}
	return explained
}

// unansweredEver counts the attempts without an answer, also those proved
// absent since. A limiter's 429 is none: it is met often, and its key has died
// or will be found used.
func unansweredEver(h []ledger.Attempt, t timing) int {
	n := 0
	for i, a := range h {
		if a.Class != ledger.Throttled && (a.Absent || unanswered(h, i, t)) {
			n++
		}
	}
	return n
}

// oldestThatMatters is from when on users of the list can decide about a row,
// in the partner's time; the zero time if older ones can, too: after "this
// e-mail exists" and after words we do not know, somebody else's older user
// explains the answer.
func oldestThatMatters(h []ledger.Attempt, t timing) time.Time {
	var oldest time.Time
	for i, a := range h {
		if a.Class == ledger.DupUser || a.Class == ledger.Unclear || a.Removes != "" && unanswered(h, i, t) {
			return time.Time{}
		}
		w, ok := windowOf(h, i, t)
		if ok && (!a.NotBefore.Certain || !a.NotAfter.Certain) {
			return time.Time{} // when it was, in the partner's time, is not known
		}
		if ok && (oldest.IsZero() || w.lookBack.Before(oldest)) {
			oldest = w.lookBack
		}
	}
	return oldest
}
