package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
)

// SharedLedger is a ledger that another command may be writing to: it waits for its
// turn as long as it takes.
type SharedLedger struct {
	*sqlite.Ledger
	con *term.Console
}

func NewSharedLedger(l *sqlite.Ledger, con *term.Console) SharedLedger { return SharedLedger{l, con} }

var (
	_ kyc.SyncLedger      = SharedLedger{}
	_ ledger.Verification = SharedLedger{}
)

func (b SharedLedger) patiently(ctx context.Context, do func() error) error {
	for told := false; ; told = true {
		err := do()
		if !errors.Is(err, sqlite.ErrBusy) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !told { // each try has waited some seconds already
			fmt.Fprintln(b.con.Err, "waiting: a run is checking its input and holds the ledger")
		}
	}
}

func (b SharedLedger) ObserveKYC(ctx context.Context, events []ledger.KYCEvent) (n int, err error) {
	err = b.patiently(ctx, func() error {
		var err error
		n, err = b.Ledger.ObserveKYC(ctx, events)
		return err
	})
	return n, err
}

func (b SharedLedger) RetryKYC(ctx context.Context, serviceID string, was, now int) error {
	return b.patiently(ctx, func() error { return b.Ledger.RetryKYC(ctx, serviceID, was, now) })
}

func (b SharedLedger) Learn(ctx context.Context, name, value string, at time.Time) error {
	return b.patiently(ctx, func() error { return b.Ledger.Learn(ctx, name, value, at) })
}

func (b SharedLedger) NotePairings(ctx context.Context, notes []ledger.PairingNote) error {
	return b.patiently(ctx, func() error { return b.Ledger.NotePairings(ctx, notes) })
}

// WithRecord runs a command between its two entries in the ledger's log.
func (b SharedLedger) WithRecord(ctx context.Context, origin ledger.Run, do func(context.Context) error) error {
	var id int64
	err := b.patiently(ctx, func() error {
		var err error
		id, err = b.Begin(ctx, origin)
		return err
	})
	if err != nil {
		return err
	}
	err = do(ctx)
	code := b.con.Stop.ExitCode(exit.CodeOf(err))
	last := context.WithoutCancel(ctx)
	closed := b.patiently(last, func() error {
		return b.Finish(last, id, ledger.RunEnd{At: time.Now(), ExitCode: int(code)})
	})
	if err != nil {
		return err
	}
	return closed
}
