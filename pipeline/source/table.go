package source

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
)

// ErrNoSheet means that a workbook has none of the sheets that were looked for.
var ErrNoSheet = errors.New("the workbook has no such sheet")

// ReadTable reads a CSV file, or those sheets of a workbook whose names wanted
// takes, within the limits of every input. What the columns mean is up to the
// caller, who is given each row that is not blank below the first, with the
// first row of its sheet and its number as a spreadsheet program shows it. The
// slices are valid until each returns.
//
// The error of each ends the reading and is returned as it is; others are
// *Error, or ErrNoSheet.
func ReadTable(ctx context.Context, name string, wanted func(sheet string) bool, each func(header []string, row int, cells []string) error) (err error) {
	c, err := newContent(ctx, name, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if c.kind == kindXLSX {
		return readSheets(name, wanted, each)
	}
	rows, err := openText(ctx, c, newMatcher(Options{}))
	if err != nil {
		return withoutFlags(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if err := readRows(name, "", rows, each); err != nil {
		return withoutFlags(err)
	}
	return rows.verify(ctx)
}

// readSheets is ReadTable for a workbook.
func readSheets(name string, wanted func(string) bool, each func([]string, int, []string) error) (err error) {
	pkg, err := openPackage(name, 0)
	if err != nil {
		return err
	}
	book, err := readWorkbook(pkg)
	if err != nil {
		return closing(err, pkg)
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	found := false
	for _, sheet := range book.sheets {
		if sheet.part == "" || !wanted(sheet.name) {
			continue
		}
		found = true
		rows, err := newSheetPass(book, sheet)
		if err != nil {
			return err
		}
		rows.merges = newMergeSweep(nil) // else records have no cells
		if err := errors.Join(readRows(name, sheet.name, rows, each), rows.Close()); err != nil {
			return err
		}
	}
	if !found {
		return ErrNoSheet
	}
	return nil
}

// readRows gives each the rows below the first.
func readRows(name, sheet string, rows records, each func([]string, int, []string) error) error {
	var header []string
	for {
		rec, err := rows.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for _, is := range rec.issues {
			if is.Code == "cell_too_long" {
				return &Error{File: name, Sheet: sheet, Row: rec.number, Line: rec.line, Column: is.Column + 1, Cell: CellName(is.Column+1, rec.number), Reason: is.Message}
			}
		}
		if header == nil {
			header = slices.Clone(rec.cells)
			continue
		}
		if err := each(header, rec.number, rec.cells); err != nil {
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
