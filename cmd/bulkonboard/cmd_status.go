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

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// readerFlags choose a ledger to read beside a run.
type readerFlags struct{ targetFlags }

func (r *readerFlags) flags(f *cobra.Command) { r.placeFlags(f.Flags()) }

// open opens the ledger to be read. With --ledger alone it may be of any environment.
func (r *readerFlags) open(ctx context.Context, c *cobra.Command) (*sqlite.Ledger, ledger.Info, error) {
	to, err := r.resolve(levels(c))
	if err != nil {
		return nil, ledger.Info{}, err
	}
	level := levels(c)
	environment := to.environment
	if r.ledger != "" && level("env")+level("sandbox")+level("base-url") == 0 {
		environment = ""
	}
	l, err := sqlite.Open(ctx, sqlite.Options{Path: to.ledger, Environment: environment, ReadOnly: true, Command: c.Name()})
	if err != nil {
		return nil, ledger.Info{}, err
	}
	info, err := l.Info(ctx)
	if err != nil {
		return nil, info, errors.Join(err, l.Close())
	}
	info.Path = to.ledger
	return l, info, nil
}

func newStatusCommand(con *app) *cobra.Command {
	var f readerFlags
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
	f.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON summary on standard output")
	configFlag(c)
	return c
}

func runStatus(con *app, ctx context.Context, c *cobra.Command, f *readerFlags, asJSON bool) (err error) {
	l, info, err := f.open(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	st, err := standingOf(ctx, l, info, time.Now())
	if err != nil {
		return err
	}
	for _, line := range st.lines(con) {
		fmt.Fprintln(con.err, printable(line))
	}
	if !asJSON {
		return nil
	}
	enc := json.NewEncoder(con.out)
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

func localTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
