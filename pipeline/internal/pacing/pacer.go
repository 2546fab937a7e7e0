package pacing

import (
	"context"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Pacer says when a request may begin. A Limiter is that of a process that sends alone,
// a SharedPacer that of one of several. It is safe for concurrent use.
type Pacer interface {
	// WaitTurn waits for the turn of a look-up. It returns the error of ctx if that ends
	// first.
	WaitTurn(ctx context.Context) error
	// WaitToSend waits for the turn of a create-user request. ready is how many more
	// could be sent at once. isTrial says that the request shows whether an empty wallet
	// pays again. The error is a *ShutError if no sender may send at present.
	WaitToSend(ctx context.Context, ready int) (isTrial bool, err error)
	// CurrentRate returns the rate allowed now, in requests a second; +Inf = unlimited.
	CurrentRate() float64
	// ReportBusy lowers the rate after a 429 to a request that began at the given time,
	// by the wall clock. Nothing is sent before until.
	ReportBusy(began, now, until time.Time)
	// ReportExhausted lowers the rate after a request for which this machine had no free
	// port or file.
	ReportExhausted(now time.Time)
	// ReportFunds says that the wallet could not pay, or that it paid for a trial.
	ReportFunds(isEmpty bool)
	// RateAtBusy returns the rate at the last 429 and its time, for the next run; 0 if
	// there was none.
	RateAtBusy() (met float64, at time.Time)
	// RestoreRate continues with the rate that an earlier run kept.
	RestoreRate(met float64, at time.Time)
}

// ShutError says why no sender of a shared ledger may send at present.
type ShutError struct {
	Reason ledger.SlotsReason
	Until  time.Time // by the wall clock: when to ask again
}

func (e *ShutError) Error() string { return fmt.Sprintf("no sender may send (%s)", e.Reason) }

var (
	_ Pacer = (*Limiter)(nil)
	_ Pacer = (*SharedPacer)(nil)
	_ error = (*ShutError)(nil)
)
