package report

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/report/inert"
)

// Annotation is what Output.Annotate works on: the sender's list, and what is
// to be said of its rows.
type Annotation struct {
	Workbook  string   // path of the sender's .xlsx; "" = the input is no workbook, and one is made
	Sheet     string   // the sheet that was read; of a workbook that is made, its name ("" = List)
	HeaderRow int      // from 1; 0 = looked for in a workbook, else 1
	Header    []string // the input's, in its columns' order
	// Rows are all data rows in the order of the sheet. A row without marks
	// and outcome may be left out if Workbook is set, and then comes back as
	// it is only if the workbook is not too large to be kept (Annotated.Copy).
	Rows iter.Seq2[AnnotatedRow, error]
	// Outcome adds the columns onboard_status, onboard_link and
	// onboard_problem, as after a run.
	Outcome bool
	// Meanings says for a code what it means, in one sentence. A code that it
	// lacks is shown in words.
	Meanings map[string]string
}

// AnnotatedRow is one data row of the sender.
type AnnotatedRow struct {
	Number int      // as the sheet shows it, from 1; ascending
	Cells  []string // the row's own; needed where a new workbook is made
	Marks  []Mark
	Status string // for Annotation.Outcome, as are the next two
	Link   string // verification link, "" = none
	// Problem is what is to be told of the row as a whole, "" = what its
	// marks say.
	Problem string
}

// Mark is what is wrong, or worth a look, in one cell.
type Mark struct {
	Column  int    // 0-based; -1 = the row as a whole
	Field   string // "" = none
	Code    string
	Text    string // what is wrong and what to write
	Warning bool   // the row can be sent as it is
}

// Annotated tells what Annotate wrote.
type Annotated struct {
	Path string // the name that the file got
	// Copy is true if the workbook was too large, or too unusual, to be given
	// back as it was: values are there as text, but no formulas, styles and
	// other sheets. Not set where there was no workbook to begin with.
	Copy bool
	// Dropped counts, by kind, what of the workbook could act by itself or
	// lead elsewhere, and was left out. Not set for a copy.
	Dropped   []inert.Count
	Problems  int // cells and rows to be corrected
	Warnings  int
	Rows      int  // with a problem
	Comments  int  // cells that have one
	Commented bool // of the cells that can have one, all have; else only the first
	Displaced int  // marked cells without a comment because of the sender's own comments
	Unlisted  int  // marks beyond those that the sheet of problems lists
}

const (
	// maxKept is the most cells of a sheet that is given back as it was:
	// excelize takes some kilobytes for each.
	maxKept = limits.KeptCells
	// maxComments keeps a workbook quick to open.
	maxComments = 5_000
	// maxListed bounds memory, and the links, which excelize takes quadratic
	// time for.
	maxListed = 20_000
	// author is who the comments are by; a later annotation replaces them.
	author = "bulkonboard"
	// untouchedNote is the archive's comment. No spreadsheet program keeps
	// it, so that a file which has it is as we wrote it.
	untouchedNote = "bulkonboard: written by a check, not edited since"
)

// SheetMark begins the first cell of every sheet that we add to a workbook.
// Whoever reads the workbook as a list of customers passes such a sheet over.
const SheetMark = "bulkonboard: "

// OutcomeColumns are the columns that Annotation.Outcome adds. Whoever reads
// the workbook as a list of customers passes them over.
func OutcomeColumns() []string { return []string{"onboard_status", "onboard_link", "onboard_problem"} }

// Annotate writes the sender's workbook, with marks, as a new .xlsx file at
// path: the cells in question filled, with a comment on each, a sheet that
// counts and lists the problems with links to the cells, and the header row
// frozen. The workbook's values, looks, comments and lists to choose from are as
// they were; formulas are their last values, and whatever else could act by
// itself or lead elsewhere is left out (package inert), as links of customers
// may stand beside it. A person corrects the cells and gives the file back;
// nothing has to be removed from it first.
//
// A file that stands at path and was edited since we wrote it, or is not ours,
// is never replaced: the new one becomes -2 (-3, ...).
func (o Output) Annotate(ctx context.Context, path string, a Annotation) (Annotated, error) {
	var done Annotated
	if !strings.EqualFold(filepath.Ext(path), ".xlsx") {
		return done, fmt.Errorf("annotated workbook %s: its name must end in .xlsx", path)
	}
	a.Rows = checkedRows(ctx, a.Rows)
	if a.Workbook != "" {
		o.Inputs = append([]string{a.Workbook}, o.Inputs...)
	}
	written, err := o.replace(path, unedited, func(w *os.File) error {
		var err error
		done, err = a.write(w, filepath.Dir(w.Name()), maxKept)
		return err
	})
	if err != nil {
		return Annotated{}, fmt.Errorf("annotated workbook %s: %w", path, err)
	}
	done.Path = written
	return done, nil
}

