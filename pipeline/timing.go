package pipeline

import (
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// timing is what is assumed of the partner's clockwork, and the moment at which
// a history is looked at.
type timing struct {
	ttl       time.Duration // how long the partner remembers an idempotency key
	settle    time.Duration // how long an unanswered request may still take effect
	timeout   time.Duration // of one request
	roundTrip time.Duration // the slowest round trip by which clocks were compared
	offset    time.Duration // partner's clock minus ours, as it is known now
	run       int64         // the run that looks
	now       time.Time     // in the partner's time
}

// dateResolution is what each silence is longer for, because the Date header,
// by which the partner's clock is known, has whole seconds.
const dateResolution = time.Second

// end is when an attempt ended, in the partner's time. If its clock was not
// known then, the later of both readings is taken: no silence gets shorter by
// not knowing.
func (t timing) end(a ledger.Attempt) time.Time {
	if a.NotAfter.Certain || a.NotAfter.At.IsZero() {
		return a.NotAfter.Partner()
	}
	return maxTime(a.NotAfter.Partner(), maxTime(a.NotAfter.At, a.NotAfter.At.Add(t.offset)))
}

// begin is when an attempt began at the earliest, in the partner's time: what end
// is for its end.
func (t timing) begin(a ledger.Attempt) time.Time {
	at := a.NotBefore.Partner()
	if by := a.NotBefore.At.Add(t.offset); !a.NotBefore.Certain && by.Before(at) {
		return by
	}
	return at
}

// margin is added to the life of a key: clocks, queues and the partner's own
// sweep for expired keys are not exact.
func (t timing) margin() time.Duration { return t.ttl / 5 }

// slack is how far off two readings of the partner's clock can be.
func (t timing) slack() time.Duration { return t.roundTrip + 2*time.Second }

// settled is when the unanswered attempts of h can no longer take effect, in
// the partner's time; the zero time if none is unanswered.
func (t timing) settled(h []ledger.Attempt) time.Time {
	var newest time.Time
	for i, a := range h {
		if unanswered(h, i, t) {
			newest = maxTime(newest, t.end(a))
		}
	}
	if newest.IsZero() {
		return newest
	}
	return newest.Add(t.settle + dateResolution)
}

// dead is when the newest key of h is surely forgotten by the partner, in the
// partner's time.
func (t timing) dead(h []ledger.Attempt) time.Time {
	g := h[len(h)-1].Generation
	var newest time.Time
	for _, a := range h {
		if a.Generation == g && a.Removes == "" && a.Class != ledger.NotSent {
			newest = maxTime(newest, t.end(a))
		}
	}
	return newest.Add(t.ttl + max(t.margin(), t.settle) + dateResolution)
}

// answersThrottled reports whether the 429 of a limiter in front of the partner
// still counts as an answer: in the run that got it, while its key surely
// lives. A request that the partner has seen after all is then found out by its
// key. Afterwards the attempt is unanswered.
func (t timing) answersThrottled(h []ledger.Attempt, a ledger.Attempt) bool {
	if a.Run != t.run {
		return false
	}
	var first time.Time
	for _, e := range h {
		if e.Generation == a.Generation && e.Removes == "" && e.Class != ledger.NotSent {
			if at := t.begin(e); first.IsZero() || at.Before(first) {
				first = at
			}
		}
	}
	return t.now.Before(first.Add(t.ttl - t.margin() - t.timeout))
}
