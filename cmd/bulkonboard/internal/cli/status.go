package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func newStatusCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "status [flags]",
		Short: "how far, what failed and why, what it cost, when it ends, what to do next",
		Long:  "Reads the ledger, also beside a run that is sending, and says how the newest input stands.",
		Args:  subcommand.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runStatus(con, c.Context(), c, &f, asJSON)
		},
	}
	f.AddLedgerFlags(c.Flags())
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON summary on standard output")
	settings.AddConfigFlag(c)
	return c
}

func runStatus(con *term.Console, ctx context.Context, c *cobra.Command, f *settings.TargetFlags, asJSON bool) (err error) {
	l, info, err := session.OpenToRead(ctx, c, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	st, err := newStatusReport(ctx, l, info, time.Now())
	if err != nil {
		return err
	}
	for _, line := range st.formatLines(con) {
		fmt.Fprintln(con.Err, term.Printable(line))
	}
	if !asJSON {
		return nil
	}
	enc := json.NewEncoder(con.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(st.toJSON(con))
}
