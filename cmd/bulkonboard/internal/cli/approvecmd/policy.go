package approvecmd

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/plans"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func newPolicyCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	c := &cobra.Command{
		Use:   "policy [flags] [two-persons|none]",
		Short: "show or set who has to agree before this ledger sends",
		Long: `With two-persons, nothing is sent from this ledger without an approved plan: run,
links recover and links renew end with exit code 7, and ledger verify reports every
request that was sent without one since. none, the default, asks for no plan. The change is logged.`,
		Args: subcommand.OptionalArg("two-persons or none"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return showPolicy(con, c, &f)
			}
			if !slices.Contains([]string{plans.PolicyNone, plans.PolicyTwoPersons}, args[0]) {
				return exit.UsageErrorf("%q is no policy: use %s or %s", args[0], plans.PolicyTwoPersons, plans.PolicyNone)
			}
			return setPolicy(con, c, &f, args[0])
		},
	}
	f.AddLedgerFlags(c)
	return c
}

func showPolicy(con *term.Console, c *cobra.Command, f *settings.TargetFlags) error {
	return withLedger(c, f, func(ctx context.Context, l session.Ledger) error {
		policy, since, err := plans.Policy(ctx, l)
		if err != nil {
			return err
		}
		if !since.IsZero() {
			policy += ", since " + term.LocalTime(since)
		}
		_, err = fmt.Fprintln(con.Out, policy)
		return err
	})
}

func setPolicy(con *term.Console, c *cobra.Command, f *settings.TargetFlags, policy string) error {
	return withLedger(c, f, func(ctx context.Context, l session.Ledger) error {
		if err := plans.SetPolicy(ctx, l, policy, time.Now()); err != nil {
			return err
		}
		record := session.NewRunRecord(settings.CommandName(c))
		record.Settings = policy
		if err := session.RecordCommand(ctx, l, record); err != nil {
			return err
		}
		con.Sayf("policy of this ledger: %s", policy)
		return nil
	})
}
