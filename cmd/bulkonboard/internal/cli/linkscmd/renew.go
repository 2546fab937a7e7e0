package linkscmd

import (
	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func newRenewCommand(con *term.Console) *cobra.Command {
	var f settings.RunFlags
	c := &cobra.Command{
		Use:   "renew [flags] FILE...",
		Short: "make new links for users who did not open theirs while it worked",
		Long: `A verification link works for about a day unless its user opens it. The partner makes a
new one only for a user who is deleted and created again. FILE is the input that the
users came from, because the ledger does not keep their details.

A user is renewed only if the link is older than --link-life, the partner's list has
confirmed the user and shows it as pending_kyc just before, and there is no news of a
check: users under review, approved or denied are never renewed. One customer has a new
link before the next user is deleted; each at most three times. No renewed user was
approved, so there is no second fee: after the first one the wallet is compared.

Renew in waves that you can hand out while the links work: --limit N.

After a crash, run the same command, or bulkonboard run FILE, to continue.`,
		Example: `  bulkonboard links renew --link-life 24h --limit 500 customers.csv
  bulkonboard links export --working reminders.xlsx`,
		Args: subcommand.NeedArgs("the input FILE that the users came from", "the ledger does not keep their details"),
		RunE: func(c *cobra.Command, args []string) error { return session.RenewLinks(con, c, &f, args) },
	}
	f.AddFlags(c)
	c.Flags().Lookup("yes").Usage = "do not ask before users are deleted"
	c.Flags().Lookup("limit").Usage = "renew at most `N` users, then stop (a wave)"
	settings.ShowFlag(c.Flags(), "link-life")
	return c
}
