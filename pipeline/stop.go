package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// Reason says why a run ended before its batch was through. The texts are part
// of the JSON summary.
type Reason string

const (
	Limit       Reason = "limit"
	MaxNew      Reason = "max_new"
	MaxInvalid  Reason = "max_invalid"
	MaxErrors   Reason = "max_errors"
	MaxDuration Reason = "max_duration"
	LowBalance  Reason = "low_balance"
	Refused     Reason = "refused" // credentials, or an account that is not this ledger's
	PartnerDown Reason = "partner_down"
	Interrupted Reason = "interrupted"
	LedgerFault Reason = "ledger"
	InputFault  Reason = "input"
	Fault       Reason = "fault"    // of this program
	Declined    Reason = "declined" // Config.Confirm said no
)

// Reasons returns all reasons.
func Reasons() []Reason {
	return []Reason{Limit, MaxNew, MaxInvalid, MaxErrors, MaxDuration, LowBalance, Refused, PartnerDown, Interrupted, LedgerFault, InputFault, Fault, Declined}
}

// Stop is the error of a run that ended early. Everything sent has been
// recorded when Run returns it, unless Reason is LedgerFault.
type Stop struct {
	Reason Reason
	Detail string // for operators: what happened; no personal data
	Err    error  // the cause, may be nil
}

func (s *Stop) Error() string {
	switch {
	case s.Err == nil:
		return cmp.Or(s.Detail, string(s.Reason))
	case s.Detail == "":
		return s.Err.Error()
	default:
		return s.Detail + ": " + s.Err.Error()
	}
}

func (s *Stop) Unwrap() error { return s.Err }

func stopf(r Reason, format string, args ...any) *Stop {
	return &Stop{Reason: r, Detail: fmt.Sprintf(format, args...)}
}

// ledgerStop wraps an error of the ledger. ErrConflict is one too: another
// writer changed a row, which the lock should have prevented.
func ledgerStop(doing string, err error) *Stop {
	reason := LedgerFault
	if errors.Is(err, ledger.ErrAccount) || errors.Is(err, ledger.ErrEnvironment) {
		reason = Refused
	}
	return &Stop{Reason: reason, Detail: doing, Err: err}
}

// stopReason keeps the first reason to stop and ends the intake. It is safe for
// concurrent use.
type stopReason struct {
	mu     sync.Mutex
	first  *Stop
	cancel func()
}

// stopWith records the first reason and ends the intake. Later reasons are dropped,
// but a ledger fault replaces any other: it is the one that must be said.
func (h *stopReason) stopWith(s *Stop) {
	h.mu.Lock()
	if h.first == nil || s.Reason == LedgerFault && h.first.Reason != LedgerFault {
		h.first = s
	}
	h.mu.Unlock()
	if h.cancel != nil { // else nothing is being sent yet: the look-ups ask for the reason
		h.cancel()
	}
}

func (h *stopReason) current() *Stop {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.first
}

// Unreachable is the Err of a Stop whose Reason is PartnerDown when no
// connection to the partner could be made.
type Unreachable struct {
	Cause       string // one of the partner package's Cause words
	ProxyStatus int    // of a proxy that refused to pass anything on; 0 if none did
}

func (u *Unreachable) Error() string {
	if u.ProxyStatus != 0 {
		return "the proxy answered HTTP " + strconv.Itoa(u.ProxyStatus)
	}
	return "no connection to it could be made (" + u.Cause + ")"
}

// lastFailure keeps what became of the last request that got no useful answer.
// It is safe for concurrent use.
type lastFailure struct {
	answer atomic.Pointer[partner.Answer]
}

func (l *lastFailure) keepAnswer(a partner.Answer) {
	switch a.Class {
	case ledger.NotSent, ledger.Unknown, ledger.OKBroken:
		l.answer.Store(&partner.Answer{Class: a.Class, Cause: a.Cause, ProxyStatus: a.ProxyStatus})
	}
}

// unreachable returns nil if the last failure was another one.
func (l *lastFailure) unreachable() *Unreachable {
	a := l.answer.Load()
	if a == nil || a.Class != ledger.NotSent || a.Cause == "" {
		return nil
	}
	return &Unreachable{a.Cause, a.ProxyStatus}
}

// bracketedCause says why the partner cannot be reached, "" if that is not known.
func (l *lastFailure) bracketedCause() string {
	switch u := l.unreachable(); {
	case u == nil:
		return ""
	case u.ProxyStatus != 0:
		return " (" + u.Error() + ")"
	default:
		return " (" + u.Cause + ")"
	}
}

// outageStop returns the end of a run whose patience is over.
func (l *lastFailure) outageStop(patience time.Duration) *Stop {
	s := stopf(PartnerDown, "the partner API has not answered as it should for %s", patience)
	if u := l.unreachable(); u != nil {
		s.Err = u
	}
	return s
}

// proxyRefusal returns the end of a run whose proxy passes nothing on.
func proxyRefusal(status int) *Stop {
	do := "Ask whoever runs it to allow the partner's host, or choose another one with --proxy"
	if status == 407 {
		do = "It asks for a name and a password: --proxy http://NAME:PASSWORD@HOST:PORT, or the same in HTTPS_PROXY with --proxy env"
	}
	return &Stop{Reason: PartnerDown, Detail: "the proxy refuses to pass requests on to the partner (HTTP " + strconv.Itoa(status) + "). " + do}
}

var _ error = (*Unreachable)(nil)

