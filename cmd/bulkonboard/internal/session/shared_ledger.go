package session

import (
	"context"
	"errors"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
)

// SharedLedger is a ledger that another command may be writing to. Its writes
// wait as long as that takes, or until their context ends.
type SharedLedger struct {
	Ledger
	con *term.Console
}

// NewSharedLedger returns l as a shared ledger. That it waits is said on con.
func NewSharedLedger(l Ledger, con *term.Console) *SharedLedger { return &SharedLedger{l, con} }

var (
	_ kyc.SyncLedger      = (*SharedLedger)(nil)
	_ ledger.Verification = (*SharedLedger)(nil)
)

func (l *SharedLedger) retryWhileBusy(ctx context.Context, do func() error) error {
	for said := false; ; said = true {
		err := do()
		if !errors.Is(err, sqlite.ErrBusy) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !said { // each try has waited some seconds already
			l.con.Sayf("waiting: a run is checking its input and has locked the ledger")
		}
	}
}

// ObserveKYC waits for its turn.
func (l *SharedLedger) ObserveKYC(ctx context.Context, events []ledger.KYCEvent) (n int, err error) {
	err = l.retryWhileBusy(ctx, func() error {
		var err error
		n, err = l.Ledger.ObserveKYC(ctx, events)
		return err
	})
	return n, err
}

// RetryKYC waits for its turn.
func (l *SharedLedger) RetryKYC(ctx context.Context, serviceID string, was, now int) error {
	return l.retryWhileBusy(ctx, func() error { return l.Ledger.RetryKYC(ctx, serviceID, was, now) })
}

// SaveFact waits for its turn.
func (l *SharedLedger) SaveFact(ctx context.Context, name, value string, at time.Time) error {
	return l.retryWhileBusy(ctx, func() error { return l.Ledger.SaveFact(ctx, name, value, at) })
}

// NotePairings waits for its turn.
func (l *SharedLedger) NotePairings(ctx context.Context, notes []ledger.PairingNote) error {
	return l.retryWhileBusy(ctx, func() error { return l.Ledger.NotePairings(ctx, notes) })
}

// WithRecord runs a command between its two entries in the ledger's log.
func (l *SharedLedger) WithRecord(ctx context.Context, origin ledger.Run, do func(context.Context) error) error {
	var id int64
	err := l.retryWhileBusy(ctx, func() error {
		var err error
		id, err = l.Begin(ctx, origin)
		return err
	})
	if err != nil {
		return err
	}
	err = do(ctx)
	code := l.con.Stop.ExitCode(exit.CodeOf(err))
	last := context.WithoutCancel(ctx)
	closed := l.retryWhileBusy(last, func() error {
		return l.Finish(last, id, ledger.RunEnd{At: time.Now(), ExitCode: int(code)})
	})
	if err != nil {
		return err
	}
	return closed
}
