package source

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// ErrNoSheet means that a workbook has none of the sheets that were looked for.
var ErrNoSheet = errors.New("the workbook has no such sheet")

// ReadTable reads a CSV file, or those sheets of a workbook that are wanted. It
// calls each for every row below the first that is not blank, with the first row
// of its sheet and its number as a spreadsheet program shows it. What the columns
// mean is up to the caller. The slices are valid until each returns.
//
// An error of each ends the reading and is returned as it is; others are *Error,
// or ErrNoSheet.
func ReadTable(ctx context.Context, name string, wanted func(sheet string) bool, each func(header []string, row int, cells []string) error) (err error) {
	c, err := newContent(ctx, name, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if c.kind == kindXLSX {
		return c.readSheets(wanted, each)
	}
	if c.kind == kindJSONL {
		return &Error{File: name, Reason: "this is " + describeKind(kindJSONL), Hint: exportHint}
	}
	rows, err := newMatcher(Options{}).openText(ctx, c)
	if err != nil {
		return withoutFlags(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if err := readRows(name, "", rows, each); err != nil {
		return withoutFlags(err)
	}
	_, err = rows.finish(ctx)
	return err
}

// readSheets is ReadTable for a workbook.
func (c *content) readSheets(wanted func(string) bool, each func([]string, int, []string) error) (err error) {
	book, err := c.openWorkbook(0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	found := false
	for _, sheet := range book.Sheets() {
		if !sheet.HasCells() || !wanted(sheet.Name) {
			continue
		}
		found = true
		rows, err := book.OpenSheet(sheet)
		if err != nil {
			return err
		}
		if err := errors.Join(readRows(c.name, sheet.Name, rows, each), rows.Close()); err != nil {
			return err
		}
	}
	if !found {
		return ErrNoSheet
	}
	return nil
}

// readRows calls each for the rows below the first.
func readRows(name, sheet string, rows interface{ Next() (table.Record, error) }, each func([]string, int, []string) error) error {
	var header []string
	for {
		rec, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, is := range rec.Issues {
			if is.Code == "cell_too_long" {
				return &Error{File: name, Sheet: sheet, Row: rec.Number, Line: rec.Line, Column: is.Column + 1, Cell: table.CellName(is.Column+1, rec.Number), Reason: is.Message}
			}
		}
		if header == nil {
			header = slices.Clone(rec.Cells)
			continue
		}
		if err := each(header, rec.Number, rec.Cells); err != nil {
			return err
		}
	}
}

// withoutFlags rewords the advice of an error for commands that do not have the
// flags of an input.
func withoutFlags(err error) error {
	var e *Error
	if errors.As(err, &e) && strings.Contains(e.Hint, "--encoding") {
		e.Hint = "Save it as CSV UTF-8"
	}
	return err
}
