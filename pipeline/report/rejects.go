package report

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// RejectRow is one input row that a correction of the sheet can repair.
type RejectRow struct {
	Cells   []string // the input's own, in its columns' order
	Origin  string   // where the row was: "17", or "b.csv, row 17" of several files
	Status  ledger.Status
	Problem string // what is wrong and what to do, for people
}

// rejectColumns returns the columns that a rejects file adds. The reader of
// input files skips them.
func rejectColumns() []string { return []string{"onboard_row", "onboard_status", "onboard_problem"} }

// Rejected describes the file that Rejects wrote. The zero value is: no rows,
// no file.
type Rejected struct {
	Path   string // the name that the file got; "" if there were no rows
	SHA256 string // hex; the caller keeps it for Output.Recorded
	Rows   int
}

// Rejects writes the rows to be corrected, in the input's own columns, all
// cells text, to a .xlsx or .csv file. Without rows it writes nothing. header
// is the input's; columns that an earlier rejects file added to it are dropped,
// so that they do not accumulate.
//
// A rejects file is edited by hand. One at path is replaced only if its hash is
// the one that Output.Recorded returns, so only if it was not edited since we
// wrote it; otherwise the new one becomes -2 (-3, ...). A lost record costs a
// numbered file, never corrections.
func (o Output) Rejects(ctx context.Context, path string, header []string, rows iter.Seq2[RejectRow, error]) (Rejected, error) {
	kind, err := tableFormat("rejects", path)
	if err != nil {
		return Rejected{}, err
	}
	var done Rejected
	keep := senderColumns(header)
	cells := func(yield func([]string, error) bool) {
		for r, err := range rows {
			if err == nil {
				done.Rows++
			}
			if !yield(rejectCells(r, keep, kind), err) {
				return
			}
		}
		if done.Rows == 0 {
			yield(nil, errNoRows)
		}
	}
	done.Path, err = o.Replace(path, o.isUnedited, func(f *os.File) error {
		head := append(pickCells(header, keep), rejectColumns()...)
		err := writeTable(ctx, f, kind, filepath.Dir(f.Name()), head, cells, "Rejects")
		if err == nil {
			done.SHA256, err = atomicfile.Hash(f.Name())
		}
		return err
	})
	switch {
	case errors.Is(err, errNoRows):
		return Rejected{}, nil
	case err != nil:
		return Rejected{}, fmt.Errorf("rejects %s: %w", path, err)
	}
	return done, nil
}

// errNoRows ends the writing of a rejects file that is not needed.
var errNoRows = errors.New("no rows")

// isUnedited reports whether the file is what we wrote there last.
func (o Output) isUnedited(path string) (bool, error) {
	if o.Recorded == nil {
		return false, nil
	}
	want, ok := o.Recorded(path)
	if !ok {
		return false, nil
	}
	is, err := atomicfile.Hash(path)
	return is == want, err
}

// senderColumns returns the positions of the sender's columns in header.
func senderColumns(header []string) []int {
	var keep []int
	for i, h := range header {
		isOurs := func(name string) bool { return strings.EqualFold(strings.TrimSpace(h), name) }
		if !slices.ContainsFunc(rejectColumns(), isOurs) {
			keep = append(keep, i)
		}
	}
	return keep
}

// pickCells returns the cells at these positions. Those that a short row lacks
// are empty.
func pickCells(cells []string, at []int) []string {
	out := make([]string, len(at), len(at)+len(rejectColumns()))
	for i, j := range at {
		if j < len(cells) {
			out[i] = reporttext.Clean(cells[j])
		}
	}
	return out
}

func rejectCells(r RejectRow, keep []int, kind Kind) []string {
	cells := pickCells(r.Cells, keep)
	problem := reporttext.Clean(r.Problem)
	if kind == XLSX && slices.ContainsFunc(cells, isTooLong) {
		problem += "; a cell of this row is cut off here, at 32,767 characters, the limit of a workbook"
	}
	return append(cells, reporttext.Clean(r.Origin), string(r.Status), strings.TrimPrefix(problem, "; "))
}

// isTooLong reports whether a cell is longer than a workbook can hold, which
// counts UTF-16 units.
func isTooLong(text string) bool {
	return len(text) > limits.CellShown && len(utf16.Encode([]rune(text))) > limits.CellShown
}
