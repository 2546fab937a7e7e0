package pipeline

import (
	"errors"
	"fmt"
	"sync"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Reason says why a run ended before its batch was through. The texts are part
// of the JSON summary.
type Reason string

const (
	Limit       Reason = "limit"
	MaxNew      Reason = "max_new"
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

// Stop is the error of a run that ended early. Everything sent has been
// recorded when Run returns it, unless Reason is LedgerFault.
type Stop struct {
	Reason Reason
	Detail string // for people: what happened; no personal data
	Err    error  // the cause, may be nil
}

func (s *Stop) Error() string {
	switch {
	case s.Detail == "" && s.Err == nil:
		return string(s.Reason)
	case s.Err == nil:
		return s.Detail
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

// ledgerStop wraps an error of the ledger. ErrConflict is one too: somebody
// changed a row under us, which the lock should have prevented.
func ledgerStop(doing string, err error) *Stop {
	reason := LedgerFault
	if errors.Is(err, ledger.ErrAccount) || errors.Is(err, ledger.ErrEnvironment) {
		reason = Refused
	}
	return &Stop{Reason: reason, Detail: doing, Err: err}
}

// stopReason keeps the first reason to stop and tells everyone. It is safe for
// concurrent use.
type stopReason struct {
	once   sync.Once
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
	if h.cancel != nil { // else nothing is being sent yet: whoever looks up asks for the reason
		h.once.Do(h.cancel)
	}
}

func (h *stopReason) current() *Stop {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.first
}
