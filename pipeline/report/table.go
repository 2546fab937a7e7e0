package report

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/xuri/excelize/v2"
)

// TableRows yields the cells of a table, one slice for each row, parallel to
// its header, and at most one error, last. Cells are plain text, unguarded.
type TableRows = iter.Seq2[[]string, error]

// Table writes a plain table, .csv or .xlsx, for a mail merge: guarded, private
// to its owner, and whole or not at all. It returns the name that it got.
func (o Output) Table(ctx context.Context, path string, kind Kind, header []string, rows TableRows) (written string, err error) {
	if kind != CSV && kind != XLSX {
		return "", fmt.Errorf("table %s: not a table format: use csv or xlsx", path)
	}
	written, err = o.replace(path, o.always, func(f *os.File) error {
		return WriteTable(ctx, f, kind, filepath.Dir(f.Name()), header, rows)
	})
	if err != nil {
		return "", fmt.Errorf("table %s: %w", path, err)
	}
	return written, nil
}

// WriteTable is Table to a stream. What a workbook spills goes to scratch, a
// private directory.
func WriteTable(ctx context.Context, w io.Writer, kind Kind, scratch string, header []string, rows TableRows) error {
	if kind == XLSX {
		return tableBook(ctx, w, scratch, header, rows)
	}
	out, err := newCSV(w, header)
	if err != nil {
		return err
	}
	for cells, err := range rows {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return rowsError{err}
		}
		if err := out.row(cells); err != nil {
			return err
		}
	}
	return out.flush()
}

// tableBook writes one sheet of text cells: nothing in it is a formula.
func tableBook(ctx context.Context, w io.Writer, scratch string, header []string, rows TableRows) (err error) {
	f := excelize.NewFile(excelize.Options{TmpDir: scratch})
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	sheet, err := f.NewStreamWriter(f.GetSheetName(0))
	if err != nil {
		return err
	}
	line := 1
	put := func(cells []string) error {
		values := make([]any, len(cells))
		for i, c := range cells {
			values[i] = Guard(clean(c))
		}
		at, err := excelize.CoordinatesToCellName(1, line)
		if err != nil {
			return err
		}
		line++
		return sheet.SetRow(at, values)
	}
	if err := put(header); err != nil {
		return err
	}
	for cells, err := range rows {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return rowsError{err}
		}
		if line > sheetRows {
			return fmt.Errorf("a sheet has room for %d rows: write .csv", sheetRows-1)
		}
		if err := put(cells); err != nil {
			return err
		}
	}
	if err := sheet.Flush(); err != nil {
		return err
	}
	return f.Write(w)
}
