package decide

import (
	"slices"
	"time"
)

// This file compares the clock that stamps createdAt in the partner's list with
// the clock of its Date header. They need not be the same server's, createdAt
// may have whole minutes only, or no zone. The users that this ledger created,
// and of which it knows when, are the measures.

// measure is one user who was created by an answered request.
type measure struct {
	at      time.Time     // midpoint of the attempt, in the partner's time
	created time.Duration // createdAt minus that
	coarse  bool          // createdAt has whole minutes
}

const (
	minMeasures   = 3                // fewer prove nothing
	manyMeasures  = 10               // from so many on, the largest tenth of the distances is ignored
	maxSpread     = 10 * time.Second // a clock that scatters more is useless
	MeasureLife   = 24 * time.Hour   // an attempt further away needs measures of its own where the offset is large
	ZoneDoubt     = 26 * time.Hour   // no two clocks that are right differ by more, whatever their zones
	ancientBefore = 10 * time.Minute // how much older a user must be to be certainly another party's
)

// Calibration is what the measures say. The zero value: nothing.
type Calibration struct {
	Offset, Spread time.Duration
	IsKnown        bool // there are enough measures, whatever they say
	measures       []measure
}

// Calibrate computes the median distance of the measures, and how far they
// scatter around it.
func Calibrate(measures []measure) Calibration {
	if len(measures) < minMeasures {
		return Calibration{}
	}
	var all []time.Duration
	for _, m := range measures {
		all = append(all, m.created)
	}
	slices.Sort(all)
	offset := all[len(all)/2]
	if len(all)%2 == 0 {
		offset = (all[len(all)/2-1] + offset) / 2
	}
	for i, d := range all {
		all[i] = (d - offset).Abs()
	}
	slices.Sort(all)
	spread := all[len(all)-1]
	if len(all) >= manyMeasures {
		spread = all[(len(all)*9+9)/10-1]
	}
	if !slices.ContainsFunc(measures, func(m measure) bool { return !m.coarse }) {
		spread = max(spread, time.Minute) // cut to minutes, however well they seem to agree
	}
	return Calibration{Offset: offset, Spread: spread, IsKnown: true, measures: measures}
}

// IsUsable reports whether createdAt can be compared with an attempt at a moment
// in the partner's time.
func (c Calibration) IsUsable(at time.Time, t Timing) bool {
	if !c.IsKnown || c.Spread > maxSpread {
		return false
	}
	if c.Offset.Abs() <= t.clockSlack() {
		return true
	}
	return slices.ContainsFunc(c.measures, func(m measure) bool { return m.at.Sub(at).Abs() <= MeasureLife })
}

// uncertainty returns by how much createdAt must precede all attempts of ours to be
// certainly another party's, when clocks cannot be compared.
func (c Calibration) uncertainty() time.Duration { return max(ZoneDoubt, 2*c.Spread) }
