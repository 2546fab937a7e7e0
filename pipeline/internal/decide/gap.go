package decide

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file decides what the ledger's gaps mean for a run. A ledger that was restored from
// a copy does not know the users that it has created since; see ledger.Gap. So nothing is
// sent until every key of that time has expired and the partner's list has shown which
// users were created then, and no such user is called a duplicate (WeighEvidence).

// CodeCreatedInGap is the code of a row whose user was created inside a gap.
const CodeCreatedInGap = "created_in_gap"

// Gaps are the gaps of a ledger. nil means none.
type Gaps struct {
	All     []ledger.Gap
	AreOurs bool        // users created inside are ours if names and times agree
	Clock   Calibration // of createdAt, as the list showed it when it was read for the gaps
}

// HoldDuplicate returns the step for a ledger that may have gaps: a row that the answer
// would make a duplicate is in doubt until the list decides.
func (g *Gaps) HoldDuplicate(s Step) Step {
	if g != nil && s.Status == ledger.Duplicate {
		return Step{ledger.InDoubt, NextDoubt}
	}
	return s
}

// MustLookUp reports whether a row that is to be sent must be looked up instead: its
// user was created inside a gap, and no operator has decided about it since.
func (g *Gaps) MustLookUp(c ledger.Customer, noted map[string]bool) bool {
	return g != nil && noted[c.Identity] && (!c.Manual || c.Status != ledger.Pending)
}

// WeighEvidence decides as the function does, for a ledger that may have gaps.
// noted says that the customer's user was seen inside one; name is that of the
// row, "" if this run does not have it.
func (g *Gaps) WeighEvidence(c ledger.Customer, s Evidence, t Timing, noted bool, name string) Resolution {
	h := c.History
	if g == nil {
		return WeighEvidence(h, s, t)
	}
	users := WithoutDeleted(h, s.Users)
	inside := noted || slices.ContainsFunc(users, func(u User) bool { return g.mayContain(u, t) })
	if inside && !mayBeOurs(h) {
		return g.decideListed(users, s, t, name)
	}
	if len(h) == 0 { // held for a gap once, and its user is not to be found in any
		if len(users) == 1 && !s.Taken(users[0].ServiceID) {
			return Resolution{Kind: MarkDuplicate, ServiceID: users[0].ServiceID}
		}
		return Resolution{Kind: AskOperator, Code: CodeCreatedInGap}
	}
	r := WeighEvidence(h, s, t)
	if inside && (r.Kind == MarkDuplicate || r.Kind == SendAgain || r.Kind == MarkRejected) {
		return g.decideListed(users, s, t, name)
	}
	return r
}

// decideListed decides about a customer whose user was created inside a gap: an
// operator decides, unless one has said that these users are ours where the
// names agree and the time is certain.
func (g *Gaps) decideListed(users []User, s Evidence, t Timing, name string) Resolution {
	if g.AreOurs && len(users) == 1 && name != "" {
		u := users[0]
		if !u.CreatedAt.IsZero() && g.provablyContains(u, t) && name == u.Name && !s.Taken(u.ServiceID) {
			return Resolution{Kind: MarkLinkMissing, ServiceID: u.ServiceID}
		}
	}
	return Resolution{Kind: AskOperator, Code: CodeCreatedInGap}
}

// mayContain reports whether a user may have been created inside a gap.
func (g *Gaps) mayContain(u User, t Timing) bool {
	return u.CreatedAt.IsZero() || slices.ContainsFunc(g.All, func(gap ledger.Gap) bool { return GapWindow(gap, g.Clock, t).Contains(u) })
}

// provablyContains reports whether a user was created inside a gap by a clock
// that can be compared with its ends.
func (g *Gaps) provablyContains(u User, t Timing) bool {
	return slices.ContainsFunc(g.All, func(gap ledger.Gap) bool {
		return g.Clock.IsUsable(gap.To.Partner(), t) && GapWindow(gap, g.Clock, t).Contains(u)
	})
}

