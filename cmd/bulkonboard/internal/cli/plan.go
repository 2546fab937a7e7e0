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
		Short: "what run would do: rows to send, to skip, to refuse; cost and wallet; duration",
		Long: `Checks all input against the ledger as run does, asks the wallet, and says what
run would do. Nothing is sent, and nothing of it stays in the ledger.`,
		Args: subcommand.NeedArgs("a FILE", "bulkonboard plan customers.csv"),
		RunE: func(c *cobra.Command, args []string) error {
			return session.Preview(con, c, &f, args)
		},
	}
	f.AddPlanFlags(c)
	return c
}
