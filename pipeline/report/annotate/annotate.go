// Package annotate gives the sender's list back as a workbook with marks: the
// cells in question filled, with a comment on each, and a sheet that counts and
// lists the problems with links to the cells.
//
// Start at [Write]. The sender's own workbook is kept where it can be
// (kept.go); otherwise its values are copied into a new one (copy.go).
package annotate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/report/annotate/inert"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// Annotation is the sender's list and what is wrong with its rows.
type Annotation struct {
	Workbook  string   // path of the sender's .xlsx; "" = the input is no workbook, and one is created
	Sheet     string   // the sheet that was read; of a created workbook, its name ("" = List)
	HeaderRow int      // from 1; 0 = searched in a workbook, else 1
	Header    []string // the input's, in its columns' order
	// Rows are all data rows in the order of the sheet, at most one error, last.
	Rows iter.Seq2[Row, error]
	// Marked are the rows with marks, or with Outcome all rows, without cells. They
	// serve where the workbook is kept, so that it need not be read once more.
	// Default nil: Rows serve. SHA256 (hex) is then the workbook that was read.
	Marked iter.Seq2[Row, error]
	SHA256 string
	// Outcome adds the columns onboard_status, onboard_link and
	// onboard_problem, as after a run.
	Outcome bool
	// Headings are the sender's headings of the fields that are read.
	Headings finance.Headings

	// Choices are the values that a field accepts, by its name. A field without
	// any accepts more than can be listed.
	Choices map[string][]string

	// For a workbook that is created:
	Hidden []int // columns to hide, from 0
	Frozen int   // columns to keep in view
	// List is true if the rows say themselves what is wrong, in the last of the
	// columns to keep in view. No column is added, and the workbook opens on them.
	List bool

	phrases *finance.Phrases // of Headings
}

// Row is one data row of the sender.
type Row struct {
	Number int      // as the sheet shows it, from 1; ascending
	Cells  []string // the row's own; needed where a workbook is created
	Marks  []Mark
	Status string // for Annotation.Outcome, as are the next two
	Link   string // verification link, "" = none
	// Problem describes the row as a whole, for the sender. Default "": its
	// marks do.
	Problem string
}

// Mark is a finding about one cell.
type Mark struct {
	Column  int    // from 0; -1 = the row as a whole
	Field   string // "" = none
	Code    string
	Text    string // what is wrong and what to write
	Warning bool   // the row can be sent as it is

	anchor int // row of the merged cell that shows this one, if it is another row; else 0
}

// Result is what Write wrote.
type Result struct {
	Path string // the name that the file got
	// Copy is true if the workbook was too large, or too unusual, to be given
	// back as it was. The result has its values as text, but no formulas,
	// styles and other sheets. It is false where the input was no workbook.
	Copy bool
	// Dropped counts, by kind, what of the workbook could act by itself or
	// lead elsewhere, and was left out. It is nil for a copy.
	Dropped   []inert.Count
	Problems  int // cells and rows to be corrected
	Warnings  int
	Rows      int  // with a problem
	Comments  int  // cells that have one
	Commented bool // all cells that can have a comment have one; else only the first
	Displaced int  // marked cells without a comment because of the sender's own comments
	Unlisted  int  // marks beyond those that the sheet of problems lists
	// Widened and Lifted are the headers of columns whose drop-down list, or other
	// check of entries, refused what is asked for. The first ones offer it now, the
	// others refuse nothing.
	Widened, Lifted []string
	Protected       bool // the sheet is protected, so that cells may be locked
}

const (
	// maxComments keeps a workbook quick to open.
	maxComments = 5_000
	// maxListed bounds memory, and the length of a list for reading.
	maxListed = 5_000
	// untouchedNote is the archive's comment. No spreadsheet program keeps it,
	// so a file that has it is as we wrote it.
	untouchedNote = "bulkonboard: written by a check, not edited since"
)

// outcomeColumns returns the columns that Annotation.Outcome adds. A reader of
// the list ignores them.
func outcomeColumns() []string { return []string{"onboard_status", "onboard_link", "onboard_problem"} }

var errNoRows = errors.New("no rows")

