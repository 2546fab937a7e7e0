package ledgercmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
)

func newRebindCommand(con *term.Console) *cobra.Command {
	account := false
	c := withLockedLedger(con, &cobra.Command{
		Use:   "rebind [flags] [ENVIRONMENT]",
		Short: "move the ledger to a renamed environment or account",
		Long: `Moves the ledger to another ENVIRONMENT after the partner renamed a host. With
--account the ledger forgets the names of the partner account after that was renamed;
the next run learns the new ones. No row may be in doubt.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || (len(args) == 0) != account {
				return exit.UsageErrorf("ledger rebind needs the new ENVIRONMENT, or --account")
			}
			return nil
		},
	}, func(ctx context.Context, l session.Ledger, _ *logEntry, args []string) error {
		if account {
			return runRebindAccount(ctx, con, l)
		}
		return runRebind(ctx, con, l, args[0])
	})
	c.Flags().BoolVar(&account, "account", false, "forget the names of the partner account instead")
	return c
}

func runRebind(ctx context.Context, con *term.Console, l session.Ledger, environment string) error {
	if err := settings.CheckEnvironment(environment); err != nil {
		return err
	}
	if err := l.Rebind(ctx, environment); err != nil {
		return addInDoubtHint(err)
	}
	con.Sayf("the ledger now belongs to %s", environment)
	return nil
}

func runRebindAccount(ctx context.Context, con *term.Console, l session.Ledger) error {
	if err := l.RebindAccount(ctx); err != nil {
		return addInDoubtHint(err)
	}
	con.Sayf("the names of the partner account are forgotten; the next run learns the new ones")
	return nil
}

// addInDoubtHint says what to do where rows in doubt are the reason of a refusal.
func addInDoubtHint(err error) error {
	if errors.Is(err, ledger.ErrConflict) {
		return exit.NewUsageError(err, "run the inputs again until nothing is in doubt: bulkonboard status")
	}
	return err
}
