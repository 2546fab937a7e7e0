package exit

import (
	"context"
	"errors"

	"github.com/bulkonboard/bulkonboard/ledger"
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
	case pipeline.Limit, pipeline.MaxNew, pipeline.MaxErrors, pipeline.MaxDuration:
		return Bound
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
	case isAny(err, ledger.ErrDamaged, ledger.ErrWrite, ledger.ErrUnsafe, ledger.ErrNewer):
		return Ledger
	case isAny(err, ledger.ErrLocked, ledger.ErrMissing, ledger.ErrEnvironment, ledger.ErrAccount):
		return Refused
	case errors.As(err, &wrong), errors.As(err, &input), errors.Is(err, source.ErrChanged):
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

// StopReasonOf returns the stopReason of an error; "" if the run went to its end.
func StopReasonOf(err error) pipeline.Reason {
	var s *pipeline.Stop
	if errors.As(err, &s) && s.Reason != pipeline.Declined {
		return s.Reason
	}
	return ""
}
