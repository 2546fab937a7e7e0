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

Exit code 0: run would send every row; 3: some rows need a correction; 4: the wallet
does not cover the rows to send; 6: the partner does not give the balance; 10:
--max-new or --max-invalid would stop the run. The others are those of run.`,
		Args: subcommand.NeedArgs("a FILE", "bulkonboard plan customers.csv"),
		RunE: func(c *cobra.Command, args []string) error {
			return session.Preview(con, c, &f, args)
		},
	}
	f.AddPlanFlags(c)
	return c
}
