package decide

import (
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Timing holds the assumptions about the partner's timing, and the moment at which a
// history is judged.
type Timing struct {
	TTL       time.Duration // how long the partner remembers an idempotency key
	Settle    time.Duration // how long an unanswered request may still take effect
	Timeout   time.Duration // of one request
	RoundTrip time.Duration // slowest round trip by which clocks were compared
	Offset    time.Duration // partner's clock minus ours, as known now
	Run       int64         // the current run
	Now       time.Time     // in the partner's time
}

// DateResolution is added to each silence, because the Date header, from which the
// partner's clock is known, has whole seconds.
const DateResolution = time.Second

// endOf returns when an attempt ended, in the partner's time. If the partner's clock was
// not known then, it returns the later of both readings, so that no silence is too short.
func (t Timing) endOf(a ledger.Attempt) time.Time {
	if a.NotAfter.Certain || a.NotAfter.At.IsZero() {
		return a.NotAfter.Partner()
	}
	return MaxTime(a.NotAfter.Partner(), MaxTime(a.NotAfter.At, a.NotAfter.At.Add(t.Offset)))
}

// beginOf returns when an attempt began, in the partner's time. If the partner's clock
// was not known then, it returns the earlier of both readings.
func (t Timing) beginOf(a ledger.Attempt) time.Time {
	at := a.NotBefore.Partner()
	if by := a.NotBefore.At.Add(t.Offset); !a.NotBefore.Certain && by.Before(at) {
		return by
	}
	return at
}

// keyMargin returns the time that is added to the lifetime of a key, because clocks,
// queues and the partner's removal of expired keys are not exact.
func (t Timing) keyMargin() time.Duration { return t.TTL / 5 }

// clockSlack returns how much two readings of the partner's clock can differ.
func (t Timing) clockSlack() time.Duration { return t.RoundTrip + 2*time.Second }

// SettledAt returns the time from which the unanswered attempts of h can no longer take
// effect, in the partner's time. It is zero if none is unanswered.
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

// keyDeadAt returns the time from which the newest key of h has certainly expired, in
// the partner's time.
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

// isThrottledAnswered reports whether the 429 of a limiter in front of the partner still
// counts as an answer. It does in the run that received it, as long as the key is
// certainly remembered: if the partner did see the request, the next one under the same
// key shows it. Afterwards the attempt is unanswered.
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
