package cli

import (
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
)

func newStatusCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	var chosen inputSelection
	var asJSON bool
	c := &cobra.Command{
		Use:   "status [flags]",
		Short: "show progress, failures and their causes, cost, expected end, and what to do next",
		Long:  "Reads the ledger, also during a run, and shows how far the newest input is, or the one that you choose.",
		Example: `  bulkonboard status
  bulkonboard status --env production --ledger prod.db --input customers.csv`,
		Args: subcommand.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return session.ReadLedger(c, &f, func(ctx context.Context, l session.Ledger, info ledger.Info) error {
				life, err := session.ReadLinkLife(ctx, l, f.LinkLife)
				if err != nil {
					return err
				}
				return runStatus(ctx, con, l, info, &chosen, life, asJSON)
			})
		},
	}
	f.AddLedgerFlags(c)
	f.AddLinkLifeFlag(c.Flags())
	chosen.addFlags(c, "show")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON summary instead")
	return c
}

func runStatus(ctx context.Context, con *term.Console, l session.Ledger, info ledger.Info, chosen *inputSelection, life session.LinkLife, asJSON bool) error {
	st, err := newStatusReport(ctx, l, info, time.Now(), chosen, life)
	if err != nil {
		return err
	}
	if asJSON {
		if err := st.countLists(ctx, l); err != nil {
			return err
		}
	}
	if !asJSON {
		con.Show(con.Out, st.page(con))
		return nil
	}
	enc := json.NewEncoder(con.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(st.toJSON(con))
}
