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
)

// RejectRow is one input row that a correction of the sheet can mend.
type RejectRow struct {
	Cells   []string // the input's own, in its columns' order
	Origin  string   // where the row stood: "17", or "b.csv, row 17" of several files
	Status  ledger.Status
	Problem string // what is wrong and what to do, for people
}

// RejectColumns are the columns that a rejects file adds. `run` understands
// them: it does not take them for input.
func RejectColumns() []string { return []string{"onboard_row", "onboard_status", "onboard_problem"} }

// Rejected tells what Rejects wrote. The zero value is: no rows, no file.
type Rejected struct {
	Path   string // the name that the file got; "" if there were no rows
	SHA256 string // hex; the caller keeps it for Output.Recorded
	Rows   int
}

// Rejects writes the rows that a person is to correct, in the input's own
// columns, all cells text, to a .xlsx or .csv file. Without rows it writes
// nothing. header is the input's; columns that an earlier rejects file added
// to it are dropped, so that the marks do not pile up.
//
// A rejects file is worked on by hand. One that stands at path is replaced
// only if its hash is the one that Output.Recorded tells, so only if nobody
// touched it since we wrote it; else the new one becomes -2 (-3, ...). What is
// lost with the record is one numbered file, never somebody's corrections.
func (o Output) Rejects(ctx context.Context, path string, header []string, rows iter.Seq2[RejectRow, error]) (Rejected, error) {
	kind, err := KindOf(path)
	if err == nil && kind != XLSX && kind != CSV {
		err = fmt.Errorf("rejects %s: not a rejects format: use .xlsx or .csv", path)
	}
	if err != nil {
		return Rejected{}, err
	}
	keep := ownColumns(header)
	head := append(pick(header, keep), RejectColumns()...)
	var done Rejected
	done.Path, err = o.replace(path, o.untouched, func(f *os.File) error {
		var to rejectWriter
		var err error
		if kind == CSV {
			to, err = newCSV(f, head)
		} else {
			to, err = newRejectSheet(f, filepath.Dir(f.Name()), head)
		}
		if err != nil {
			return err
		}
		err = func() error {
			for r, err := range rows {
				if err == nil && done.Rows%256 == 0 && ctx.Err() != nil {
					err = context.Cause(ctx)
				}
				if err != nil {
					return rowsError{err}
				}
				if err := to.row(rejectCells(r, keep, kind)); err != nil {
					return err
				}
				done.Rows++
			}
			if done.Rows == 0 {
				return errNoRows
			}
			return to.flush()
		}()
		if c, ok := to.(interface{ close() error }); ok {
			err = errors.Join(err, c.close())
		}
		if err != nil {
			return err
		}
		done.SHA256, err = hashFile(f.Name())
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

// rejectWriter takes rows of cells, which it may change.
type rejectWriter interface {
	row(cells []string) error
	flush() error
}

var (
	_ rejectWriter = (*csvFile)(nil)
	_ rejectWriter = (*rejectSheet)(nil)
)

// untouched reports whether the file is what we wrote there last.
func (o Output) untouched(path string) (bool, error) {
	if o.Recorded == nil {
		return false, nil
	}
	want, ok := o.Recorded(path)
	if !ok {
		return false, nil
	}
	is, err := hashFile(path)
	if err != nil {
		return false, err
	}
	return is == want, nil
}

// ownColumns are the positions of the sender's columns in header.
func ownColumns(header []string) []int {
	var keep []int
	for i, h := range header {
		ours := func(name string) bool { return strings.EqualFold(strings.TrimSpace(h), name) }
		if !slices.ContainsFunc(RejectColumns(), ours) {
			keep = append(keep, i)
		}
	}
	return keep
}

// pick is the cells at these positions; a short row has empty ones.
func pick(cells []string, at []int) []string {
	out := make([]string, len(at), len(at)+len(RejectColumns()))
	for i, j := range at {
		if j < len(cells) {
			out[i] = clean(cells[j])
		}
	}
	return out
}

func rejectCells(r RejectRow, keep []int, kind Kind) []string {
	cells := pick(r.Cells, keep)
	problem := clean(r.Problem)
	if kind == XLSX && slices.ContainsFunc(cells, tooLong) {
		problem += "; a cell of this row is cut off here, at the 32,767 characters that a workbook takes"
	}
	return append(cells, clean(r.Origin), string(r.Status), strings.TrimPrefix(problem, "; "))
}

// cellChars is the most that a cell of a workbook holds, in UTF-16 units.
const cellChars = 32767

func tooLong(cell string) bool {
	return len(cell) > cellChars && len(utf16.Encode([]rune(cell))) > cellChars
}