// mayBeOurs reports whether some attempt that the ledger knows may have created
// the user. DUP_USER says that the user was there before.
func mayBeOurs(h []ledger.Attempt) bool {
	return slices.ContainsFunc(h, func(a ledger.Attempt) bool {
		return a.Class != ledger.NotSent && a.Class != ledger.Busy && a.Class != ledger.Auth && a.Class != ledger.DupUser
	})
}

// KeysDeadAt returns when every key of the gaps is dead, in the partner's time.
func (g *Gaps) KeysDeadAt(t Timing) time.Time {
	var until time.Time
	for _, gap := range g.All {
		_, to := gapEnds(gap, t)
		until = MaxTime(until, to.Add(t.TTL+t.keyMargin()))
	}
	return until
}

// HasOpen reports whether the list must still be read for some gap.
func (g *Gaps) HasOpen() bool { return g != nil && slices.ContainsFunc(g.All, ledger.Gap.IsOpen) }

// OpenSpan returns the time in which users of the gaps that are open may have been
// created, whatever the clock of createdAt, and the end of the last such gap.
func (g *Gaps) OpenSpan(t Timing) (from, to, ended time.Time) {
	for _, gap := range g.All {
		if !gap.IsOpen() {
			continue
		}
		w := GapWindow(gap, Calibration{}, t)
		if from.IsZero() || w.From.Before(from) {
			from = w.From
		}
		_, end := gapEnds(gap, t)
		to, ended = MaxTime(to, w.To), MaxTime(ended, end)
	}
	return from, to, ended
}

// GapWindow returns when a user of a gap may have been created, as createdAt shows it:
// what was on its way at either end included, and what is uncertain of the clocks.
func GapWindow(g ledger.Gap, clock Calibration, t Timing) Window {
	w := Window{}
	w.From, w.To = gapEnds(g, t)
	if !g.From.Certain {
		w.From = w.From.Add(-ZoneDoubt)
	}
	w.lookBack = w.From
	if clock.IsUsable(g.To.Partner(), t) {
		return w.Shifted(clock)
	}
	w.From, w.To = w.From.Add(-clock.uncertainty()), w.To.Add(clock.uncertainty())
	return w
}

// gapEnds returns the ends of a gap in the partner's time. Where the partner's clock
// was not known, the reading counts that makes the gap longer.
func gapEnds(g ledger.Gap, t Timing) (from, to time.Time) {
	from, to = g.From.Partner(), g.To.Partner()
	if !g.From.Certain {
		if other := g.From.At.Add(t.Offset); other.Before(from) {
			from = other
		}
	}
	if !g.To.Certain {
		to = MaxTime(to, g.To.At.Add(t.Offset))
	}
	wide := t.Settle + t.keyMargin() + DateResolution
	return from.Add(-wide), to.Add(wide)
}

// FormatCalibration returns how the clock of createdAt is kept for later runs: offset,
// spread and the moment of the newest measure.
func FormatCalibration(c Calibration) string {
	if !c.IsKnown {
		return ""
	}
	var newest time.Time
	for _, m := range c.measures {
		newest = MaxTime(newest, m.at)
	}
	return fmt.Sprintf("%s %s %s", c.Offset, c.Spread, newest.UTC().Format(time.RFC3339Nano))
}

// ParseCalibration parses a text of FormatCalibration. It returns the zero value, which
// compares nothing, for any other text.
func ParseCalibration(text string) Calibration {
	words := strings.Fields(text)
	if len(words) != 3 {
		return Calibration{}
	}
	offset, err := time.ParseDuration(words[0])
	spread, err2 := time.ParseDuration(words[1])
	at, err3 := time.Parse(time.RFC3339Nano, words[2])
	if err != nil || err2 != nil || err3 != nil {
		return Calibration{}
	}
	return Calibration{Offset: offset, Spread: spread, IsKnown: true, measures: []measure{{at: at}}}
}
