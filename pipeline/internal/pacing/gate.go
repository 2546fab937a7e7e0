package pacing

import (
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
)

// Gate decides whether requests may go out at this moment. It is shut by an
// answer (see ObserveAnswer and ObserveExhaustion, before the answer is recorded) and
// opened by its controller. It is safe for concurrent use.
//
//	open   all pass
//	shut   none passes; the controller knows until when, or what to look at
//	trial  one row goes first; its answer opens the gate or shuts it again
type Gate struct {
	mu sync.Mutex
	gateView
	trialID int64     // trial: the attempt that went first, 0 = not yet
	shutAt  time.Time // when the gate was shut last; answers to requests begun before say nothing of what is now
	busies  int       // 429 answers without a wait in them, in a row
	rests   int       // pauses for want of a port or file, in a row
	breaker breaker
}

// gateView is a gate at one moment.
type gateView struct {
	state        gateState
	why          shutReason
	AskedUntil   time.Time     // nothing goes out before then, whatever the state: every 429 raises it, nothing lowers it
	silentSince  time.Time     // since when the gate is shut because no sensible answer comes; zero = it is not
	busySince    time.Time     // since when there has been nothing but 429; zero = there has
	scarceSince  time.Time     // since when this machine has had no port or file for some connection; zero = it has
	restingUntil time.Time     // until when nothing goes out for that reason
	changed      chan struct{} // closed at every change of state
}

type gateState uint8

const (
	gateOpen gateState = iota
	gateShut
	gateTrial
)

// shutReason is why the gate is not open, and so what opens it.
type shutReason uint8

const (
	notShut     shutReason = iota
	askedToWait            // 429: the clock opens it
	unreachable            // no connection: back-off, then a trial
	broken                 // answers that tell nothing: back-off, the wallet, then a trial
	empty                  // 402: the wallet, then a trial
	uncovered              // the wallet does not pay for the next row: the wallet, then a trial
	exhausted              // no port or file for a connection: the clock opens it
)

// NotAnAttempt means a look-up where an attempt's id is asked for.
const NotAnAttempt = -1

// NewGate returns a gate that is open.
func NewGate() *Gate { return &Gate{gateView: gateView{changed: make(chan struct{})}} }

// setState sets the state and wakes the goroutines that wait for one. g.mu is held.
func (g *Gate) setState(s gateState, why shutReason) {
	g.state, g.why, g.trialID = s, why, 0
	close(g.changed)
	g.changed = make(chan struct{})
}

// MayPass reports whether the request of this attempt may go out now.
func (g *Gate) MayPass(attempt int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.state == gateOpen:
		return true
	case g.state == gateTrial && g.trialID == 0:
		g.trialID = attempt
		return true
	default:
		return false
	}
}

// IntentRoom returns how many intents may be made now: 0 while shut, 1 for a
// trial whose row has not gone out, and no bound while open. The channel is
// closed when that changes.
func (g *Gate) IntentRoom() (n int, changed <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.state == gateOpen:
		return int(^uint(0) >> 1), g.changed
	case g.state == gateTrial && g.trialID == 0:
		return 1, g.changed
	default:
		return 0, g.changed
	}
}

// CurrentView returns the gate as it is now. An answer that ended a silence and
// did not open the gate begins another silence, so that patience always ends.
func (g *Gate) CurrentView(now time.Time) gateView {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == gateShut && g.silentSince.IsZero() && (g.why == unreachable || g.why == broken) {
		g.silentSince = now
	}
	return g.gateView
}

// startTrial lets one row go first.
func (g *Gate) startTrial() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == gateShut {
		g.setState(gateTrial, g.why)
	}
}

// reopen lets everyone pass again after a pause that a clock ends.
func (g *Gate) reopen() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == gateShut {
		g.setState(gateOpen, notShut)
	}
}

// HoldForFunds shuts the gate before a row that the wallet does not pay for. No
// request may be in flight. A gate that is shut stays as it is.
func (g *Gate) HoldForFunds() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == gateOpen || g.state == gateTrial && g.trialID == 0 {
		g.silentSince = time.Time{}
		g.setState(gateShut, uncovered)
	}
}

// ObserveAnswer uses the class of an answer at the moment it is known, and when its
// request began. pause is how long the partner asked everyone to wait, with a 429.
// An answer to a request begun before the gate was shut does not end a silence:
// in an outage slow requests from before may succeed for long.
func (g *Gate) ObserveAnswer(attempt int64, class ledger.Class, pause time.Duration, began, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	current := g.state == gateOpen || began.After(g.shutAt)
	onTrial := g.state == gateTrial && attempt != NotAnAttempt && g.trialID == attempt
	if class != ledger.NotSent {
		g.breaker.countAnswer(class)
		if current {
			g.scarceSince, g.rests = time.Time{}, 0
		}
	}
	if current && class != ledger.NotSent && class != ledger.Unknown && class != ledger.OKBroken {
		g.silentSince = time.Time{}
		if !class.AsksToWait() {
			g.busies, g.busySince = 0, time.Time{}
		}
	}
	switch class {
	case ledger.Busy, ledger.Throttled:
		if g.busySince.IsZero() {
			g.busySince = now
		}
		if pause <= 0 {
			pause = BackoffAfter(g.busies, time.Second, time.Minute)
			g.busies++
		}
		g.AskedUntil = decide.MaxTime(g.AskedUntil, now.Add(pause))
		if g.state != gateShut || g.why == askedToWait {
			g.setState(gateShut, askedToWait)
		}
	case ledger.Funds:
		g.setState(gateShut, empty)
	case ledger.NotSent:
		if g.state == gateOpen || onTrial {
			g.fallSilent(unreachable, now)
		}
	case ledger.Unknown, ledger.OKBroken:
		if pause > 0 { // a 503 that says when to come back
			g.AskedUntil = decide.MaxTime(g.AskedUntil, now.Add(pause))
		}
		if onTrial || g.state == gateOpen && g.breaker.isTripped() {
			g.fallSilent(broken, now)
		}
	default:
		if onTrial {
			g.breaker = breaker{}
			g.setState(gateOpen, notShut)
		}
	}
}

// ObserveExhaustion notes an attempt for which this machine had no port or file
// left. That says nothing of the partner: all requests rest for a moment,
// longer each time, in which connections end and ports come free.
func (g *Gate) ObserveExhaustion(attempt int64, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.scarceSince.IsZero() {
		g.scarceSince = now
	}
	switch {
	case g.state == gateTrial && g.trialID == attempt:
		g.setState(gateShut, g.why) // whatever shut it waits for another trial
	case g.state == gateOpen: // requests in flight fail together: one rest for all
		g.restingUntil = now.Add(BackoffAfter(g.rests, FirstBackoff, MaxBackoff))
		g.rests++
		g.shutAt = now
		g.setState(gateShut, exhausted)
	}
}

// fallSilent shuts the gate because the partner says nothing that helps. The
// time since is what patience is measured by: quiet before that does not count.
// g.mu is held.
func (g *Gate) fallSilent(why shutReason, now time.Time) {
	if g.state == gateOpen {
		g.shutAt = now
	}
	if g.silentSince.IsZero() {
		g.silentSince = now
	}
	g.setState(gateShut, why)
}

// CancelTrial takes back a trial whose row was not sent after all.
func (g *Gate) CancelTrial(attempt int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == gateTrial && g.trialID == attempt {
		g.setState(gateTrial, g.why)
	}
}