// write keeps the sender's workbook if it has at most kept cells.
func (a Annotation) write(w io.Writer, scratch string, kept int) (Annotated, error) {
	if a.Workbook != "" && cellsWithin(a.Workbook, a.Sheet, kept) {
		k, err := openKept(a, scratch)
		if err == nil {
			if done, err := k.write(w); !errors.Is(err, errNotKept) {
				return done, err
			}
		}
		// What excelize cannot take was read without it, and can be copied.
	}
	done, err := a.copy(w, scratch)
	done.Copy = a.Workbook != ""
	return done, err
}

// unedited reports whether the file is a workbook as Annotate or Template
// wrote it.
func unedited(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, nil // not ours, whatever it is
	}
	// A zip ends in 22 bytes, the last two of which count those of the comment
	// behind them. Nothing else of a file that may be anybody's is read.
	end := make([]byte, 22+len(untouchedNote))
	info, err := f.Stat()
	if err == nil {
		_, err = f.ReadAt(end, info.Size()-int64(len(end)))
	}
	ours := err == nil && bytes.HasPrefix(end, []byte("PK\x05\x06")) && string(end[20:]) == string(rune(len(untouchedNote)))+"\x00"+untouchedNote
	return ours, f.Close()
}

// checkedRows ends rows with ctx's error once ctx has ended, marks the errors
// of rows as such, and holds them to their order.
func checkedRows(ctx context.Context, rows iter.Seq2[AnnotatedRow, error]) iter.Seq2[AnnotatedRow, error] {
	return func(yield func(AnnotatedRow, error) bool) {
		n, last := 0, 0
		for r, err := range rows {
			switch {
			case err != nil:
			case n%256 == 0 && ctx.Err() != nil:
				err = context.Cause(ctx)
			case r.Number <= last:
				err = fmt.Errorf("row %d comes after row %d", r.Number, last)
			case r.Number > sheetRows:
				err = fmt.Errorf("row %d does not fit in a sheet of %d rows: correct the rows in the rejects file, or as .csv", r.Number, sheetRows)
			}
			if err != nil {
				yield(AnnotatedRow{}, rowsError{err})
				return
			}
			if !yield(r, nil) {
				return
			}
			n, last = n+1, r.Number
		}
		if ctx.Err() != nil {
			yield(AnnotatedRow{}, rowsError{context.Cause(ctx)})
		}
	}
}

// problem is what the row's column onboard_problem says.
func (r *AnnotatedRow) problem() string {
	if r.Problem != "" {
		return sentence(r.Problem)
	}
	var all []string
	for _, warning := range []bool{false, true} {
		for _, m := range r.Marks {
			if m.Warning == warning {
				all = append(all, m.about("")+sentence(m.Text))
			}
		}
	}
	return strings.Join(all, " ")
}

// about names what a mark is about, with a colon behind it. header is the
// column's, "" if unknown.
func (m *Mark) about(header string) string {
	switch name := either(strings.TrimSpace(clean(header)), m.Field); {
	case m.Warning && name != "":
		return "Warning, " + name + ": "
	case m.Warning:
		return "Warning: "
	case name != "":
		return name + ": "
	}
	return ""
}

// sentence gives a message, "what is wrong. what to do", the capitals and the
// full stop that people expect outside a terminal, and leaves out which flags
// would help: who corrects a list does not run the program.
func sentence(s string) string {
	if s = clean(s); strings.Contains(s, "--") {
		s = regexp.MustCompile(`(, (or|and) [^,;.]*|; )--[a-z][^.;]*`).ReplaceAllString(s, "")
	}
	b := []byte(strings.TrimSpace(s))
	for i := range b {
		start := i == 0 || i >= 2 && b[i-1] == ' ' && b[i-2] == '.' && (i < 4 || b[i-4] != '.')
		if start && b[i] >= 'a' && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	if n := len(b); n > 0 && !strings.ContainsRune(".!?", rune(b[n-1])) {
		b = append(b, '.')
	}
	return string(b)
}

var errNoSheet = errors.New("the workbook lost the sheet that was read")
