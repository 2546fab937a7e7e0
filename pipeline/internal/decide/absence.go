package decide

import (
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file decides whether a list that does not show a customer proves that the
// customer has no user. A list may lag, may be cut off, and may mask or rewrite e-mails.
// So it counts only if it shows the users that the ledger knows to exist: those created
// nearest before and after the attempts in question. They are chosen from the ledger,
// never from the list.

// MaxWitnesses is how many known users count on either side of a row.
const MaxWitnesses = 10

// Witness is a user that the ledger knows, created near a row in doubt.
type Witness struct {
	customer  int64
	Identity  string
	ServiceID string
	At        time.Time // midpoint of its newest attempt, in the partner's time
	ended     time.Time // its end
	Measures  bool      // its creation was timed well enough to compare clocks by
	confirmed bool      // the list has shown it before
}

// Witnesses are the users created nearest to a row, nearest first.
type Witnesses struct {
	Before, After []*Witness
}

// AllSides returns the witnesses of both sides.
func (n Witnesses) AllSides() []*Witness { return slices.Concat(n.Before, n.After) }

// NewWitness returns a customer as a witness, or nil if it cannot be one. The customer must
// have its attempts.
func NewWitness(c ledger.Customer) *Witness {
	if c.ServiceID == "" || len(c.History) == 0 || c.Code == ledger.CodeOtherAccount || c.Pairing == ledger.UserDeleted {
		return nil
	}
	a := c.History[len(c.History)-1]
	from, to := a.NotBefore.Partner(), a.NotAfter.Partner()
	took := a.NotAfter.At.Sub(a.NotBefore.At) // by one clock: offsets differ by up to a second
	return &Witness{
		customer: c.ID, Identity: c.Identity, ServiceID: c.ServiceID, At: from.Add(to.Sub(from) / 2), ended: to,
		Measures: c.Status == ledger.Created && a.Class == ledger.OK && a.Removes == "" && !c.Manual && c.Code == "" &&
			(c.Pairing == ledger.Unconfirmed || c.Pairing == ledger.Confirmed) &&
			a.NotBefore.Certain && a.NotAfter.Certain && took >= 0 && took < 10*time.Second,
		confirmed: c.Pairing == ledger.Confirmed,
	}
}

// CollectMeasures returns the distances of the clocks that a list shows by known users.
func CollectMeasures(n Witnesses, listed map[string]User) (all []measure) {
	for _, side := range [][]*Witness{n.Before, n.After} {
		found := 0
		for _, k := range side {
			u, ok := listed[k.ServiceID]
			if !ok || !k.Measures || u.CreatedAt.IsZero() || u.Identity != k.Identity || found == MaxWitnesses {
				continue
			}
			found++
			all = append(all, measure{at: k.At, created: u.CreatedAt.Sub(k.At), coarse: u.CreatedAt.Equal(u.CreatedAt.Truncate(time.Minute))})
		}
	}
	return all
}

// Absence is what not being listed proves.
type Absence struct {
	Kind  AbsenceKind
	until time.Time // with absenceLater: a list begun then may prove more, in the partner's time
	code  string    // with absenceNever
}

type AbsenceKind uint8

const (
	AbsenceUnprovable AbsenceKind = iota // nothing; an operator decides
	AbsenceProved                        // the customer has no user
	AbsenceLater                         // nothing yet
	AbsenceUnusable                      // the list does not show the users that it must; another one may
)

// AbsenceEvidence is what weighs on one row's absence.
type AbsenceEvidence struct {
	Began   time.Time // when the list was begun, in the partner's time
	Near    Witnesses
	Listed  map[string]User
	Empty   bool          // the list is well-formed and has no user at all
	Unread  bool          // some user of the list could not be read
	Lag     time.Duration // the largest lag of the list measured lately
	Settled time.Time     // when the row's attempts were settled, in the partner's time
	Similar bool          // a stranger with the same mailbox, or the same name within a window, is listed
}

// ProveAbsence decides whether absence from a list counts.
func ProveAbsence(w AbsenceEvidence, t Timing) Absence {
	if w.Similar {
		return Absence{Kind: AbsenceUnprovable, code: CodeSimilar}
	}
	if w.Unread {
		return Absence{Kind: AbsenceUnusable}
	}
	var oldEnoughAt time.Time // when the first of those that are too young is old enough to count
	old := func(side []*Witness) (out []*Witness) {
		for _, k := range side {
			at := k.ended.Add(t.Settle + DateResolution)
			switch {
			case !at.Before(w.Began):
				if oldEnoughAt.IsZero() || at.Before(oldEnoughAt) {
					oldEnoughAt = at
				}
			case len(out) < MaxWitnesses:
				out = append(out, k)
			}
		}
		return out
	}
	before, after := old(w.Near.Before), old(w.Near.After)
	n := len(before) + len(after)
	switch {
	case n == 0 && !oldEnoughAt.IsZero():
		return Absence{Kind: AbsenceLater, until: oldEnoughAt.Add(time.Nanosecond)}
	case n == 0 && w.Empty:
		return Absence{Kind: AbsenceProved}
	case n == 0:
		return Absence{Kind: AbsenceUnprovable, code: CodeNoAbsence}
	}
	missing, hidden, olderShown, lost := 0, 0, false, 0
	for i, k := range slices.Concat(before, after) {
		u, ok := w.Listed[k.ServiceID]
		switch {
		case !ok:
			missing++
			hidden++
			if k.confirmed {
				lost++
			}
			continue
		case u.Identity != k.Identity:
			hidden++
		}
		olderShown = olderShown || i < len(before)
	}
	allowed := n / 10
	if missing > allowed || hidden > allowed || len(before) > 0 && !olderShown {
		if missing-lost <= allowed && hidden-lost <= allowed && lost > 0 {
			return Absence{Kind: AbsenceUnprovable, code: CodeNoAbsence} // users once seen are gone: waiting does not bring them back
		}
		return Absence{Kind: AbsenceUnusable}
	}
	if until := w.Settled.Add(2 * w.Lag); len(after) == 0 && w.Began.Before(until) {
		return Absence{Kind: AbsenceLater, until: until}
	}
	return Absence{Kind: AbsenceProved}
}

// HasSimilarUser reports whether a list shows a stranger who may be the customer of a
// row under another spelling of the e-mail: the same mailbox, or the same name
// created within a window of ours.
func HasSimilarUser(c ledger.Customer, sameMailbox, sameName []User, owned func(serviceID string) bool, clock Calibration, t Timing) bool {
	isStranger := func(u User) bool { return u.Identity != c.Identity && !owned(u.ServiceID) && !u.Deleted }
	return slices.ContainsFunc(sameMailbox, isStranger) || slices.ContainsFunc(sameName, func(u User) bool {
		return isStranger(u) && (u.CreatedAt.IsZero() || isInSomeWindow(c.History, u, clock, t))
	})
}

// isInSomeWindow reports whether a user may have been created by some attempt,
// as far as its clock can be compared; where it cannot, a day either way counts.
func isInSomeWindow(h []ledger.Attempt, u User, clock Calibration, t Timing) bool {
	return hasAttempt(h, func(i int, a ledger.Attempt) bool {
		w, ok := attemptWindow(h, i, t)
		if clock.IsUsable(a.NotBefore.Partner(), t) && a.NotBefore.Certain && a.NotAfter.Certain {
			w = w.Shifted(clock)
		} else {
			w.lookBack, w.To = w.lookBack.Add(-clock.uncertainty()), w.To.Add(clock.uncertainty())
		}
		return ok && !u.CreatedAt.Before(w.lookBack) && !u.CreatedAt.After(w.To)
	})
}
