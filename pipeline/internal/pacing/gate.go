package pacing

import (
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
)

// Gate lets requests pass, or holds all of them back. An answer shuts it, before that
// answer is recorded (ObserveAnswer, ObserveExhaustion). Its controller opens it. It is
// safe for concurrent use.
//
//	open     all requests pass
//	shut     none passes, until the controller changes the state
//	probing  one row passes; its answer opens the gate or shuts it again
type Gate struct {
	mu sync.Mutex
	gateView
	probeID    int64     // while probing: the attempt that passed, 0 = none yet
	shutAt     time.Time // when the gate was last shut; answers to earlier requests do not show the present state
	busies     int       // 429 answers without Retry-After in a row
	portPauses int       // pauses for lack of a port or file in a row
	breaker    breaker
}

// gateView is the state of a gate at one moment.
type gateView struct {
	state          gateState
	why            shutReason
	AskedUntil     time.Time     // no request passes before then, whatever the state; a 429 can only raise it
	outageSince    time.Time     // since when the gate is shut because of an outage; zero = it is not
	busySince      time.Time     // since when all answers have been 429; zero = they have not
	noPortsSince   time.Time     // since when this machine has lacked ports or files; zero = it does not
	portPauseUntil time.Time     // end of the present pause for that reason
	changed        chan struct{} // closed at every change of state
}

type gateState uint8

const (
	gateOpen gateState = iota
	gateShut
	gateProbing
)

// shutReason is why the gate is not open, and so what opens it.
type shutReason uint8

const (
	notShut     shutReason = iota
	pausedBusy             // 429: the clock opens it
	unreachable            // no connection: back-off, then a probe
	unusable               // answers that prove nothing: back-off, the wallet call, then a probe
	noFunds                // 402: wait for the balance, then a probe
	uncovered              // the wallet does not pay for the next row: the wallet call, then a probe
	noPorts                // no port or file for a connection: the clock opens it
	allWait                // the partner has asked another sender to wait: the shared ledger opens it
	allHeld                // an operator holds all senders: the shared ledger opens it
)

// NotAnAttempt stands for a look-up in place of an attempt's id.
const NotAnAttempt = -1

// NewGate returns a gate that is open.
func NewGate() *Gate { return &Gate{gateView: gateView{changed: make(chan struct{})}} }

// setState sets the state and wakes the goroutines that wait for one. g.mu is held.
func (g *Gate) setState(s gateState, why shutReason) {
	g.state, g.why, g.probeID = s, why, 0
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
	case g.state == gateProbing && g.probeID == 0:
		g.probeID = attempt
		return true
	default:
		return false
	}
}

// IntentRoom returns how many intents may be written now: 0 while shut, 1 while probing
// if no row has passed yet, and no limit while open. The channel is closed when that
// changes.
func (g *Gate) IntentRoom() (n int, changed <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.state == gateOpen:
		return int(^uint(0) >> 1), g.changed
	case g.state == gateProbing && g.probeID == 0:
		return 1, g.changed
	default:
		return 0, g.changed
	}
}

// CurrentView returns the present state. If an answer has ended an outage but the gate is
// still shut, a new outage begins now, so that patience always ends.
func (g *Gate) CurrentView(now time.Time) gateView {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == gateShut && g.outageSince.IsZero() && (g.why == unreachable || g.why == unusable) {
		g.outageSince = now
	}
	return g.gateView
}

// startProbe lets one row pass.
func (g *Gate) startProbe() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == gateShut {
		g.setState(gateProbing, g.why)
	}
}

// reopen opens the gate after a pause.
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
	if g.state == gateOpen || g.state == gateProbing && g.probeID == 0 {
		g.outageSince = time.Time{}
		g.setState(gateShut, uncovered)
	}
}

