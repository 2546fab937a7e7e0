package linkscmd

import (
	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func newRecoverCommand(con *term.Console) *cobra.Command {
	var f settings.RunFlags
	c := &cobra.Command{
		Use:   "recover [flags] FILE...",
		Short: "delete and create again the users whose link was lost",
		Long: `A verification link comes once, with the answer that creates the user. Where that
answer was lost (link_missing), the partner gives a new one only if the user is
deleted and created again. FILE is the input they came from: the ledger keeps no
bodies. A user who has been approved would cost a second fee, others do not.

Each deletion is recorded before it is sent, and a customer who is created again is
in doubt until there is a user: after whatever crash the same command, or an
ordinary run of FILE, goes on. No customer is sent twice under one key. --json and
--metrics-file show the last pass, which creates the users again.`,
		Args: subcommand.NeedArgs("the input that the users came from", "the ledger keeps no bodies"),
		RunE: func(c *cobra.Command, args []string) error { return session.RecoverLinks(con, c, &f, args) },
	}
	f.AddFlags(c)
	c.Flags().Lookup("yes").Usage = "do not ask before users are deleted"
	return c
}
