package exit

import (
	"errors"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
)

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

// ReportedError is the end of a command that has said everything already.
type ReportedError struct{ code Code }

// NewReportedError returns an error that ends the program with code. Nothing more is
// printed about it.
func NewReportedError(code Code) error { return &ReportedError{code} }

func (e *ReportedError) Error() string { return LastLine(e.code) }

// HintsOf returns the lines that follow an error.
func HintsOf(err error) []string {
	var u *UsageError
	if errors.As(err, &u) {
		return u.hints
	}
	switch {
	case errors.Is(err, ledger.ErrMissing):
		return []string{"name it with --ledger; the first run of all makes it, in production with --new-ledger"}
	case errors.Is(err, ledger.ErrLocked):
		return []string{"wait for the other run, or give --lock-timeout; `bulkonboard status` goes beside it"}
	}
	return nil
}
