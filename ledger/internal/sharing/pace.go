package sharing

import (
	"math"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const (
	drawTime    = 100 * time.Millisecond // of turns that one sender draws at once, divided by the number of senders
	maxDraw     = 100                    // turns
	maxBacklog  = 10 * time.Second       // a next turn later than this after all drawn ones shows that the ledger's clock was set back
	lookAgain   = 100 * time.Millisecond // when a sender asks again that was given no turn
	lowestRate  = 0.1                    // requests a second, also with a partner that refuses all
	DefaultRate = 5.0                    // requests a second of a new ledger
)

// Pace is the row of a shared ledger from which all senders draw their turns.
type Pace struct {
	ledger.Pace
	Next  time.Time // the next free turn
	Met   float64   // the rate that met the last 429, in requests a second; 0 = none yet
	Cut   time.Time // when that was
	Trial int64     // while the wallet is empty: the sender that may try; 0 = none
}

// Rate returns the present rate of all senders together, in requests a second; +Inf is
// unlimited.
func (p *Pace) Rate(now time.Time) float64 {
	rate := math.Inf(1)
	if p.PerSecond > 0 {
		rate = p.PerSecond
	}
	if p.Met > 0 {
		rate = min(rate, ledger.RateAfterBusy(p.Met, now.Sub(p.Cut)))
	}
	return rate
}

// Draw gives turns to a sender, and takes them from the others. living is how many
// senders have not ended, isLiving reports whether one of them is p.Trial. All times are
// the ledger's.
func (p *Pace) Draw(now time.Time, sender int64, d ledger.Draw, living int, isLiving bool) ledger.Slots {
	again := now.Add(lookAgain)
	switch {
	case p.HeldBy != "":
		return ledger.Slots{First: again, Reason: ledger.SlotsHeld, Because: p.heldText()}
	case now.Before(p.WaitUntil):
		return ledger.Slots{First: p.WaitUntil, Reason: ledger.SlotsWait}
	case p.EmptySince.IsZero(), d.IsLookUp:
		d.IsTrial = false
	case !d.IsTrial, p.Trial != 0 && p.Trial != sender && isLiving:
		return ledger.Slots{First: again, Reason: ledger.SlotsEmpty}
	default:
		p.Trial, d.Turns = sender, 1
	}
	rate, living := p.Rate(now), max(1, living)
	turns := maxDraw
	var gap time.Duration
	if !math.IsInf(rate, 1) {
		gap = time.Duration(float64(time.Second) / rate)
		turns = min(maxDraw, int(rate*drawTime.Seconds()/float64(living)))
	}
	turns = max(1, min(d.Turns, turns))
	if latest := now.Add(maxBacklog + 2*time.Duration(living)*gap); p.Next.After(latest) {
		p.Next = latest
	}
	if d.IsBackground && p.Next.After(now) {
		return ledger.Slots{First: p.Next, Reason: ledger.SlotsOthers}
	}
	first := p.Next
	if first.Before(now) {
		first = now
	}
	p.Next = first.Add(time.Duration(turns) * gap)
	return ledger.Slots{First: first, Gap: gap, Count: turns, IsTrial: d.IsTrial}
}

func (p *Pace) heldText() string {
	if p.HeldBecause == "" {
		return p.HeldBy
	}
	return p.HeldBy + ": " + p.HeldBecause
}

// NoteBusy makes all senders wait until a moment, and lowers the rate unless the refused
// request began before the rate was last lowered. met is the rate that the sender
// measured; it counts only where the ledger has no rate.
func (p *Pace) NoteBusy(now, until time.Time, met float64, began time.Time) {
	if until.After(p.WaitUntil) {
		p.WaitUntil = until
	}
	if p.Met > 0 && !began.After(p.Cut) {
		return
	}
	if rate := p.Rate(now); !math.IsInf(rate, 1) {
		met = rate
	}
	p.Met, p.Cut = max(met, lowestRate), now
}

// NoteEmpty notes that the wallet could not pay, or that it pays again. After a trial
// that could not pay another sender may try.
func (p *Pace) NoteEmpty(now time.Time, isEmpty bool) {
	p.Trial = 0
	switch {
	case !isEmpty:
		p.EmptySince = time.Time{}
	case p.EmptySince.IsZero():
		p.EmptySince = now
	}
}
