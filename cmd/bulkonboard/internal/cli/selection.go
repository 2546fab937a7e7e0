package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/ledger"
)

// inputSelection chooses one of the inputs that a ledger knows. The zero value
// chooses the newest.
type inputSelection struct {
	input string // a file
	run   string // an ID, or lastRun
}

const lastRun = "last"

// addFlags adds the flags. verb says what the command does with the rows.
func (s *inputSelection) addFlags(c *cobra.Command, verb string) {
	c.Flags().StringVar(&s.input, "input", "", verb+" the rows of the input `FILE` (default: the newest input)")
	c.Flags().StringVar(&s.run, "run", "", verb+" the rows of the input of run `ID`, or last")
}

// runID returns the ID that --run names; 0 for none, or for the last run.
func (s *inputSelection) runID() (int64, error) {
	if s.input != "" && s.run != "" {
		return 0, exit.UsageErrorf("--input and --run each choose the rows: use only one of them")
	}
	if s.run == "" || s.run == lastRun {
		return 0, nil
	}
	id, err := strconv.ParseInt(s.run, 10, 64)
	if err != nil || id < 1 {
		return 0, exit.NewUsageError(errors.New("--run: write the number of a run, or last"), "bulkonboard ledger log lists the runs")
	}
	return id, nil
}

// chooseBatches completes the selection by what is in the ledger, and returns the
// batches that its rows come from. batches are all of the ledger, the newest
// first, and at least one.
func (s *inputSelection) chooseBatches(ctx context.Context, l session.Ledger, batches []ledger.Batch, sel *ledger.Selection) ([]ledger.Batch, error) {
	switch {
	case sel.All:
		return batches, nil
	case s.input != "":
		i := slices.IndexFunc(batches, session.MatchesFile(s.input))
		if i < 0 {
			return nil, exit.NewUsageError(fmt.Errorf("no run has read %s as it is now", s.input), "bulkonboard ledger log lists the inputs")
		}
		sel.Batch = batches[i].ID
		return batches[i : i+1], nil
	case s.run != "":
		return s.batchOfRun(ctx, l, batches, sel)
	}
	sel.Batch = batches[0].ID
	return batches[:1], nil
}

// batchOfRun finds the run that is selected, or the last with an input.
func (s *inputSelection) batchOfRun(ctx context.Context, l session.Ledger, batches []ledger.Batch, sel *ledger.Selection) ([]ledger.Batch, error) {
	for r, err := range l.Log(ctx) {
		if err != nil {
			return nil, err
		}
		if r.Batch == 0 || sel.Run != 0 && r.ID != sel.Run {
			continue
		}
		sel.Run = r.ID
		i := slices.IndexFunc(batches, func(b ledger.Batch) bool { return b.ID == r.Batch })
		if i < 0 {
			break
		}
		return batches[i : i+1], nil
	}
	return nil, exit.NewUsageError(errors.New("no such run with an input"), "bulkonboard ledger log lists the runs")
}

func errNoInput() error { return exit.UsageErrorf("the ledger has no input yet") }
