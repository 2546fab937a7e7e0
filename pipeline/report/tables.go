package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// TableRows yields the cells of a table, one slice for each row, parallel to
// its header, and at most one error, last. Cells are plain text, unguarded.
type TableRows = iter.Seq2[[]string, error]

// Table writes a plain table, .csv or .xlsx, for a mail merge: guarded, mode
// 0600, and whole or not at all. It returns the name that the file got.
func (o Output) Table(ctx context.Context, path string, kind Kind, header []string, rows TableRows) (written string, err error) {
	if kind != CSV && kind != XLSX {
		return "", fmt.Errorf("table %s: not a table format: use csv or xlsx", path)
	}
	written, err = o.Replace(path, atomicfile.ReplaceAny, func(f *os.File) error {
		return WriteTable(ctx, f, kind, filepath.Dir(f.Name()), header, rows)
	})
	if err != nil {
		return "", fmt.Errorf("table %s: %w", path, err)
	}
	return written, nil
}

// WriteTable writes a table as Table does, to a stream. The temporary files of a workbook go to
// scratch, a private directory.
func WriteTable(ctx context.Context, w io.Writer, kind Kind, scratch string, header []string, rows TableRows) error {
	return writeTable(ctx, w, kind, scratch, header, rows, "")
}

// tableWriter writes rows of cells.
type tableWriter interface {
	writeRow(cells []string) error
	flush() error
	close() error
}

var (
	_ tableWriter = (*csvWriter)(nil)
	_ tableWriter = (*tableBook)(nil)
)

// writeTable writes a table as CSV or as a workbook. If rejects is not "", it
// names the workbook's sheet, and the last column gets the look of a note.
func writeTable(ctx context.Context, w io.Writer, kind Kind, scratch string, header []string, rows TableRows, rejects string) (err error) {
	var to tableWriter
	if kind == XLSX {
		to, err = newTableBook(w, scratch, header, rejects)
	} else {
		to, err = newCSVWriter(w, header)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.close()) }()
	for cells, err := range untilDone(ctx, rows) {
		if err == nil {
			err = to.writeRow(cells)
		}
		if err != nil {
			return err
		}
	}
	return to.flush()
}

// tableFormat returns the format of a table by the extension of path. what is
// the table, for the error.
func tableFormat(what, path string) (Kind, error) {
	kind, err := KindOf(path)
	if err != nil || kind != XLSX && kind != CSV {
		return "", fmt.Errorf("%s %s: not a %s format: use .xlsx or .csv", what, path, what)
	}
	return kind, nil
}

// noteWidth is the width in characters of the last column of rejects.
const noteWidth = 72

// tableBook is a table as a workbook: text cells under a frozen header, so that
// a number typed into one stays what was typed.
type tableBook struct {
	book     *workbook.Workbook
	sheet    *workbook.Sheet
	w        io.Writer
	hasNotes bool
}

func newTableBook(w io.Writer, scratch string, header []string, rejects string) (*tableBook, error) {
	name, hasNotes := rejects, rejects != ""
	if !hasNotes {
		name = "Sheet1"
	}
	b, err := workbook.New(scratch, name)
	if err != nil {
		return nil, err
	}
	cols := make([]workbook.Column, len(header))
	for i, h := range header {
		cols[i] = workbook.Column{Title: h, Width: min(max(float64(utf8.RuneCountInString(h))+4, 14), 40), Style: b.Style.Text}
	}
	if hasNotes {
		cols[len(cols)-1].Width, cols[len(cols)-1].Style = noteWidth, b.Style.Note
	}
	s, err := b.AddSheet(name, cols, hasNotes)
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return &tableBook{b, s, w, hasNotes}, nil
}

func (t *tableBook) writeRow(cells []string) error {
	height, last := 0.0, len(cells)-1
	for i, text := range cells {
		cells[i] = reporttext.Clean(text)
	}
	if t.hasNotes {
		height = workbook.TextHeight(cells[last], noteWidth)
	}
	return t.sheet.WriteRow(cells, height)
}

func (t *tableBook) flush() error {
	if err := t.sheet.Flush(); err != nil {
		return err
	}
	return t.book.Save(t.w, "")
}

func (t *tableBook) close() error { return t.book.Close() }
