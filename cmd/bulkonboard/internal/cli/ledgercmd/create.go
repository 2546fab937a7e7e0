package ledgercmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func newCreateCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	c := &cobra.Command{
		Use:   "create [flags]",
		Short: "create an empty ledger, in a file or in PostgreSQL",
		Long: `Creates an empty ledger: a file, or a schema in a PostgreSQL database. Create it only
once: a new ledger does not know who was created before. run --new-ledger does the same.

In PostgreSQL this needs a role that may create a schema.`,
		Example: `  bulkonboard ledger create --env production --ledger 'postgres://onboard@db.example.com/onboarding?schema=production'`,
		Args:    subcommand.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runCreate(con, c, &f) },
	}
	f.AddLedgerFlags(c)
	return c
}

func runCreate(con *term.Console, c *cobra.Command, f *settings.TargetFlags) error {
	opt, err := ledgerOptions(c, f)
	if err != nil {
		return err
	}
	missing, err := session.IsMissing(c.Context(), opt.Path)
	if err != nil {
		return err
	}
	if !missing {
		return exit.UsageErrorf("%s already exists", opt.Path)
	}
	opt.Create = true
	return withLogEntry(con, c, settings.DescribeSettings(c), openWith(f, opt), func(context.Context, session.Ledger, *logEntry) error {
		con.Sayf("created: %s", opt.Path)
		return nil
	})
}
