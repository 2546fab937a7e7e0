package ledgercmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func newAdoptCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	c := &cobra.Command{
		Use:   "adopt [flags]",
		Short: "accept a ledger that is an older copy, or that lost its last writes",
		Long: `A ledger that knows less than the files next to it is refused (exit 9): it is an older
copy, or its -wal file is gone. If you have a newer copy, use ledger restore. If not,
adopt accepts the ledger as it is, wherever it came from: a snapshot, a replica, or a
file copied by hand.

PostgreSQL does not know that it was put back from a dump, set back in time, or failed
over with a loss. Run adopt yourself then, before anything is sent.

The time that the ledger lacks is treated as after ledger restore. Import reports that
know more with ledger import.`,
		Example: `  bulkonboard ledger adopt --env production --ledger prod.db
  pg_restore -d onboarding prod.dump && bulkonboard ledger adopt --env production --ledger 'postgres://onboard@db.example.com/onboarding?schema=production'`,
		Args: subcommand.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runAdopt(con, c, &f) },
	}
	f.AddLedgerFlags(c)
	c.Flags().StringVar(&f.Emergency, "emergency", "", "with a ledger in PostgreSQL: the `FILE` that runs on this host keep answers in (default: ./bulkonboard-<environment>.emergency)")
	return c
}

func runAdopt(con *term.Console, c *cobra.Command, f *settings.TargetFlags) error {
	opt, err := ledgerOptions(c, f)
	if err != nil {
		return err
	}
	opt.Adopt = true
	return withLogEntry(con, c, settings.DescribeSettings(c), openWith(f, opt), func(context.Context, session.Ledger, *logEntry) error {
		con.Sayf("adopted: %s", opt.Path)
		return nil
	})
}
