package decide

import (
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Timing is what is assumed of the partner's clockwork, and the moment at which
// a history is looked at.
type Timing struct {
	TTL       time.Duration // how long the partner remembers an idempotency key
	Settle    time.Duration // how long an unanswered request may still take effect
	Timeout   time.Duration // of one request
	RoundTrip time.Duration // the slowest round trip by which clocks were compared
	Offset    time.Duration // partner's clock minus ours, as it is known now
	Run       int64         // the run that looks
	Now       time.Time     // in the partner's time
}

// DateResolution is what each silence is longer for, because the Date header,
// by which the partner's clock is known, has whole seconds.
const DateResolution = time.Second

// endOf returns when an attempt ended, in the partner's time. If its clock was not
// known then, the later of both readings is taken: no silence gets shorter by
// not knowing.
func (t Timing) endOf(a ledger.Attempt) time.Time {
	if a.NotAfter.Certain || a.NotAfter.At.IsZero() {
		return a.NotAfter.Partner()
	}
	return MaxTime(a.NotAfter.Partner(), MaxTime(a.NotAfter.At, a.NotAfter.At.Add(t.Offset)))
}

// beginOf returns when an attempt began at the earliest, in the partner's time:
// what end is for its end.
func (t Timing) beginOf(a ledger.Attempt) time.Time {
	at := a.NotBefore.Partner()
	if by := a.NotBefore.At.Add(t.Offset); !a.NotBefore.Certain && by.Before(at) {
		return by
	}
	return at
}

// keyMargin returns what is added to the life of a key: clocks, queues and the
// partner's own sweep for expired keys are not exact.
func (t Timing) keyMargin() time.Duration { return t.TTL / 5 }

// clockSlack returns how far off two readings of the partner's clock can be.
func (t Timing) clockSlack() time.Duration { return t.RoundTrip + 2*time.Second }

// SettledAt returns when the unanswered attempts of h can no longer take effect, in
// the partner's time; the zero time if none is unanswered.
func (t Timing) SettledAt(h []ledger.Attempt) time.Time {
	var newest time.Time
	for i, a := range h {
		if IsUnanswered(h, i, t) {
			newest = MaxTime(newest, t.endOf(a))
		}
	}
	if newest.IsZero() {
		return newest
	}
	return newest.Add(t.Settle + DateResolution)
}

// keyDeadAt returns when the newest key of h is surely forgotten by the partner, in the
// partner's time.
func (t Timing) keyDeadAt(h []ledger.Attempt) time.Time {
	g := h[len(h)-1].Generation
	var newest time.Time
	for _, a := range h {
		if a.Generation == g && a.Removes == "" && a.Class != ledger.NotSent {
			newest = MaxTime(newest, t.endOf(a))
		}
	}
	return newest.Add(t.TTL + max(t.keyMargin(), t.Settle) + DateResolution)
}

// isThrottledAnswered reports whether the 429 of a limiter in front of the partner
// still counts as an answer: in the run that got it, while its key surely
// lives. A request that the partner has seen after all is then found out by its
// key. Afterwards the attempt is unanswered.
func (t Timing) isThrottledAnswered(h []ledger.Attempt, a ledger.Attempt) bool {
	if a.Run != t.Run {
		return false
	}
	var first time.Time
	for _, e := range h {
		if e.Generation == a.Generation && e.Removes == "" && e.Class != ledger.NotSent {
			if at := t.beginOf(e); first.IsZero() || at.Before(first) {
				first = at
			}
		}
	}
	return t.Now.Before(first.Add(t.TTL - t.keyMargin() - t.Timeout))
}
