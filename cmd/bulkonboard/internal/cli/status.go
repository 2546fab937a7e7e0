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
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

func newStatusCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "status [flags]",
		Short: "how far, what failed and why, what it cost, when it ends, what to do next",
		Long:  "Reads the ledger, also during a run, and reports on the newest input.",
		Args:  subcommand.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return session.ReadLedger(c, &f, func(ctx context.Context, l *sqlite.Ledger, info ledger.Info) error {
				return runStatus(ctx, con, l, info, asJSON)
			})
		},
	}
	f.AddLedgerFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON summary on standard output")
	return c
}

func runStatus(ctx context.Context, con *term.Console, l *sqlite.Ledger, info ledger.Info, asJSON bool) error {
	st, err := newStatusReport(ctx, l, info, time.Now())
	if err != nil {
		return err
	}
	if !asJSON {
		con.Show(con.Out, st.page(con))
		return nil
	}
	enc := json.NewEncoder(con.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(st.toJSON(con))
}
