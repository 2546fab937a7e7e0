package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// This file is what the ledger's gaps mean for a run. A ledger that was put back
// from a copy does not know whom it created since; see ledger.Gap. So nothing is
// sent until every key of that time is dead and the partner's list has shown who
// was created then (closeGaps), and nobody created then is called a duplicate
// (gaps.weigh).

// codeCreatedInGap is the code of a row whose user was created inside a gap.
const codeCreatedInGap = "created_in_gap"

// learntGapClock is the name under which the clock of createdAt is kept.
const learntGapClock = "gap_clock"

// gaps are the gaps of a run's ledger. nil is none of them.
type gaps struct {
	store ledger.Gaps
	all   []ledger.Gap
	ours  bool // Doubt.GapOurs
	clock gapClock
}

// loadGaps reads the ledger's gaps.
func (r *run) loadGaps(ctx context.Context) error {
	store, ok := r.cfg.Ledger.(ledger.Gaps)
	if !ok {
		return nil
	}
	all, err := store.Gaps(ctx)
	if err != nil {
		return ledgerStop("reading the gaps", err)
	}
	if len(all) == 0 {
		return nil
	}
	r.gaps = &gaps{store: store, all: all, ours: r.cfg.Doubt.GapOurs}
	text, _, err := r.cfg.Ledger.Learnt(ctx, learntGapClock)
	switch {
	case err == nil:
		r.gaps.clock = parseGapClock(text)
	case !errors.Is(err, ledger.ErrNotFound):
		return ledgerStop("reading what was learnt", err)
	}
	return nil
}

// afterAnswer sends a row to the list that the answer alone would have made a
// duplicate.
func (g *gaps) afterAnswer(s step) step {
	if g != nil && s.status == ledger.Duplicate {
		return step{ledger.InDoubt, nextDoubt}
	}
	return s
}

// noted returns which of the customers the list showed as created inside a gap.
func (g *gaps) noted(ctx context.Context, identities []string) (map[string]bool, error) {
	if g == nil || len(identities) == 0 {
		return nil, nil
	}
	in, err := g.store.InGap(ctx, identities)
	if err != nil {
		return nil, ledgerStop("reading the gaps", err)
	}
	return in, nil
}

// holds reports whether a row that is to be sent must be looked up instead: its
// user was created inside a gap, and no operator has decided about it since.
func (g *gaps) holds(c ledger.Customer, noted map[string]bool) bool {
	return g != nil && noted[c.Identity] && !(c.Manual && c.Status == ledger.Pending)
}

