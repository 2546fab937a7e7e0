package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func newRunCommand(con *term.Console) *cobra.Command {
	var f settings.RunFlags
	c := &cobra.Command{
		Use:   "run [flags] [FILE...]",
		Short: "check everything, then submit, record, report; the same command again continues",
		Long: `Reads and checks all input first, prints what it found and what it will do, and
only then sends. Every outcome is recorded in the ledger at once. Run the same
command again to continue: nothing is sent twice.

FILE is .csv, .tsv, .csv.gz, .xlsx, .jsonl (one JSON object on each line), or - for
CSV on standard input. Several files are one batch. Without FILE, rows in doubt are
looked up and nothing is sent.`,
		Example: `  bulkonboard run --sandbox customers.csv
  bulkonboard run --api-key-file key.txt --limit 5 customers.xlsx
  bulkonboard run --env production --ledger prod.db --api-key-file key.txt customers.csv`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if f.Plan != "" && len(args) == 0 {
				return exit.NewUsageError(errors.New("--plan needs the list that was planned"), "bulkonboard run --plan "+f.Plan+" customers.csv")
			}
			return session.Run(con, c, &f, args)
		},
	}
	f.AddFlags(c)
	f.AddPlanFlag(c)
	c.SetHelpTemplate(c.HelpTemplate() + "\nMore flags: bulkonboard help run-advanced\n")
	return c
}
