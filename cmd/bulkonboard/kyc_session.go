package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// follower is what a command works with that follows users after their
// creation: the ledger, the partner, and how fast it may be asked.
type follower struct {
	sharedLedger
	client  *partner.Client
	pace    *kyc.Pace
	session *session
}

// followUsers runs a command that talks to the partner, also during a run, and
// records it in the ledger's log.
func followUsers(con *term.Console, c *cobra.Command, f *settings.RunFlags, do func(context.Context, *follower) error) (err error) {
	ctx := c.Context()
	s, err := newSession(con, c, f, nil)
	if err != nil {
		return err
	}
	s.command = settings.CommandName(c)
	defer func() { err = errors.Join(err, s.close()) }()
	log, closeLog, err := f.LogFlags.OpenLog(s.Err)
	if err != nil {
		return err
	}
	s.log = log
	s.closers = append(s.closers, closeLog)
	s.Sayf("%s", s.to)
	s.Sayf("ledger: %s; rate: %s", s.to.Ledger, f.Rate.String())
	opt := s.ledgerOptions()
	opt.Concurrent = !s.to.Sandbox // the simulated partner's users are kept by one process at a time
	if s.store, err = sqlite.Open(ctx, opt); err != nil {
		return err
	}
	s.closers = append(s.closers, s.store.Close)
	if err := s.openPartner(); err != nil {
		return err
	}
	all := &follower{newSharedLedger(s.store, con), s.client, kyc.NewPace(f.Rate.PerSecond), s}
	return all.logged(ctx, s.origin(), func(ctx context.Context) error { return partnerStop(do(ctx, all)) })
}

// partnerStop gives an error of the partner's the exit code that it has in a run.
func partnerStop(err error) error {
	var e *partner.Error
	switch {
	case !errors.As(err, &e), errors.Is(err, context.Canceled):
		return err
	case e.Class == partner.Auth:
		return &pipeline.Stop{Reason: pipeline.Refused, Detail: "the partner refuses the API key or the account", Err: err}
	}
	return &pipeline.Stop{Reason: pipeline.PartnerDown, Detail: "the partner API is not answering as it should", Err: err}
}

// sharedLedger is a ledger that another command may be writing to: it waits for its
// turn as long as it takes.
type sharedLedger struct {
	*sqlite.Ledger
	con *term.Console
}

func newSharedLedger(l *sqlite.Ledger, con *term.Console) sharedLedger { return sharedLedger{l, con} }

var (
	_ kyc.SyncLedger      = sharedLedger{}
	_ ledger.Verification = sharedLedger{}
)

func (b sharedLedger) patiently(ctx context.Context, do func() error) error {
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

func (b sharedLedger) ObserveKYC(ctx context.Context, events []ledger.KYCEvent) (n int, err error) {
	err = b.patiently(ctx, func() error {
		var err error
		n, err = b.Ledger.ObserveKYC(ctx, events)
		return err
	})
	return n, err
}

func (b sharedLedger) RetryKYC(ctx context.Context, serviceID string, was, now int) error {
	return b.patiently(ctx, func() error { return b.Ledger.RetryKYC(ctx, serviceID, was, now) })
}

func (b sharedLedger) Learn(ctx context.Context, name, value string, at time.Time) error {
	return b.patiently(ctx, func() error { return b.Ledger.Learn(ctx, name, value, at) })
}

func (b sharedLedger) NotePairings(ctx context.Context, notes []ledger.PairingNote) error {
	return b.patiently(ctx, func() error { return b.Ledger.NotePairings(ctx, notes) })
}

// logged runs a command between its two entries in the ledger's log.
func (b sharedLedger) logged(ctx context.Context, origin ledger.Run, do func(context.Context) error) error {
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

// confirmUsers compares the users that no list has confirmed yet with the
// partner's, and says how many are left.
func (l *follower) confirmUsers(ctx context.Context) error {
	cfg := l.session.config(nil)
	cfg.Ledger = l.sharedLedger
	if err := pipeline.Confirm(ctx, cfg); err != nil {
		return err
	}
	left := 0
	for c, err := range l.Customers(ctx, ledger.Query{Pairing: ledger.Unconfirmed}) {
		if err != nil {
			return err
		}
		if c.Status == ledger.Created {
			left++
		}
	}
	if left > 0 {
		l.con.Sayf("%s not yet confirmed by the partner's list", term.Count(left, "user"))
	}
	return nil
}
