package ledgercmd

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
)

// withLedger completes a command that reads the ledger, also during a run.
func withLedger(c *cobra.Command, do func(ctx context.Context, l session.Ledger, args []string) error) *cobra.Command {
	var f settings.TargetFlags
	f.AddLedgerFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return session.ReadLedger(c, &f, func(ctx context.Context, l session.Ledger, _ ledger.Info) error { return do(ctx, l, args) })
	}
	return c
}

// logEntry is the entry of a command in the ledger's log.
type logEntry struct {
	run     int64 // its id
	created int   // how many users the command imported
}

// withLockedLedger completes a command that locks the ledger and is recorded in
// its log.
func withLockedLedger(con *term.Console, c *cobra.Command, do func(ctx context.Context, l session.Ledger, e *logEntry, args []string) error) *cobra.Command {
	var f settings.TargetFlags
	f.AddLedgerFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		opt, err := ledgerOptions(c, &f)
		if err != nil {
			return err
		}
		return withLogEntry(con, c, settings.DescribeSettings(c), openWith(&f, opt), func(ctx context.Context, l session.Ledger, e *logEntry) error { return do(ctx, l, e, args) })
	}
	return c
}

// ledgerOptions returns how a command opens the ledger that its flags choose.
func ledgerOptions(c *cobra.Command, f *settings.TargetFlags) (session.LedgerOptions, error) {
	to, err := f.Resolve(settings.LevelsOf(c))
	return session.LedgerOptions{Path: to.Ledger, Environment: to.Environment, Emergency: f.Emergency, Command: settings.CommandName(c)}, err
}

func openWith(f *settings.TargetFlags, opt session.LedgerOptions) func(context.Context) (session.Ledger, error) {
	return func(ctx context.Context) (session.Ledger, error) {
		l, err := session.OpenLedger(ctx, opt)
		return l, f.SuggestSandbox(settings.Target{Environment: opt.Environment}, err)
	}
}

// withLogEntry opens a ledger and runs do between the two records that the
// ledger's log has of a command. It closes the ledger.
func withLogEntry(con *term.Console, c *cobra.Command, settings string, open func(context.Context) (session.Ledger, error), do func(context.Context, session.Ledger, *logEntry) error) (err error) {
	ctx := c.Context()
	l, err := open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	session.ReportNotices(con, l)
	record := session.NewRunRecord(c.Name())
	record.Settings = settings
	e := &logEntry{}
	if e.run, err = l.Begin(ctx, record); err != nil {
		return err
	}
	err = do(ctx, l, e)
	return errors.Join(err, l.Finish(context.WithoutCancel(ctx), e.run, ledger.RunEnd{At: time.Now(), ExitCode: int(exit.CodeOf(err)), Created: e.created}))
}
