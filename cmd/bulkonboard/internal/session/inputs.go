package session

import (
	"context"
	"slices"
	"sort"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/reportfile"
	"github.com/bulkonboard/bulkonboard/ledger"
)

// MatchesFile finds the batch of a file by its bytes, or by its name if it is gone.
func MatchesFile(path string) func(ledger.Batch) bool {
	sum, _ := reportfile.HashFile(path) // "" for a file that is gone
	return func(b ledger.Batch) bool {
		return slices.ContainsFunc(b.Files, func(file ledger.File) bool {
			return sum != "" && file.SHA256 == sum || sum == "" && file.Name == path
		})
	}
}

// Inputs lists the inputs, that of the newest run first: a file that is run
// again is the newest input, whenever it was first read.
func Inputs(ctx context.Context, l Ledger) ([]ledger.Batch, error) {
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
	sort.SliceStable(batches, func(i, j int) bool { return newest[batches[i].ID] > newest[batches[j].ID] })
	return batches, nil
}

// FileNames returns the names of a batch's files.
func FileNames(b ledger.Batch) []string {
	names := make([]string, len(b.Files))
	for i, f := range b.Files {
		names[i] = f.Name
	}
	return names
}
