package ledgercmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

func newVerifyCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	c := &cobra.Command{
		Use:   "verify [flags]",
		Short: "check the file in full, and every customer against its attempts",
		Args:  subcommand.NoArgs,
		RunE: withLedger(&f, func(ctx context.Context, l *sqlite.Ledger, _ []string) error {
			problems, err := l.Verify(ctx)
			if err != nil {
				return err
			}
			for _, p := range problems {
				fmt.Fprintln(con.Err, term.Printable(p))
			}
			if len(problems) > 0 {
				return fmt.Errorf("%s problems were found: %w", term.Number(len(problems)), ledger.ErrDamaged)
			}
			fmt.Fprintln(con.Err, "the ledger is whole")
			return nil
		}),
	}
	f.AddLedgerFlags(c.Flags())
	settings.AddConfigFlag(c)
	return c
}
