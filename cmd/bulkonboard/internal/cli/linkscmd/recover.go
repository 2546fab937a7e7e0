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
		Short: "delete and re-create users whose link was lost",
		Long: `The partner returns a verification link only once, in the answer that creates the
user. If that answer was lost (link_missing), the only way to a new link is to delete
the user and create it again. FILE is the input that the users came from, because the
ledger does not keep their details. Approved users cost a second fee, others do not.

Each deletion is recorded before it is sent, and the customer is in doubt until the
new user exists. After a crash, run the same command, or bulkonboard run FILE, to
continue. No customer is sent twice under one key. --json and --metrics-file describe
the last pass, which creates the users again.`,
		Args: subcommand.NeedArgs("the input FILE that the users came from", "the ledger does not keep their details"),
		RunE: func(c *cobra.Command, args []string) error { return session.RecoverLinks(con, c, &f, args) },
	}
	f.AddFlags(c)
	c.Flags().Lookup("yes").Usage = "do not ask before users are deleted"
	return c
}
