package pipeline

import (
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// This file is the decision after evidence: what a complete list of the
// partner's users makes of a row in doubt. Like decide.go it is pure.

// timing is what is assumed of the partner's clockwork.
type timing struct {
	ttl       time.Duration // how long the partner remembers an idempotency key
	settle    time.Duration // how long an unanswered request may still take effect
	roundTrip time.Duration // the slowest round trip by which clocks were compared
	offset    time.Duration // partner's clock minus ours, as it is known now
}

// end is when an attempt ended, in the partner's time. If its clock was not
// known then, the later of both readings is taken: no silence gets shorter by
// not knowing.
func (t timing) end(a ledger.Attempt) time.Time {
	if a.NotAfter.Certain || a.NotAfter.At.IsZero() {
		return a.NotAfter.Partner()
	}
	return later(a.NotAfter.Partner(), later(a.NotAfter.At, a.NotAfter.At.Add(t.offset)))
}

// second is what each silence is longer for, because the Date header, by which
// the partner's clock is known, has whole seconds.
const second = time.Second

// margin is added to the life of a key: clocks, queues and the partner's own
// sweep for expired keys are not exact.
func (t timing) margin() time.Duration { return t.ttl / 5 }

// settled is when the unanswered attempts of h can no longer take effect, in
// the partner's time; the zero time if none is unanswered.
func (t timing) settled(h []ledger.Attempt) time.Time {
	var newest time.Time
	for i, a := range h {
		if unanswered(h, i) {
			newest = later(newest, t.end(a))
		}
	}
	if newest.IsZero() {
		return newest
	}
	return newest.Add(t.settle + second)
}

// dead is when the newest key of h is surely forgotten by the partner, in the
// partner's time.
func (t timing) dead(h []ledger.Attempt) time.Time {
	g := h[len(h)-1].Generation
	var newest time.Time
	for _, a := range h {
		if a.Generation == g && a.Removes == "" && a.Class != ledger.NotSent {
			newest = later(newest, t.end(a))
		}
	}
	return newest.Add(t.ttl + max(t.margin(), t.settle) + second)
}

// maxUnanswered is how many unanswered attempts one person may have over all
// runs before a person of ours must look.
const maxUnanswered = 20

// sighting is what one complete list shows of one person.
type sighting struct {
	began     time.Time         // when the list was begun, in the partner's time
	users     []partner.Listed  // those whose e-mail is the person's but for case
	taken     func(string) bool // whether a serviceId is another customer's
	email     string            // exact spelling sent last
	salvaged  func(excerpt []byte) (serviceID, link string)
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
	field     string
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
)

// Why a person must decide.
const (
	codeTwoUsers    = "two_users_listed"
	codeTaken       = "service_id_taken"
	codeNoTime      = "no_partner_time"
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
	s.users = withoutRemoved(h, s.users)
	if len(s.users) > 0 {
		return weighFound(h, s, t)
	}
	return weighAbsent(h, s, t)
}

// weighFound decides about a person whom the list shows.
func weighFound(h []ledger.Attempt, s sighting, t timing) ruling {
	users := s.users
	if exact := slices.DeleteFunc(slices.Clone(users), func(u partner.Listed) bool { return u.Email != s.email }); len(exact) > 0 {
		users = exact
	}
	if len(users) > 1 {
		return ruling{kind: rulePerson, code: codeTwoUsers}
	}
	u := users[0]
	if s.taken(u.ServiceID) {
		return ruling{kind: rulePerson, code: codeTaken}
	}
	if removing(h, u.ServiceID) {
		// Neither answered nor done: the user is there still, as lost as before.
		return ruling{kind: ruleMissing, serviceID: u.ServiceID}
	}
	for _, a := range h {
		if a.Class != ledger.OKBroken {
			continue
		}
		// The answer itself named the user: no clock is needed.
		if id, link := s.salvaged(a.Excerpt); id != "" && id == u.ServiceID {
			if link != "" {
				return ruling{kind: ruleCreated, serviceID: id, link: link}
			}
			return ruling{kind: ruleMissing, serviceID: id}
		}
	}
	if u.CreatedAt.IsZero() {
		return ruling{kind: rulePerson, code: codeNoTime}
	}
	return weighTime(h, u, t)
}

// weighTime decides by the moment at which the listed user was created.
func weighTime(h []ledger.Attempt, u partner.Listed, t timing) ruling {
	inside, late, lookBack := false, false, false
	for i, a := range h {
		w, ok := windowOf(h, i, t)
		if !ok {
			continue
		}
		if !a.NotBefore.Certain || !a.NotAfter.Certain {
			return ruling{kind: rulePerson, code: codeNoTime}
		}
		switch {
		case !u.CreatedAt.Before(w.from) && !u.CreatedAt.After(w.to):
			inside = true
		case !u.CreatedAt.Before(w.lookBack) && u.CreatedAt.Before(w.from):
			lookBack = true
		case u.CreatedAt.After(w.to) && w.open:
			late = true
		}
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
	default:
		return ruling{kind: ruleForeign, serviceID: u.ServiceID}
	}
}

// window is when an attempt may have created its user, in the partner's time.
type window struct {
	from, to time.Time
	lookBack time.Time // for a used key: the attempt that used it may be older than our record of it
	open     bool      // unanswered, also if since proved absent: it may have acted later still
}

// windowOf returns the window of attempt i. Attempts that cannot have created
// anything have none.
func windowOf(h []ledger.Attempt, i int, t timing) (window, bool) {
	a := h[i]
	open := a.Absent || unanswered(h, i)
	if a.Removes != "" || !open && a.Class != ledger.Reject && a.Class != ledger.Funds && a.Class != ledger.Unclear {
		return window{}, false
	}
	slack := t.roundTrip + 2*time.Second
	w := window{from: a.NotBefore.Partner().Add(-slack), to: a.NotAfter.Partner().Add(slack), open: open}
	w.lookBack = w.from
	if open {
		w.to = w.to.Add(t.settle)
	}
	if meansKeyUsed(h, i) {
		w.lookBack = w.from.Add(-t.ttl - t.margin())
	}
	return w, true
}

// refusalBeforeKeyUsed reports whether some KEY_USED answer may have been
// caused by a refusal of ours under the same key, and not by another process.
func refusalBeforeKeyUsed(h []ledger.Attempt) bool {
	for i, a := range h {
		if !meansKeyUsed(h, i) {
			continue
		}
		for _, e := range h[:i] {
			if e.Generation == a.Generation && turnedAway(e.Class) {
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

// weighAbsent decides about a person whom the list does not show.
func weighAbsent(h []ledger.Attempt, s sighting, t timing) ruling {
	last := len(h) - 1
	var open []int
	for i := range h {
		if unanswered(h, i) {
			open = append(open, i)
		}
	}
	if len(open) == 0 {
		switch h[last].Class {
		case ledger.Unclear:
			if s.details != nil && (s.forced || string(h[last].Details) != string(s.details)) {
				return resendOrHold(s, nil) // these details were not refused
			}
			return ruling{kind: ruleRefused, code: h[last].Code}
		case ledger.DupUser:
			// A list may lag behind: give it the time that an answer gets.
			if at := t.end(h[last]).Add(t.settle + second); s.began.Before(at) {
				return ruling{kind: ruleWait, until: at}
			}
			if s.forced {
				return resendOrHold(s, nil) // somebody deleted the user since
			}
			return ruling{kind: rulePerson, code: codeUnlisted}
		}
	}
	if unansweredEver(h) >= maxUnanswered {
		return ruling{kind: rulePerson, code: codeUnanswered}
	}
	if onlyUsedKeys(h, open) {
		return resendOrHold(s, open)
	}
	if at := t.dead(h); !s.began.After(at) {
		return ruling{kind: ruleWait, until: at.Add(time.Nanosecond)}
	}
	if h[last].Class == ledger.DupUser {
		return ruling{kind: rulePerson, code: codeUnlisted}
	}
	if h[last].Class == ledger.Reject && string(h[last].Details) == string(s.details) && !s.forced {
		return ruling{kind: ruleRefused, code: h[last].Code, absent: open}
	}
	return resendOrHold(s, open)
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

func unansweredEver(h []ledger.Attempt) int {
	n := 0
	for i, a := range h {
		if a.Absent || unanswered(h, i) {
			n++
		}
	}
	return n
}
