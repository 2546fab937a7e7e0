package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// exitCode is what scripts go by.
type exitCode int

const (
	exitOK          exitCode = 0
	exitFailure     exitCode = 1
	exitUsage       exitCode = 2
	exitFindings    exitCode = 3
	exitWallet      exitCode = 4
	exitKey         exitCode = 5
	exitPartner     exitCode = 6
	exitRefused     exitCode = 7
	exitBound       exitCode = 8
	exitLedger      exitCode = 9
	exitInterrupted exitCode = 130
	exitTerminated  exitCode = 143
)

// exitEntry is one line of the table of exit codes.
type exitEntry struct {
	Codes   []exitCode
	Meaning string
	Last    string // the last line but one that people see: what to do
}

// exitTable is the one table of exit codes, in the order in which the first
// that applies is taken, except 0 and 3. `help exit-codes` prints it.
func exitTable() []exitEntry {
	return []exitEntry{
		{[]exitCode{exitInterrupted, exitTerminated}, "interrupted or terminated; the same command continues", "stopped by a signal"},
		{[]exitCode{exitFailure}, "unexpected failure, or a report could not be written (the ledger is whole: `bulkonboard report`)", "failed; what was sent is recorded"},
		{[]exitCode{exitUsage}, "usage, configuration, unreadable or unusable input file; nothing was sent", "nothing was sent"},
		{[]exitCode{exitLedger}, "ledger damaged, or not writable", "the ledger cannot be used; nothing more is sent until it can"},
		{[]exitCode{exitRefused}, "refused: ledger held by another run, of another environment or account, or missing", "refused"},
		{[]exitCode{exitKey}, "key refused or account suspended (401, 403)", "the partner refuses the key or the account: correct that first"},
		{[]exitCode{exitWallet}, "the wallet cannot pay", "top up the wallet first"},
		{[]exitCode{exitBound}, "stopped at a bound you set: --limit, --max-new, --max-errors, --max-duration; rows may be left", "stopped at a bound you set"},
		{[]exitCode{exitPartner}, "the partner API is not answering as it should: silent for --patience, certificate error, redirect, Retry-After beyond --patience, rows still pending after all attempts", "the partner API is not answering as it should: try again later"},
		{[]exitCode{exitFindings}, "finished, and some rows need a person: invalid, duplicate, rejected, link_missing, duplicate_in_input with other details, that no finished run has reported yet; or in_doubt", "finished; some rows need a person"},
		{[]exitCode{exitOK}, "nothing new for a person: every row is onboarded, or was reported before", "done"},
	}
}

// lastLine is what people are told about an exit code.
func lastLine(code exitCode) string {
	for _, e := range exitTable() {
		for _, c := range e.Codes {
			if c == code {
				return e.Last
			}
		}
	}
	return "ended"
}

// usageError is a mistake in how the program was called or configured.
type usageError struct {
	err   error
	hints []string
}

func usage(err error, hints ...string) error { return &usageError{err, hints} }

func usagef(format string, args ...any) error { return &usageError{err: fmt.Errorf(format, args...)} }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// ended is the end of a command that has said everything already.
type ended struct{ code exitCode }

func newEnded(code exitCode) error { return &ended{code} }

func (e *ended) Error() string { return lastLine(e.code) }

// hintsOf are the lines that follow an error.
func hintsOf(err error) []string {
	var u *usageError
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

// exitOf says which exit code an error is.
func exitOf(err error) exitCode {
	if err == nil {
		return exitOK
	}
	var done *ended
	var stop *pipeline.Stop
	switch {
	case errors.As(err, &done):
		return done.code
	case errors.As(err, &stop):
		return exitOfStop(stop)
	}
	return exitOfCause(err, exitFailure)
}

func exitOfStop(s *pipeline.Stop) exitCode {
	switch s.Reason {
	case pipeline.Interrupted:
		return exitInterrupted
	case pipeline.InputFault:
		return exitUsage
	case pipeline.LedgerFault:
		return exitOfCause(s.Err, exitLedger)
	case pipeline.Refused:
		var e *partner.Error
		if s.Err == nil || errors.As(s.Err, &e) {
			return exitKey
		}
		return exitRefused // not this ledger's account
	case pipeline.LowBalance:
		return exitWallet
	case pipeline.Limit, pipeline.MaxNew, pipeline.MaxErrors, pipeline.MaxDuration:
		return exitBound
	case pipeline.PartnerDown:
		return exitPartner
	case pipeline.Declined:
		return exitOfCause(s.Err, exitUsage)
	}
	return exitFailure
}

// exitOfCause judges an error by what is inside it.
func exitOfCause(err error, otherwise exitCode) exitCode {
	var input *source.Error
	var wrong *usageError
	switch {
	case err == nil:
		return otherwise
	case isAny(err, ledger.ErrDamaged, ledger.ErrWrite, ledger.ErrUnsafe, ledger.ErrNewer):
		return exitLedger
	case isAny(err, ledger.ErrLocked, ledger.ErrMissing, ledger.ErrEnvironment, ledger.ErrAccount):
		return exitRefused
	case errors.As(err, &wrong), errors.As(err, &input), errors.Is(err, source.ErrChanged):
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
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
