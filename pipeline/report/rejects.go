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
	"github.com/bulkonboard/bulkonboard/pipeline/report/annotate"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// RejectRow is one input row that a correction of the sheet can repair.
type RejectRow struct {
	Cells   []string // the input's own, in its columns' order
	Origin  string   // where the row was: "17", or "b.csv, row 17" of several files
	Status  ledger.Status
	Problem string          // what is wrong and what to do, for the sender
	Marks   []annotate.Mark // what is wrong in which of Cells
}

// RejectList describes the input that rejected rows come from.
type RejectList struct {
	Header   []string         // of its columns
	Hidden   []int            // its hidden columns, from 0
	Headings finance.Headings // of the fields that are read
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
// cells text, to a .xlsx or .csv file. Without rows it writes nothing. Columns
// that an earlier rejects file added to the input are dropped, so that they do
// not accumulate.
//
// A workbook has our columns first, marks like an annotated one, and cells as
// they are. A CSV file has our columns last, and guarded cells. A reader tells
// guarded cells by that order, whatever program saved the file since.
//
// A rejects file is edited by hand. One at path is replaced only if its hash is
// the one that Output.Recorded returns, so only if it was not edited since we
// wrote it; otherwise the new one becomes -2 (-3, ...). A lost record costs a
// numbered file, never corrections.
func (o Output) Rejects(ctx context.Context, path string, list RejectList, rows iter.Seq2[RejectRow, error]) (Rejected, error) {
	kind, err := tableFormat("rejects", path)
	if err != nil {
		return Rejected{}, err
	}
	var done Rejected
	counted := func(yield func(RejectRow, error) bool) {
		for r, err := range rows {
			if err == nil {
				done.Rows++
			}
			if !yield(r, err) {
				return
			}
		}
		if done.Rows == 0 {
			yield(RejectRow{}, errNoRows)
		}
	}
	done.Path, err = o.Replace(path, o.isUnedited, func(f *os.File) error {
		var err error
		if kind == XLSX {
			err = list.writeWorkbook(ctx, f, filepath.Dir(f.Name()), counted)
		} else {
			err = list.writeCSV(ctx, f, counted)
		}
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

// writeCSV writes the rows with our columns last.
func (l RejectList) writeCSV(ctx context.Context, f *os.File, rows iter.Seq2[RejectRow, error]) error {
	keep := senderColumns(l.Header)
	cells := func(yield func([]string, error) bool) {
		for r, err := range rows {
			if !yield(append(pickCells(r.Cells, keep), r.ownCells()...), err) {
				return
			}
		}
	}
	return WriteTable(ctx, f, CSV, filepath.Dir(f.Name()), append(pickCells(l.Header, keep), rejectColumns()...), cells)
}

// writeWorkbook writes the rows with our columns first and marks.
func (l RejectList) writeWorkbook(ctx context.Context, f *os.File, scratch string, rows iter.Seq2[RejectRow, error]) error {
	keep := senderColumns(l.Header)
	ours := len(rejectColumns())
	a := annotate.Annotation{Sheet: "Rejects", HeaderRow: 1, Header: append(rejectColumns(), pickCells(l.Header, keep)...),
		Headings: l.Headings, Frozen: ours, List: true}
	moved := map[int]int{} // column of the input → of the workbook
	for i, column := range keep {
		moved[column] = ours + i
		if slices.Contains(l.Hidden, column) {
			a.Hidden = append(a.Hidden, ours+i)
		}
	}
	a.Rows = func(yield func(annotate.Row, error) bool) {
		number := a.HeaderRow
		for r, err := range rows {
			number++
			cells := pickCells(r.Cells, keep)
			if slices.ContainsFunc(cells, isTooLong) {
				r.Problem = strings.TrimSpace(r.Problem + " A cell of this row is cut off here, at 32,767 characters, the limit of a workbook.")
			}
			row := annotate.Row{Number: number, Cells: append(r.ownCells(), cells...), Marks: moveMarks(r.Marks, moved)}
			if !yield(row, err) {
				return
			}
		}
	}
	_, err := annotate.WriteNew(ctx, f, scratch, a)
	return err
}

// ownCells returns the cells of rejectColumns.
func (r RejectRow) ownCells() []string {
	return []string{reporttext.Clean(r.Origin), string(r.Status), reporttext.Clean(r.Problem)}
}

// moveMarks returns the marks at their columns of the workbook. A mark on a
// column that it lacks becomes one of the row.
func moveMarks(marks []annotate.Mark, moved map[int]int) []annotate.Mark {
	marks = slices.Clone(marks)
	for i := range marks {
		if to, ok := moved[marks[i].Column]; ok {
			marks[i].Column = to
		} else {
			marks[i].Column = -1
		}
	}
	return marks
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
	out := make([]string, len(at))
	for i, j := range at {
		if j < len(cells) {
			out[i] = reporttext.Clean(cells[j])
		}
	}
	return out
}

// isTooLong reports whether a cell is longer than a workbook can hold, which
// counts UTF-16 units.
func isTooLong(text string) bool {
	return len(text) > limits.CellShown && len(utf16.Encode([]rune(text))) > limits.CellShown
}
