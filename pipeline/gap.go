package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file is what the ledger's gaps mean for a run. A ledger that was put back
// from a copy does not know whom it created since; see ledger.Gap. So nothing is
// sent until every key of that time is dead and the partner's list has shown who
// was created then (closeGaps), and nobody created then is called a duplicate
// (gaps.weigh).

// codeCreatedInGap is the code of a row whose user was created inside a gap.
const codeCreatedInGap = "created_in_gap"

// gaps are the gaps of a ledger that was put back from a copy. nil is none.
type gaps struct {
	all   []ledger.Gap
	ours  bool        // users created inside are ours where names and times agree
	clock calibration // of createdAt, as the list showed it when it was read for the gaps
}

// afterAnswer sends a row to the list that the answer alone would have made a
// duplicate.
func (g *gaps) afterAnswer(s step) step {
	if g != nil && s.status == ledger.Duplicate {
		return step{ledger.InDoubt, nextDoubt}
	}
	return s
}

// mustLookUp reports whether a row that is to be sent must be looked up instead: its
// user was created inside a gap, and no operator has decided about it since.
func (g *gaps) mustLookUp(c ledger.Customer, noted map[string]bool) bool {
	return g != nil && noted[c.Identity] && !(c.Manual && c.Status == ledger.Pending)
}

// weigh is weigh for a ledger that may have gaps. noted tells that the customer's
// user was seen inside one; name is that of the row at hand, "" if none is.
func (g *gaps) weigh(c ledger.Customer, s sighting, t timing, noted bool, name string) ruling {
	h := c.History
	if g == nil {
		return weigh(h, s, t)
	}
	users := withoutDeleted(h, s.users)
	inside := noted || slices.ContainsFunc(users, func(u listedUser) bool { return g.contains(u, t) })
	if inside && !anyOfOurs(h) {
		return g.decide(users, s, t, name)
	}
	if len(h) == 0 { // held for a gap once, and its user is not to be found in any
		if len(users) == 1 && !s.taken(users[0].ServiceID) {
			return ruling{kind: ruleForeign, serviceID: users[0].ServiceID}
		}
		return ruling{kind: rulePerson, code: codeCreatedInGap}
	}
	r := weigh(h, s, t)
	if inside && (r.kind == ruleForeign || r.kind == ruleResend || r.kind == ruleRefused) {
		return g.decide(users, s, t, name)
	}
	return r
}

// decide rules on a person whose user was created inside a gap: an operator
// decides, unless one has said that these users are ours where the names agree
// and the time is certain.
func (g *gaps) decide(users []listedUser, s sighting, t timing, name string) ruling {
	if g.ours && len(users) == 1 && name != "" {
		u := users[0]
		if !u.CreatedAt.IsZero() && g.proves(u, t) && name == u.Name && !s.taken(u.ServiceID) {
			return ruling{kind: ruleMissing, serviceID: u.ServiceID}
		}
	}
	return ruling{kind: rulePerson, code: codeCreatedInGap}
}

// contains reports whether a user may have been created inside a gap.
func (g *gaps) contains(u listedUser, t timing) bool {
	return u.CreatedAt.IsZero() || slices.ContainsFunc(g.all, func(gap ledger.Gap) bool { return gapWindow(gap, g.clock, t).contains(u) })
}

// proves reports whether a user was created inside a gap by a clock that can be
// compared with its ends.
func (g *gaps) proves(u listedUser, t timing) bool {
	return slices.ContainsFunc(g.all, func(gap ledger.Gap) bool {
		return g.clock.usable(gap.To.Partner(), t) && gapWindow(gap, g.clock, t).contains(u)
	})
}

// anyOfOurs reports whether some attempt that the ledger knows may have created
// the user. DUP_USER says that the user was there before.
func anyOfOurs(h []ledger.Attempt) bool {
	return slices.ContainsFunc(h, func(a ledger.Attempt) bool {
		switch a.Class {
		case ledger.NotSent, ledger.Busy, ledger.Auth, ledger.DupUser:
			return false
		}
		return true
	})
}

// keysDead is when every key of the gaps is dead, in the partner's time.
func (g *gaps) keysDead(t timing) time.Time {
	var until time.Time
	for _, gap := range g.all {
		_, to := gapEnds(gap, t)
		until = maxTime(until, to.Add(t.ttl+t.margin()))
	}
	return until
}

// anyOpen reports whether the list must still be read for some gap.
func (g *gaps) anyOpen() bool { return g != nil && slices.ContainsFunc(g.all, ledger.Gap.IsOpen) }

// span returns the time in which users of the gaps that are open may have been
// created, whatever the clock of createdAt, and the end of the last such gap.
func (g *gaps) span(t timing) (from, to, ended time.Time) {
	for _, gap := range g.all {
		if !gap.IsOpen() {
			continue
		}
		w := gapWindow(gap, calibration{}, t)
		if from.IsZero() || w.from.Before(from) {
			from = w.from
		}
		_, end := gapEnds(gap, t)
		to, ended = maxTime(to, w.to), maxTime(ended, end)
	}
	return from, to, ended
}

// gapWindow is when a user of a gap may have been created, as createdAt shows it:
// what was on its way at either end included, and what is uncertain of the clocks.
func gapWindow(g ledger.Gap, clock calibration, t timing) window {
	w := window{}
	w.from, w.to = gapEnds(g, t)
	if !g.From.Certain {
		w.from = w.from.Add(-zoneDoubt)
	}
	w.lookBack = w.from
	if clock.usable(g.To.Partner(), t) {
		return w.by(clock)
	}
	w.from, w.to = w.from.Add(-clock.doubt()), w.to.Add(clock.doubt())
	return w
}

// gapEnds are the ends of a gap in the partner's time. Where the partner's clock
// was not known, the reading counts that makes the gap longer.
func gapEnds(g ledger.Gap, t timing) (from, to time.Time) {
	from, to = g.From.Partner(), g.To.Partner()
	if !g.From.Certain {
		if other := g.From.At.Add(t.offset); other.Before(from) {
			from = other
		}
	}
	if !g.To.Certain {
		to = maxTime(to, g.To.At.Add(t.offset))
	}
	wide := t.settle + t.margin() + dateResolution
	return from.Add(-wide), to.Add(wide)
}

// calibrationText is how the clock of createdAt is kept for later runs: offset,
// spread and the moment of the newest measure.
func calibrationText(c calibration) string {
	if !c.enough {
		return ""
	}
	var newest time.Time
	for _, m := range c.measures {
		newest = maxTime(newest, m.at)
	}
	return fmt.Sprintf("%s %s %s", c.offset, c.spread, newest.UTC().Format(time.RFC3339Nano))
}

// parseCalibration reads it; the zero value, which compares nothing, if it is none.
func parseCalibration(text string) calibration {
	words := strings.Fields(text)
	if len(words) != 3 {
		return calibration{}
	}
	offset, err := time.ParseDuration(words[0])
	spread, err2 := time.ParseDuration(words[1])
	at, err3 := time.Parse(time.RFC3339Nano, words[2])
	if err != nil || err2 != nil || err3 != nil {
		return calibration{}
	}
	return calibration{offset: offset, spread: spread, enough: true, measures: []measure{{at: at}}}
}
