package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// followFlags are the flags of the commands that follow users after their
// creation: of run's, those that choose ledger, partner and pace.
type followFlags struct{ runFlags }

func (f *followFlags) flags(c *cobra.Command) {
	f.rate = rate{perSecond: 5, text: "5/s"}
	f.placeFlags(c.Flags())
	f.partnerFlags(c.Flags())
	f.logFlags.flags(c.Flags())
	c.Flags().Var(&f.rate, "rate", "N/s, N/m, N/h or unlimited: ceiling over every request")
	configFlag(c)
}

func (f *followFlags) pace() *kyc.Pace { return kyc.NewPace(f.rate.perSecond) }

// follow runs a command that talks to the partner beside a run: do is given the
// ledger, and what it tells ends up in the ledger's log.
func (a *app) follow(c *cobra.Command, f *followFlags, do func(context.Context, *session, beside) error) (err error) {
	ctx := c.Context()
	s, err := a.newSession(c, &f.runFlags, nil)
	if err != nil {
		return err
	}
	s.command = commandName(c)
	defer func() { err = errors.Join(err, s.close()) }()
	log, closeLog, err := f.logFlags.open(s.err)
	if err != nil {
		return err
	}
	s.log = log
	s.closers = append(s.closers, closeLog)
	s.tell("%s", s.to)
	s.tell("ledger: %s; rate: %s", s.to.ledger, f.rate.String())
	opt := s.ledgerOptions()
	opt.Concurrent = !s.to.sandbox // the simulated partner's users are kept by one process at a time
	if s.store, err = sqlite.Open(ctx, opt); err != nil {
		return err
	}
	s.closers = append(s.closers, s.store.Close)
	if err := s.openPartner(); err != nil {
		return err
	}
	l := beside{s.store, a}
	return l.logged(ctx, s.origin(), func(ctx context.Context) error { return partnerStop(do(ctx, s, l)) })
}

// commandName is the command without the program: "kyc sync".
func commandName(c *cobra.Command) string {
	name := c.Name()
	for p := c.Parent(); p != nil && p.HasParent(); p = p.Parent() {
		name = p.Name() + " " + name
	}
	return name
}

// partnerStop gives an error of the partner's the exit code that it has in a run.
func partnerStop(err error) error {
	var e *partner.Error
	switch {
	case !errors.As(err, &e), errors.Is(err, context.Canceled):
		return err
	case e.Class == ledger.Auth:
		return &pipeline.Stop{Reason: pipeline.Refused, Detail: "the partner refuses the API key or the account", Err: err}
	}
	return &pipeline.Stop{Reason: pipeline.PartnerDown, Detail: "the partner API is not answering as it should", Err: err}
}

// beside is a ledger that another command may be writing to: it waits for its
// turn as long as it takes.
type beside struct {
	*sqlite.Ledger
	app *app
}

var (
	_ kyc.SyncLedger      = beside{}
	_ ledger.Verification = beside{}
)

func (b beside) patiently(ctx context.Context, do func() error) error {
	for told := false; ; told = true {
		err := do()
		if !errors.Is(err, sqlite.ErrBusy) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !told { // each try has waited some seconds already
			fmt.Fprintln(b.app.err, "waiting: a run is checking its input and holds the ledger")
		}
	}
}

func (b beside) ObserveKYC(ctx context.Context, events []ledger.KYCEvent) (n int, err error) {
	err = b.patiently(ctx, func() error {
		var err error
		n, err = b.Ledger.ObserveKYC(ctx, events)
		return err
	})
	return n, err
}

func (b beside) RetryKYC(ctx context.Context, serviceID string, was, now int) error {
	return b.patiently(ctx, func() error { return b.Ledger.RetryKYC(ctx, serviceID, was, now) })
}

func (b beside) Learn(ctx context.Context, name, value string, at time.Time) error {
	return b.patiently(ctx, func() error { return b.Ledger.Learn(ctx, name, value, at) })
}

func (b beside) NotePairings(ctx context.Context, notes []ledger.PairingNote) error {
	return b.patiently(ctx, func() error { return b.Ledger.NotePairings(ctx, notes) })
}

// logged runs a command between its two entries in the ledger's log.
func (b beside) logged(ctx context.Context, origin ledger.Run, do func(context.Context) error) error {
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
	code := b.app.stop.exitCode(exitOf(err))
	last := context.WithoutCancel(ctx)
	closed := b.patiently(last, func() error {
		return b.Finish(last, id, ledger.RunEnd{At: time.Now(), ExitCode: int(code)})
	})
	if err != nil {
		return err
	}
	return closed
}
