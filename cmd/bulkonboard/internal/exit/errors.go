package exit

import (
	"context"
	"errors"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// CodeOf says which exit code an error is.
func CodeOf(err error) Code {
	if err == nil {
		return OK
	}
	var done *ReportedError
	var stop *pipeline.Stop
	switch {
	case errors.As(err, &done):
		return done.code
	case errors.As(err, &stop):
		return codeOfStop(stop)
	}
	return CodeOfCause(err, Failure)
}

func codeOfStop(s *pipeline.Stop) Code {
	switch s.Reason {
	case pipeline.Interrupted:
		return Interrupted
	case pipeline.InputFault:
		return Usage
	case pipeline.LedgerFault:
		return CodeOfCause(s.Err, Ledger)
	case pipeline.Refused:
		var e *partner.Error
		if s.Err == nil || errors.As(s.Err, &e) {
			return key
		}
		return Refused // not this ledger's account
	case pipeline.LowBalance:
		return Wallet
	case pipeline.MaxNew, pipeline.MaxInvalid, pipeline.MaxErrors:
		return Guard
	case pipeline.Limit, pipeline.MaxDuration:
		return Limit
	case pipeline.PartnerDown:
		return Partner
	case pipeline.Declined:
		return CodeOfCause(s.Err, Usage)
	}
	return Failure
}

// CodeOfCause judges an error by what is inside it.
func CodeOfCause(err error, otherwise Code) Code {
	var input *source.Error
	var wrong *UsageError
	switch {
	case err == nil:
		return otherwise
	case isAny(err, ledger.ErrDamaged, ledger.ErrWrite, ledger.ErrUnsafe, ledger.ErrUnavailable):
		return Ledger
	case isAny(err, ledger.ErrLocked, ledger.ErrMissing, ledger.ErrEnvironment, ledger.ErrAccount, ledger.ErrNewer, ledger.ErrMoved, ledger.ErrPlan, sqlite.ErrOlder, postgres.ErrOlder):
		return Refused
	case errors.As(err, &wrong), errors.As(err, &input), isAny(err, source.ErrChanged, postgres.ErrAddress):
		return Usage
	case errors.Is(err, context.Canceled):
		return Interrupted
	}
	return otherwise
}

func isAny(err error, kinds ...error) bool {
	for _, k := range kinds {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}

// StopReasonOf returns the stopReason of an error; "" if the run finished, was
// not confirmed, or failed in a way that has no reason of its own.
func StopReasonOf(err error) pipeline.Reason {
	var s *pipeline.Stop
	if errors.As(err, &s) && s.Reason != pipeline.Declined && s.Reason != pipeline.Fault {
		return s.Reason
	}
	return ""
}

// UsageError is a mistake in how the program was called or configured.
type UsageError struct {
	Err   error
	hints []string
}

// NewUsageError returns err as a mistake in how the program was called, with hints
// on what to do.
func NewUsageError(err error, hints ...string) error { return &UsageError{err, hints} }

// UsageErrorf formats a mistake in how the program was called.
func UsageErrorf(format string, args ...any) error {
	return &UsageError{Err: fmt.Errorf(format, args...)}
}

func (e *UsageError) Error() string { return e.Err.Error() }

func (e *UsageError) Unwrap() error { return e.Err }

// hintedError is an error with hints of its own.
type hintedError struct {
	error
	hints []string
}

// NewHint returns err, whose exit code stays, with hints on what to do.
func NewHint(err error, hints ...string) error { return &hintedError{err, hints} }

func (h *hintedError) Unwrap() error { return h.error }

// ReportedError is the end of a command that has said everything already.
type ReportedError struct{ code Code }

// NewReportedError returns an error that ends the program with code, and about
// which nothing more is printed; nil for OK.
func NewReportedError(code Code) error {
	if code == OK {
		return nil
	}
	return &ReportedError{code}
}

func (e *ReportedError) Error() string { return LastLine(e.code) }

// HintsOf returns the lines that follow an error.
func HintsOf(err error) []string {
	var u *UsageError
	if errors.As(err, &u) {
		return u.hints
	}
	var h *hintedError
	if errors.As(err, &h) {
		return h.hints
	}
	switch {
	case errors.Is(err, ledger.ErrMissing):
		return []string{"name it with --ledger; the first run creates it, in production with --new-ledger"}
	case errors.Is(err, ledger.ErrLocked):
		return []string{"wait for the other run, or add --lock-timeout; bulkonboard status works during a run"}
	}
	return nil
}