// asInterrupted returns a *Stop for a cancelled context, and other errors as they are.
func asInterrupted(ctx context.Context, err error) error {
	var s *Stop
	isOurs := errors.As(err, &s) && !errors.Is(err, context.Canceled)
	if ctx.Err() != nil && !isOurs {
		return &Stop{Reason: Interrupted, Detail: "interrupted before anything was sent"}
	}
	return err
}

// What follows is what an answer means for all further requests: they wait (429,
// outage, empty wallet) or the run stops.

// controlGate opens the gate until ctx ends, and stops the run when it will not
// open within its patience.
func (r *run) controlGate(ctx context.Context) error {
	c := &pacing.GateController{Gate: r.gate, Patience: r.cfg.Pace.Patience, ShowPause: r.showShut, NameCause: r.lastFailure.bracketedCause,
		AskWallet:   func(ctx context.Context) error { _, err := r.askWallet(ctx); return err },
		WatchWallet: r.watchWallet, AskCover: r.askCover}
	r.shared.addSharedPauses(c)
	err := c.KeepOpen(ctx)
	if stop, ok := errors.AsType[*Stop](err); ok {
		return stop
	}
	r.counters.update(func(f *figures) { f.Shut = false })
	patience := r.cfg.Pace.Patience
	switch {
	case err == nil:
	case errors.Is(err, pacing.ErrOutage):
		r.stopReason.stopWith(r.lastFailure.outageStop(patience))
	case errors.Is(err, pacing.ErrNoPorts):
		r.stopReason.stopWith(stopf(PartnerDown, "for %s this machine has had no free port or file handle for another connection. Lower --rate or --workers, or raise the limit on open files", patience))
	case errors.Is(err, pacing.ErrOnlyBusy):
		r.stopReason.stopWith(stopf(PartnerDown, "the partner API has answered nothing but 429 (too many requests) for %s", patience))
	default:
		r.stopReason.stopWith(&Stop{Reason: PartnerDown, Err: err})
	}
	return nil
}

// reactToBusy lowers the rate after a 429, and stops the run if the partner asks for
// a longer pause than its patience. The gate makes everyone wait.
func (s *submitters) reactToBusy(a answered, now time.Time) {
	s.pace.ReportBusy(a.answer.Began, now, s.gate.CurrentView(now).AskedUntil)
	if a.answer.RetryAfter > s.cfg.Pace.Patience {
		s.stopReason.stopWith(stopf(PartnerDown, "the partner asks to wait until %s, longer than --patience", now.Add(min(a.answer.RetryAfter, 100*365*24*time.Hour)).UTC().Format(time.RFC3339)))
	}
}

// pauseOnBusy lets a look-up that was answered with 429 pause everyone, as a row does.
func (r *run) pauseOnBusy(err error) {
	if e, ok := errors.AsType[*partner.Error](err); ok && e.Class.AsksToWait() {
		now := pacing.WallTime()
		r.gate.ObserveAnswer(pacing.NotAnAttempt, createClass(e.Class), e.RetryAfter, now, now)
		r.pace.ReportBusy(now, now, r.gate.CurrentView(now).AskedUntil)
		if e.RetryAfter > r.cfg.Pace.Patience {
			r.stopReason.stopWith(&Stop{Reason: PartnerDown, Err: pacing.ErrTooLong})
		}
	}
}

// awaitPause waits while the partner has asked everyone to.
func (r *run) awaitPause(ctx context.Context) error {
	until := r.gate.CurrentView(pacing.WallTime()).AskedUntil
	if until.Sub(pacing.WallTime()) > r.cfg.Pace.Patience {
		return pacing.ErrTooLong
	}
	return pacing.SleepUntil(ctx, until)
}

// reactToRefusal stops the run where an answer leaves no other way.
func (s *submitters) reactToRefusal(a answered) {
	switch {
	case a.answer.StopCause == partner.Redirected:
		s.stopReason.stopWith(stopf(PartnerDown, "the partner API redirects to %s, which is not followed: it would carry the key and the body elsewhere. Check --base-url", hostOrUnknown(a.answer.Target)))
	case a.answer.StopCause == partner.Certificate:
		s.stopReason.stopWith(stopf(PartnerDown, "the certificate of the partner API, or of the proxy in front of it, is not valid for its name. Check the host, the clock of this machine, --proxy and --ca-file"))
	case a.answer.StopCause == partner.PathGone:
		s.stopReason.stopWith(stopf(PartnerDown, "the partner API answers HTTP %d where users are created: the path does not exist. Check --base-url", a.answer.HTTPStatus))
	case a.answer.StopCause == partner.Blocked:
		s.stopReason.stopWith(stopf(Refused, "HTTP %d from something in front of the partner API, such as a firewall. Check that this machine's address may call it", a.answer.HTTPStatus))
	case a.answer.StopCause == partner.ProxyRefused:
		s.stopReason.stopWith(proxyRefusal(a.answer.ProxyStatus))
	case a.class == ledger.Auth:
		s.stopReason.stopWith(stopf(Refused, "the partner refuses the API key or the account (HTTP %d)", a.answer.HTTPStatus))
	case a.class == ledger.Funds && !s.cfg.Money.Wait:
		s.stopReason.stopWith(stopf(LowBalance, "the wallet cannot pay for another user (HTTP 402)"))
	}
}

func hostOrUnknown(host string) string {
	if host == "" {
		return "another address"
	}
	return fmt.Sprintf("%q", host)
}

// showShut shows why the gate is shut, and until when; "" = it is open.
func (r *run) showShut(why string, until time.Time) {
	if f := r.counters.current(); f.Shut != (why != "") {
		r.counters.update(func(f *figures) { f.Shut = why != "" })
	}
	r.counters.showPause(why, until)
}