// weigh is weigh for a ledger that may have gaps. noted tells that the customer's
// user was seen inside one; name is that of the row at hand, "" if none is.
func (g *gaps) weigh(c ledger.Customer, s sighting, t timing, noted bool, name string) ruling {
	h := c.History
	if g == nil {
		return weigh(h, s, t)
	}
	users := slices.DeleteFunc(slices.Clone(withoutRemoved(h, s.users)), isGone)
	inside := noted || slices.ContainsFunc(users, func(u partner.Listed) bool { return g.contains(u, t) })
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
func (g *gaps) decide(users []partner.Listed, s sighting, t timing, name string) ruling {
	if g.ours && g.clock.usable && len(users) == 1 && name != "" {
		u := users[0]
		if !u.CreatedAt.IsZero() && g.contains(u, t) && name == plainName(u.FirstName, u.LastName) && !s.taken(u.ServiceID) {
			return ruling{kind: ruleMissing, serviceID: u.ServiceID}
		}
	}
	return ruling{kind: rulePerson, code: codeCreatedInGap}
}

// contains reports whether a user may have been created inside a gap.
func (g *gaps) contains(u partner.Listed, t timing) bool {
	return slices.ContainsFunc(g.all, func(gap ledger.Gap) bool {
		w := gapWindow(gap, g.clock, t)
		return u.CreatedAt.IsZero() || !u.CreatedAt.Before(w.from) && !u.CreatedAt.After(w.to)
	})
}

// anyOfOurs reports whether some attempt that the ledger knows may have created
// the user. DUP_USER says that the user was there before.
func anyOfOurs(h []ledger.Attempt) bool {
	return slices.ContainsFunc(h, func(a ledger.Attempt) bool {
		return a.Class != ledger.DupUser && couldHaveCreated([]ledger.Attempt{a})
	})
}

// plainName is how the names of a row and of a listed user are compared.
func plainName(first, last string) string {
	return strings.Join(strings.Fields(strings.ToLower(first+" "+last)), " ")
}

func isGone(u partner.Listed) bool { return strings.EqualFold(u.Status, "deleted") }

const (
	// gapDoubt is how far off a createdAt can be that cannot be compared: no two
	// clocks that are right differ by more, whatever their zones.
	gapDoubt = 26 * time.Hour
	// gapSpread is how much a clock may scatter to be of use, and gapMeasures how
	// many users must show it.
	gapSpread   = 10 * time.Second
	gapMeasures = 3
)

// gapWindow is when a user of a gap may have been created, as createdAt shows it:
// what was on its way at either end included, and what is uncertain of the clocks.
func gapWindow(g ledger.Gap, clock gapClock, t timing) window {
	from, to := gapEnds(g, t)
	if !g.From.Certain {
		from = from.Add(-gapDoubt)
	}
	if !clock.usable {
		return window{from: from.Add(-gapDoubt), to: to.Add(gapDoubt)}
	}
	return window{from: from.Add(clock.offset - clock.spread), to: to.Add(clock.offset + clock.spread)}
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
		to = later(to, g.To.At.Add(t.offset))
	}
	wide := t.settle + t.margin() + second
	return from.Add(-wide), to.Add(wide)
}

// gapClock is the clock of createdAt against the partner's Date, as users show it
// of whom the ledger knows when it created them. The zero value: not comparable.
type gapClock struct {
	offset, spread time.Duration
	usable         bool
}

// measureGapClock compares the clocks by known users, for gaps that end at to.
func measureGapClock(known map[string]ledger.Customer, listed map[string]partner.Listed, to time.Time, t timing) gapClock {
	var all []time.Duration
	var newest time.Time
	for id, c := range known {
		u, ok := listed[id]
		if !ok || u.CreatedAt.IsZero() || c.Manual || len(c.History) == 0 {
			continue
		}
		a := c.History[len(c.History)-1]
		took := a.NotAfter.At.Sub(a.NotBefore.At) // by one clock: Date has whole seconds, and its offset jumps
		if a.Class != ledger.OK || !a.NotBefore.Certain || !a.NotAfter.Certain || took < 0 || took >= 10*time.Second {
			continue
		}
		middle := a.NotBefore.Partner().Add(a.NotAfter.Partner().Sub(a.NotBefore.Partner()) / 2)
		all, newest = append(all, u.CreatedAt.Sub(middle)), later(newest, middle)
	}
	if len(all) < gapMeasures {
		return gapClock{}
	}
	slices.Sort(all)
	offset := all[len(all)/2]
	spread := max(offset-all[0], all[len(all)-1]-offset)
	near := offset.Abs() <= t.roundTrip+2*time.Second || to.Sub(newest) <= 24*time.Hour
	return gapClock{offset: offset, spread: spread, usable: spread <= gapSpread && near}
}

func (c gapClock) String() string {
	if !c.usable {
		return "not comparable"
	}
	return fmt.Sprintf("%s %s", c.offset, c.spread)
}

func parseGapClock(text string) gapClock {
	a, b, _ := strings.Cut(text, " ")
	offset, err := time.ParseDuration(a)
	spread, err2 := time.ParseDuration(b)
	if err != nil || err2 != nil {
		return gapClock{}
	}
	return gapClock{offset, spread, true}
}
