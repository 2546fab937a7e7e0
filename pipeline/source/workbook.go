package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx"
)

// workbookRows are the rows of the sheet that is read. They own the workbook.
type workbookRows struct {
	*xlsx.Rows
	content *content
	book    *xlsx.Workbook
	sheet   string
	notes   []Note
}

var _ recordReader = (*workbookRows)(nil)

func (c *content) openWorkbook(maxBytes int64) (*xlsx.Workbook, error) {
	f, err := c.open()
	if err != nil {
		return nil, err
	}
	return xlsx.Open(f, f.size, c.name, maxBytes)
}

// openSheet opens a workbook and the sheet of Options.Sheet.
func (m *matcher) openSheet(c *content) (_ *workbookRows, err error) {
	book, err := c.openWorkbook(m.opt.MaxBytes)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, book.Close())
		}
	}()
	if ours, err := isReportBook(book); err != nil {
		return nil, err
	} else if ours {
		return nil, &Error{File: c.name, Reason: reportReason, Hint: reportHint(c.name)}
	}
	wanted := cmp.Or(c.sheet, m.opt.Sheet)
	_, hasEarlier := book.SheetByName(m.opt.EarlierSheet)
	if wanted == "" && hasEarlier {
		wanted = m.opt.EarlierSheet
	}
	sheet, notes, err := book.FindSheet(wanted)
	if errors.Is(err, xlsx.ErrSeveralSheets) {
		sheet, notes, err = m.findListSheet(book, c, err)
	}
	if err != nil {
		return nil, err
	}
	if wanted == "" && m.opt.EarlierSheet != "" {
		notes = append(notes, Note{Code: "sheet_renamed", Message: fmt.Sprintf("there is no sheet %q, which the map file names: sheet %q is read in its place", m.opt.EarlierSheet, sheet.Name)})
	}
	rows, found, err := book.ReadSheet(sheet, m.opt.Formulas == "refuse")
	if err != nil {
		return nil, err
	}
	return &workbookRows{rows, c, book, sheet.Name, append(notes, found...)}, nil
}

// findListSheet returns the only sheet with the headers that are looked for.
// refusal is what FindSheet said: where Options say neither TakeFound nor an
// EarlierSheet, the result is that, with the flags to pass.
func (m *matcher) findListSheet(book *xlsx.Workbook, c *content, refusal error) (found xlsx.Sheet, notes []Note, err error) {
	seen, _, err := book.SheetsWithData()
	if err != nil {
		return found, nil, err
	}
	lists, row := 0, 0
	for _, sheet := range seen {
		head, err := readSheetHead(book, sheet)
		if err != nil {
			return found, nil, err
		}
		if n, isList := m.findListHeader(head); isList {
			lists, found, row = lists+1, sheet, n
		}
	}
	var e *Error
	if lists != 1 || !errors.As(refusal, &e) {
		return found, nil, refusal
	}
	if m.opt.TakeFound || m.opt.EarlierSheet != "" {
		c.sheet = found.Name
		if found, notes, err = book.FindSheet(found.Name); m.opt.EarlierSheet != "" {
			return found, notes, err // openSheet notes it
		}
		return found, append(notes, Note{Code: "sheet_found", Message: "sheet " + strconv.Quote(found.Name) + " is read, the only one with the headers"}), err
	}
	place := &FoundHeader{Sheet: found.Name}
	e.Hint += fmt.Sprintf(". Only %s has the headers: pass --sheet %[1]s", strconv.Quote(found.Name))
	if row > 1 {
		place.Row = row
		e.Hint += fmt.Sprintf(" --header-row %d", row)
	}
	e.Err = place
	return found, nil, e
}

// readSheetHead returns the first rows of a sheet. What is wrong further down is
// found when the sheet is read.
func readSheetHead(book *xlsx.Workbook, sheet xlsx.Sheet) (_ []table.Record, err error) {
	rows, err := book.OpenSheet(sheet)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var head []table.Record
	for len(head) < headRows {
		rec, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		head = append(head, rec)
	}
	return head, nil
}

// finish compares the hash of the file, which is read in any order.
func (w *workbookRows) finish(ctx context.Context) ([]Note, error) {
	return nil, w.content.verify(ctx)
}

// Close closes the sheet and the workbook.
func (w *workbookRows) Close() error { return errors.Join(w.Rows.Close(), w.book.Close()) }
