package kyccmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
)

func newRetryCommand(con *term.Console) *cobra.Command {
	var f settings.RunFlags
	c := &cobra.Command{
		Use:   "retry [flags]",
		Short: "restart the identity check of denied users, at most three times each",
		Long: `Asks the partner to restart the identity check of every denied user. Some users get a
new link, which goes into the ledger: send it with links export --unverified. For
others the partner submits the documents again: they have nothing to do, and their
old link is no longer shown. Each attempt is recorded before it is sent.`,
		Args: subcommand.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return session.FollowUsers(con, c, &f, func(ctx context.Context, l *session.Follower) error { return runRetry(ctx, con, l) })
		},
	}
	addFollowFlags(c, &f)
	return c
}

func runRetry(ctx context.Context, con *term.Console, f *session.Follower) error {
	out, err := kyc.Retry(ctx, kyc.RetryConfig{Ledger: f.Ledger, Partner: f.Partner, Pace: f.Pace})
	con.Sayf("%s denied: %s with a new link; %s submitted again without a link; %s with all %d attempts used; %s refused by the partner; %s without a clear answer",
		term.Count(out.Denied, "user"), term.Number(out.Begun), term.Number(out.Again), term.Number(out.Spent), kyc.MaxRetries, term.Number(out.Refused), term.Number(out.Unknown))
	if err == nil && out.Unknown+out.Refused > 0 {
		return exit.NewReportedError(exit.Findings)
	}
	return err
}
