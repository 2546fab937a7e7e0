package ledgercmd

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger/postgres"
)

func newGrantsCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	c := &cobra.Command{
		Use:   "grants [flags]",
		Short: "print SQL that gives a ledger in PostgreSQL its three roles",
		Long: `Prints SQL that makes three roles and grants them what they need, for psql as a role
that may create roles. They are called after the schema:

  SCHEMA_owner   creates and migrates the schema, erases customers (ledger forget)
  SCHEMA_sender  runs lists; cannot change the schema, or delete customers, attempts or runs
  SCHEMA_reader  reads the views; no links, no answers of the partner, no secret

Then grant them to your users. Nothing is connected to, and nothing is changed.`,
		Example: `  bulkonboard ledger grants --ledger 'postgres://db.example.com/onboarding?schema=production' | psql -h db.example.com onboarding`,
		Args:    subcommand.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			to, err := f.Resolve(settings.LevelsOf(c))
			if err != nil {
				return err
			}
			return printGrants(con, to.Ledger)
		},
	}
	f.AddLedgerFlags(c)
	return c
}

func printGrants(con *term.Console, path string) error {
	if !postgres.IsAddress(path) {
		return exit.NewUsageError(errors.New("a ledger in a file has no roles: whoever can read the file reads everything"), "name a ledger in PostgreSQL with --ledger postgres://...")
	}
	sql, err := postgres.Grants(path)
	if err != nil {
		return exit.NewUsageError(err)
	}
	_, err = io.WriteString(con.Out, sql)
	return err
}
