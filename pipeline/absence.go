package pipeline

import (
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file decides whether a list that does not show a person proves that the
// person has no user. A list may lag, may be cut off, may mask or rewrite
// e-mails. So it is believed as far as it shows the users that the ledger knows
// to exist: those created nearest before and after the attempts in question.
// The ledger alone chooses them, whatever was read.

// maxNeighbours is how many known users count on either side of a row.
const maxNeighbours = 10

// neighbour is a user whom the ledger knows, created near a row in doubt.
type neighbour struct {
	customer  int64
	identity  string
	serviceID string
	at        time.Time // midpoint of its newest attempt, in the partner's time
	ended     time.Time // its end
	measures  bool      // its creation was timed well enough to compare clocks by
	confirmed bool      // the list has shown it before
}

// neighbours are the users created nearest to a row, nearest first.
type neighbours struct {
	before, after []*neighbour
}

// all are both sides.
func (n neighbours) all() []*neighbour {
	return append(append([]*neighbour{}, n.before...), n.after...)
}

// newNeighbour is what a customer is worth as evidence; nil if it is none. The
// customer comes with its attempts.
func newNeighbour(c ledger.Customer) *neighbour {
	if c.ServiceID == "" || len(c.History) == 0 || c.Code == ledger.CodeOtherAccount || c.Pairing == ledger.UserDeleted {
		return nil
	}
	a := c.History[len(c.History)-1]
	from, to := a.NotBefore.Partner(), a.NotAfter.Partner()
	took := a.NotAfter.At.Sub(a.NotBefore.At) // by one clock: offsets differ by up to a second
	return &neighbour{
		customer: c.ID, identity: c.Identity, serviceID: c.ServiceID, at: from.Add(to.Sub(from) / 2), ended: to,
		measures: c.Status == ledger.Created && a.Class == ledger.OK && a.Removes == "" && !c.Manual && c.Code == "" &&
			(c.Pairing == ledger.Unconfirmed || c.Pairing == ledger.Confirmed) &&
			a.NotBefore.Certain && a.NotAfter.Certain && took >= 0 && took < 10*time.Second,
		confirmed: c.Pairing == ledger.Confirmed,
	}
}

// measuresOf are the distances of the clocks that a list shows by known users.
func measuresOf(n neighbours, listed map[string]listedUser) (all []measure) {
	take := func(side []*neighbour) {
		found := 0
		for _, k := range side {
			u, ok := listed[k.serviceID]
			if !ok || !k.measures || u.CreatedAt.IsZero() || u.Identity != k.identity || found == maxNeighbours {
				continue
			}
			found++
			all = append(all, measure{at: k.at, created: u.CreatedAt.Sub(k.at), coarse: u.CreatedAt.Equal(u.CreatedAt.Truncate(time.Minute))})
		}
	}
	take(n.before)
	take(n.after)
	return all
}

// absence is what not being listed proves.
type absence struct {
	kind  absenceKind
	until time.Time // with absenceLater: a list begun then may prove more, in the partner's time
	code  string    // with absenceNever
}

type absenceKind uint8

const (
	absenceNever    absenceKind = iota // nothing; an operator decides
	absenceProved                      // the person has no user
	absenceLater                       // nothing yet
	absenceUnusable                    // the list does not show the users that it must; another one may
)

// witnesses is what weighs on one row's absence.
type witnesses struct {
	began   time.Time // when the list was begun, in the partner's time
	near    neighbours
	listed  map[string]listedUser
	empty   bool          // the list is well-formed and has no user at all
	unread  bool          // some user of the list could not be read
	lag     time.Duration // the largest lag of the list measured lately
	settled time.Time     // when the row's attempts were settled, in the partner's time
	similar bool          // a stranger with the same mailbox, or the same name within a window, is listed
}

// prove decides whether absence from a list counts.
func prove(w witnesses, t timing) absence {
	if w.similar {
		return absence{kind: absenceNever, code: codeSimilar}
	}
	if w.unread {
		return absence{kind: absenceUnusable}
	}
	var ripe time.Time // when the first of those that are too young is old enough to count
	old := func(side []*neighbour) (out []*neighbour) {
		for _, k := range side {
			at := k.ended.Add(t.settle + dateResolution)
			switch {
			case !at.Before(w.began):
				if ripe.IsZero() || at.Before(ripe) {
					ripe = at
				}
			case len(out) < maxNeighbours:
				out = append(out, k)
			}
		}
		return out
	}
	before, after := old(w.near.before), old(w.near.after)
	n := len(before) + len(after)
	switch {
	case n == 0 && !ripe.IsZero():
		return absence{kind: absenceLater, until: ripe.Add(time.Nanosecond)}
	case n == 0 && w.empty:
		return absence{kind: absenceProved}
	case n == 0:
		return absence{kind: absenceNever, code: codeNoAbsence}
	}
	missing, hidden, olderShown, lost := 0, 0, false, 0
	for i, k := range append(append([]*neighbour{}, before...), after...) {
		u, ok := w.listed[k.serviceID]
		switch {
		case !ok:
			missing++
			hidden++
			if k.confirmed {
				lost++
			}
			continue
		case u.Identity != k.identity:
			hidden++
		}
		olderShown = olderShown || i < len(before)
	}
	allowed := n / 10
	if missing > allowed || hidden > allowed || len(before) > 0 && !olderShown {
		if missing-lost <= allowed && hidden-lost <= allowed && lost > 0 {
			return absence{kind: absenceNever, code: codeNoAbsence} // users once seen are gone: waiting does not bring them back
		}
		return absence{kind: absenceUnusable}
	}
	if until := w.settled.Add(2 * w.lag); len(after) == 0 && w.began.Before(until) {
		return absence{kind: absenceLater, until: until}
	}
	return absence{kind: absenceProved}
}

// isSimilar reports whether a list shows a stranger who may be the person of a
// row under another spelling of the e-mail: the same mailbox, or the same name
// created within a window of ours.
func isSimilar(c ledger.Customer, sameMailbox, sameName []listedUser, owned func(serviceID string) bool, clock calibration, t timing) bool {
	for _, u := range sameMailbox {
		if u.Identity != c.Identity && !owned(u.ServiceID) && !u.Deleted {
			return true
		}
	}
	for _, u := range sameName {
		if u.Identity == c.Identity || owned(u.ServiceID) || u.Deleted {
			continue
		}
		if u.CreatedAt.IsZero() || inSomeWindow(c.History, u, clock, t) {
			return true
		}
	}
	return false
}

// inSomeWindow reports whether a user may have been created by some attempt,
// as far as its clock can be compared; where it cannot, a day either way counts.
func inSomeWindow(h []ledger.Attempt, u listedUser, clock calibration, t timing) bool {
	for i, a := range h {
		w, ok := windowOf(h, i, t)
		if !ok {
			continue
		}
		if clock.usable(a.NotBefore.Partner(), t) && a.NotBefore.Certain && a.NotAfter.Certain {
			w = w.by(clock)
		} else {
			w.lookBack, w.to = w.lookBack.Add(-clock.doubt()), w.to.Add(clock.doubt())
		}
		if !u.CreatedAt.Before(w.lookBack) && !u.CreatedAt.After(w.to) {
			return true
		}
	}
	return false
}
