package ledgercmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func newPruneCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	keep := settings.Count{N: settings.DefaultKeepRuns, Min: 1}
	c := &cobra.Command{
		Use:   "prune [flags]",
		Short: "drop the row lists of old inputs; what became of every customer stays",
		Long: `Drops the row lists of inputs that none of the newest runs read, as run does by
itself at its end. Customers, their links and attempts, and the log stay whole, and
so does the last row of each customer. Reports of such an old input become shorter
or impossible.`,
		Args: subcommand.NoArgs,
	}
	c.RunE = withLockedLedger(con, &f, func(ctx context.Context, l *recordedLedger, _ []string) error {
		done, err := l.Prune(ctx, keep.N)
		if err != nil {
			return err
		}
		inputs := "inputs"
		if done.Batches == 1 {
			inputs = "input"
		}
		fmt.Fprintf(con.Err, "%s of %s old %s dropped; customers, links and the log are untouched\n", term.Count(done.Rows, "row"), term.Number(done.Batches), inputs)
		return nil
	})
	f.AddLedgerFlags(c.Flags())
	c.Flags().Var(&keep, "keep-runs", "the rows that the newest `N` runs read are kept")
	settings.AddConfigFlag(c)
	return c
}
