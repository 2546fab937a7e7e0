package cli

import (
	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func newPlanCommand(con *term.Console) *cobra.Command {
	var f settings.RunFlags
	c := &cobra.Command{
		Use:   "plan [flags] FILE...",
		Short: "show what run would do: rows to send, to skip, to refuse; cost and wallet; duration",
		Long: `Checks all input against the ledger as run does, asks for the wallet balance, and
prints what run would do on standard output. Nothing is sent or recorded.

--save keeps the plan in the ledger for a day: a second person approves it with
bulkonboard approve, and run --plan carries it out, once. --save FILE.json writes it
to a file as well, to be approved on another machine.

Exit code 0: run would send every row; 3: some rows need a correction; 4: the wallet
does not cover the rows to send; 6: the partner does not give the balance; 10:
--max-new or --max-invalid would stop the run. The others are those of run.`,
		Args: subcommand.NeedArgs("a FILE", "bulkonboard plan customers.csv"),
		Example: `  bulkonboard plan customers.csv
  bulkonboard plan --fee 0.50 --save customers.csv
  bulkonboard plan --report plan.xlsx customers.csv`,
		RunE: func(c *cobra.Command, args []string) error {
			if settings.LevelsOf(c)("report") != settings.FromFlag {
				f.PlanReports = nil // a setting means the report of run, which a plan must not replace
			}
			inputs, err := f.SplitSaveFile(args)
			if err != nil {
				return err
			}
			return session.Preview(con, c, &f, inputs)
		},
	}
	f.AddPlanFlags(c)
	f.AddSaveFlags(c)
	return c
}