// HoldForAll shuts the gate because the shared ledger lets no sender send. A gate that is
// shut stays as it is; the wallet that another sender found empty is as if this one had.
func (g *Gate) HoldForAll(why ledger.SlotsReason) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state != gateOpen && (g.state != gateProbing || g.probeID != 0) {
		return
	}
	if g.state == gateProbing {
		g.setState(gateShut, g.why) // the row that was to pass is still to show what it was sent for
		return
	}
	reason := allWait
	switch why {
	case ledger.SlotsEmpty:
		reason = noFunds
	case ledger.SlotsHeld:
		reason = allHeld
	case ledger.SlotsWait, ledger.SlotsOthers:
	}
	g.setState(gateShut, reason)
}

// IsOpenTo reports whether the gate is still open to an attempt that MayPass let pass.
func (g *Gate) IsOpenTo(attempt int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state == gateOpen || g.state == gateProbing && g.probeID == attempt
}

// isTryingWallet reports whether one row may show whether an empty wallet pays again.
func (g *Gate) isTryingWallet() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state == gateProbing && g.why == noFunds
}

// ObserveAnswer updates the gate by the class of an answer, as soon as it is known. began
// is when its request began. pause is the wait that the partner asked for, 0 for none.
// An answer to a request that began before the gate was shut does not end an outage,
// because slow requests from before it may still succeed.
func (g *Gate) ObserveAnswer(attempt int64, class ledger.Class, pause time.Duration, began, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	current := g.state == gateOpen || began.After(g.shutAt)
	onTrial := g.state == gateProbing && attempt != NotAnAttempt && g.probeID == attempt
	if class != ledger.NotSent {
		g.breaker.countAnswer(class)
		if current {
			g.noPortsSince, g.portPauses = time.Time{}, 0
		}
	}
	if current && class != ledger.NotSent && class != ledger.Unknown && class != ledger.OKBroken {
		g.outageSince = time.Time{}
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
		if g.state != gateShut || g.why == pausedBusy {
			g.setState(gateShut, pausedBusy)
		}
	case ledger.Funds:
		g.setState(gateShut, noFunds)
	case ledger.NotSent:
		if g.state == gateOpen || onTrial {
			g.shutForOutage(unreachable, now)
		}
	case ledger.Unknown, ledger.OKBroken:
		if pause > 0 { // a 503 with Retry-After
			g.AskedUntil = decide.MaxTime(g.AskedUntil, now.Add(pause))
		}
		if onTrial || g.state == gateOpen && g.breaker.isTripped() {
			g.shutForOutage(unusable, now)
		}
	default:
		if onTrial {
			g.breaker = breaker{}
			g.setState(gateOpen, notShut)
		}
	}
}

// ObserveExhaustion updates the gate after an attempt for which this machine had no free
// port or file. That is no evidence about the partner. All requests pause, longer each
// time, until connections have ended.
func (g *Gate) ObserveExhaustion(attempt int64, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.noPortsSince.IsZero() {
		g.noPortsSince = now
	}
	switch {
	case g.state == gateProbing && g.probeID == attempt:
		g.setState(gateShut, g.why) // another probe is needed
	case g.state == gateOpen: // requests in flight fail together: one pause for all
		g.portPauseUntil = now.Add(BackoffAfter(g.portPauses, FirstBackoff, MaxBackoff))
		g.portPauses++
		g.shutAt = now
		g.setState(gateShut, noPorts)
	}
}

// shutForOutage shuts the gate because the partner gives no useful answer. Patience is
// measured from now on; a time without requests before does not count.
// g.mu is held.
func (g *Gate) shutForOutage(why shutReason, now time.Time) {
	if g.state == gateOpen {
		g.shutAt = now
	}
	if g.outageSince.IsZero() {
		g.outageSince = now
	}
	g.setState(gateShut, why)
}

// CancelProbe allows another probe, because the row that passed was not sent after all.
func (g *Gate) CancelProbe(attempt int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == gateProbing && g.probeID == attempt {
		g.setState(gateProbing, g.why)
	}
}
