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
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// withLedger runs a command on a ledger that is open to be read, also during a
// run.
func withLedger(f *settings.TargetFlags, do func(ctx context.Context, l *sqlite.Ledger, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) (err error) {
		l, _, err := session.OpenToRead(c.Context(), c, f)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, l.Close()) }()
		return do(c.Context(), l, args)
	}
}

// recordedLedger is a ledger whose log has the command that uses it. end is
// completed and recorded when the command ends.
type recordedLedger struct {
	*sqlite.Ledger
	run int64
	end ledger.RunEnd
}

// withLockedLedger runs a command on a ledger that it locks, and records it.
func withLockedLedger(con *term.Console, f *settings.TargetFlags, do func(ctx context.Context, l *recordedLedger, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		opt, err := ledgerOptions(c, f)
		if err != nil {
			return err
		}
		return withRecord(con, c, settings.DescribeSettings(c), openWith(opt), func(ctx context.Context, l *recordedLedger) error { return do(ctx, l, args) })
	}
}

// ledgerOptions returns how a command opens the ledger that its flags choose.
func ledgerOptions(c *cobra.Command, f *settings.TargetFlags) (sqlite.Options, error) {
	to, err := f.Resolve(settings.LevelsOf(c))
	return sqlite.Options{Path: to.Ledger, Environment: to.Environment, Command: settings.CommandName(c)}, err
}

func openWith(opt sqlite.Options) func(context.Context) (*sqlite.Ledger, error) {
	return func(ctx context.Context) (*sqlite.Ledger, error) { return sqlite.Open(ctx, opt) }
}

// withRecord opens a ledger and runs do between the two entries that the
// command has in the ledger's log. It closes the ledger.
func withRecord(con *term.Console, c *cobra.Command, settings string, open func(context.Context) (*sqlite.Ledger, error), do func(context.Context, *recordedLedger) error) (err error) {
	ctx := c.Context()
	l, err := open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	session.ReportNotices(con, l)
	o := session.NewRunRecord(c.Name())
	o.Settings = settings
	run, err := l.Begin(ctx, o)
	if err != nil {
		return err
	}
	recorded := &recordedLedger{Ledger: l, run: run}
	err = do(ctx, recorded)
	recorded.end.At, recorded.end.ExitCode = time.Now(), int(exit.CodeOf(err))
	return errors.Join(err, l.Finish(context.WithoutCancel(ctx), run, recorded.end))
}