// Write writes the annotated list as a new .xlsx file at path. The workbook's
// values, looks, comments and lists of choices are as they were. Formulas are
// their last values, and everything else that could act by itself or lead
// elsewhere is left out (package inert), because links of customers may be
// beside it. The sender corrects the cells and gives the file back; nothing has
// to be removed from it first.
//
// A file at path that was edited since we wrote it, or is not ours, is never
// replaced: the new one becomes -2 (-3, ...). Errors of rows are wrapped.
func Write(ctx context.Context, files atomicfile.Writer, path string, a Annotation) (Result, error) {
	var done Result
	if !strings.EqualFold(filepath.Ext(path), ".xlsx") {
		return done, fmt.Errorf("annotated workbook %s: its name must end in .xlsx", path)
	}
	a.Rows = checkRows(ctx, a.Rows)
	if a.Marked != nil {
		a.Marked = checkRows(ctx, a.Marked)
	}
	if a.Workbook != "" {
		files.Inputs = append([]string{a.Workbook}, files.Inputs...)
	}
	written, err := files.Replace(path, isUnedited, func(w *os.File) error {
		var err error
		done, err = a.write(w, filepath.Dir(w.Name()), limits.KeptCells)
		return err
	})
	if err != nil {
		return Result{}, fmt.Errorf("annotated workbook %s: %w", path, err)
	}
	done.Path = written
	return done, nil
}

// WriteNew writes the rows as a new workbook to w, whatever Workbook is.
// Temporary files go to scratch, a private directory that the caller removes.
func WriteNew(ctx context.Context, w io.Writer, scratch string, a Annotation) (Result, error) {
	a.Rows = checkRows(ctx, a.Rows)
	return a.writeCopy(w, scratch)
}

// write keeps the sender's workbook if its sheet has at most maxCells cells:
// excelize uses some kilobytes for each.
func (a *Annotation) write(w io.Writer, scratch string, maxCells int) (Result, error) {
	if a.Workbook != "" {
		k, err := openKept(a, scratch, maxCells)
		if err == nil {
			if done, err := k.write(w); !errors.Is(err, errNotKept) {
				return done, err
			}
		}
		// What excelize cannot read was read without it, and can be copied.
	}
	done, err := a.writeCopy(w, scratch)
	done.Copy = a.Workbook != ""
	return done, err
}

// target is what a workbook that gets the marks does with a row. It is no interface:
// see package workbook.
type target struct {
	// placeMarks returns the marks of a row in the cells that show them.
	placeMarks func(r *Row) []Mark
	writeRow   func(r *Row) error
	endRows    func(done *Result) error
}

// writeRows writes rows, comments and the sheet of problems.
func (a *Annotation) writeRows(rows iter.Seq2[Row, error], to target, book *workbook.Workbook, sheet string, notes *comments) (Result, error) {
	a.phrases = finance.NewPhrases(a.Headings)
	marks := &markList{a: a, kinds: map[markKind]*kindCount{}}
	if err := marks.addSheet(book.File); err != nil {
		return marks.done, err
	}
	for r, err := range rows {
		if err != nil {
			return marks.done, err
		}
		r.Marks = to.placeMarks(&r)
		marks.add(&r)
		notes.add(&r)
		if err := to.writeRow(&r); err != nil {
			return marks.done, err
		}
	}
	if err := to.endRows(&marks.done); err != nil {
		return marks.done, err
	}
	if err := notes.write(a, &marks.done); err != nil {
		return marks.done, err
	}
	return marks.done, marks.writeSheet(book, sheet)
}

// columnHeader returns the header of a column, "" if there is none.
func (a *Annotation) columnHeader(column int) string {
	if column < 0 || column >= len(a.Header) {
		return ""
	}
	return a.Header[column]
}

// isUnedited reports whether the file is a workbook as Write wrote it.
func isUnedited(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, nil // it is not ours
	}
	// A zip ends in 22 bytes, the last two of which count those of the comment
	// behind them. The rest of the file is not read.
	end := make([]byte, 22+len(untouchedNote))
	info, err := f.Stat()
	if err == nil {
		_, err = f.ReadAt(end, info.Size()-int64(len(end)))
	}
	ours := err == nil && bytes.HasPrefix(end, []byte("PK\x05\x06")) && string(end[20:]) == string(rune(len(untouchedNote)))+"\x00"+untouchedNote
	return ours, f.Close()
}

// checkRows ends rows with the cause of ctx once ctx is done, and refuses rows
// out of order.
func checkRows(ctx context.Context, rows iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		n, last := 0, 0
		for r, err := range rows {
			switch {
			case err != nil:
			case n%256 == 0 && ctx.Err() != nil:
				err = context.Cause(ctx)
			case r.Number <= last:
				err = fmt.Errorf("row %d comes after row %d", r.Number, last)
			case r.Number > workbook.MaxRows:
				err = fmt.Errorf("row %d does not fit in a sheet of %d rows: correct the rows in the rejects file, or as .csv", r.Number, workbook.MaxRows)
			}
			if err != nil {
				yield(Row{}, err)
				return
			}
			if !yield(r, nil) {
				return
			}
			n, last = n+1, r.Number
		}
		if ctx.Err() != nil {
			yield(Row{}, context.Cause(ctx))
		}
	}
}
