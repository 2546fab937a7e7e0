package ledgercmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func newPruneCommand(con *term.Console) *cobra.Command {
	keep := settings.Count{N: settings.DefaultKeepRuns, Min: 1}
	c := withLockedLedger(con, &cobra.Command{
		Use:   "prune [flags]",
		Short: "drop the row lists of old inputs; customers and their history stay",
		Long: `Drops the row lists of inputs that none of the newest runs read, as run does when it
finishes. Customers, their links and attempts, the last row of each customer, and the
log stay. Reports of such an old input become shorter, or impossible.`,
		Args: subcommand.NoArgs,
	}, func(ctx context.Context, l session.Ledger, _ *logEntry, _ []string) error {
		return runPrune(ctx, con, l, keep.N)
	})
	c.Flags().Var(&keep, "keep-runs", "keep the rows that the newest `N` runs read")
	return c
}

func runPrune(ctx context.Context, con *term.Console, l session.Ledger, keepRuns int) error {
	done, err := l.Prune(ctx, keepRuns)
	if err == nil {
		con.Sayf("%s of %s dropped; customers, links and the log are unchanged", term.Count(done.Rows, "row"), term.Count(done.Batches, "old input"))
	}
	return err
}
