package kyccmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
)

func newSyncCommand(con *term.Console) *cobra.Command {
	var f settings.RunFlags
	var most int
	c := &cobra.Command{
		Use:   "sync [flags]",
		Short: "read the status of users who are not approved yet from the partner's user list",
		Long: `Reads the partner's user list until it has seen all users who are not approved yet,
and records their status. Users not confirmed yet are compared with the list:
serviceId and e-mail must belong together. After an interruption, run the same command
to continue. It stops with exit code 3 if the list repeats a page or is longer than it
can be.`,
		Args: subcommand.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if most < 0 {
				return exit.UsageErrorf("--max-users must not be negative")
			}
			return session.FollowUsers(con, c, &f, func(ctx context.Context, l *session.Follower) error { return runSync(ctx, con, l, most) })
		},
	}
	addFollowFlags(c, &f)
	c.Flags().IntVar(&most, "max-users", 0, "read at most `N` users of the partner's list (default: about twice its total)")
	settings.HideAdvanced(c.Flags(), "max-users")
	return c
}

func runSync(ctx context.Context, con *term.Console, f *session.Follower, most int) error {
	out, err := kyc.Sync(ctx, kyc.SyncConfig{Ledger: f.Ledger, Partner: f.Partner, Pace: f.Pace, Most: most, Watch: func(pages, seen, wanted int) {
		if pages%100 == 0 {
			con.Sayf("%s pages read, %s of %s users seen", term.Number(pages), term.Number(seen), term.Number(wanted))
		}
	}})
	con.Sayf("%s read: %s looked for, %s found, %s changed", term.Count(out.Pages, "page"), term.Count(out.Wanted, "user"), term.Number(out.Seen), term.Number(out.News))
	if err != nil {
		return err
	}
	switch gone := out.Wanted - out.Seen; {
	case out.Cut != nil:
		con.Sayf("warning: %s not seen, because reading stopped early: %v", term.Count(gone, "user"), out.Cut)
		if errors.Is(out.Cut, kyc.ErrEndless) {
			con.Sayf("  add --max-users N to read more")
		}
	case gone > 0:
		con.Sayf("warning: %s not in the partner's list: deleted there, or the list changed while it was read", term.Count(gone, "user"))
	}
	if err := f.ConfirmUsers(ctx); err != nil {
		return err
	}
	if err := session.ReportFunnel(ctx, con, f.Ledger, 0); err != nil || out.Cut == nil {
		return err
	}
	return exit.NewReportedError(exit.Findings)
}
