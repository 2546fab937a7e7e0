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
