package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

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
		Long:  "Reads the ledger, also beside a run that is sending, and says how the newest input stands.",
		Args:  noArgs,
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
	l, info, err := openToRead(ctx, c, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	st, err := standingOf(ctx, l, info, time.Now())
	if err != nil {
		return err
	}
	for _, line := range st.lines(con) {
		fmt.Fprintln(con.Err, term.Printable(line))
	}
	if !asJSON {
		return nil
	}
	enc := json.NewEncoder(con.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(st.json(con))
}

// inputsOf lists the inputs, that of the newest run first: a file that is run
// again is the newest input, whenever it was first read.
func inputsOf(ctx context.Context, l *sqlite.Ledger) ([]ledger.Batch, error) {
	batches, err := l.Batches(ctx)
	if err != nil {
		return nil, err
	}
	newest := map[int64]int64{}
	for r, err := range l.Log(ctx) {
		if err != nil {
			return nil, err
		}
		if r.Command == "run" {
			newest[r.Batch] = max(newest[r.Batch], r.ID)
		}
	}
	slices.SortStableFunc(batches, func(x, y ledger.Batch) int { return cmp.Compare(newest[y.ID], newest[x.ID]) })
	return batches, nil
}
