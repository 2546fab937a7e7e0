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

// tableWriter writes rows of cells. It is no interface: see package workbook.
type tableWriter struct {
	writeRow     func(cells []string) error
	flush, close func() error
}

// WriteTable writes a table as Table does, to a stream. The temporary files of
// a workbook go to scratch, a private directory.
func WriteTable(ctx context.Context, w io.Writer, kind Kind, scratch string, header []string, rows TableRows) (err error) {
	open := openCSVTable
	if kind == XLSX {
		open = openTableBook
	}
	to, err := open(w, scratch, header)
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

// tableBook is a table as a workbook: text cells under a frozen header, so that
// a number typed into one stays what was typed.
type tableBook struct {
	book  *workbook.Workbook
	sheet *workbook.Sheet
	w     io.Writer
}

func openTableBook(w io.Writer, scratch string, header []string) (tableWriter, error) {
	const name = "Sheet1"
	b, err := workbook.New(scratch, name)
	if err != nil {
		return tableWriter{}, err
	}
	cols := make([]workbook.Column, len(header))
	for i, h := range header {
		cols[i] = workbook.Column{Title: h, Width: min(max(float64(utf8.RuneCountInString(h))+4, 14), 40), Style: b.Style.Text}
	}
	s, err := b.AddSheet(name, cols, false)
	if err != nil {
		return tableWriter{}, errors.Join(err, b.Close())
	}
	t := &tableBook{b, s, w}
	return tableWriter{t.writeRow, t.flush, b.Close}, nil
}

func (t *tableBook) writeRow(cells []string) error {
	for i, text := range cells {
		cells[i] = reporttext.Clean(text)
	}
	return t.sheet.WriteRow(cells, 0)
}

func (t *tableBook) flush() error {
	if err := t.sheet.Flush(); err != nil {
		return err
	}
	return t.book.Save(t.w, "")
}
