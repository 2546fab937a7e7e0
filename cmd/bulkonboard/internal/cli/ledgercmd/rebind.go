package ledgercmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
)

func newRebindCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	account := false
	c := &cobra.Command{
		Use:   "rebind [flags] [ENVIRONMENT]",
		Short: "move the ledger to another environment or account name, after the partner renamed it",
		Long: `Moves the ledger to another ENVIRONMENT, for a host that was renamed. With --account
the ledger forgets the names of the partner account, for an account that was
renamed: the next run learns the new ones. Nothing may be in doubt.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || (len(args) == 0) != account {
				return exit.UsageErrorf("ledger rebind needs the new ENVIRONMENT, or --account")
			}
			return nil
		},
		RunE: withLockedLedger(con, &f, func(ctx context.Context, l *recordedLedger, args []string) error {
			if account {
				if err := l.RebindAccount(ctx); err != nil {
					return inDoubtHint(err)
				}
				fmt.Fprintln(con.Err, "the ledger has forgotten the names of the partner account; the next run learns them")
				return nil
			}
			if err := settings.CheckEnvironment(args[0]); err != nil {
				return err
			}
			if err := l.Rebind(ctx, args[0]); err != nil {
				return inDoubtHint(err)
			}
			fmt.Fprintf(con.Err, "the ledger belongs to %s now\n", term.Printable(args[0]))
			return nil
		}),
	}
	f.AddLedgerFlags(c.Flags())
	c.Flags().BoolVar(&account, "account", false, "forget the names of the partner account instead")
	settings.AddConfigFlag(c)
	return c
}

// inDoubtHint makes a refusal for something in doubt one of the table.
func inDoubtHint(err error) error {
	if errors.Is(err, ledger.ErrConflict) {
		return exit.NewUsageError(err, "run the inputs again until nothing is in doubt: bulkonboard status")
	}
	return err
}
