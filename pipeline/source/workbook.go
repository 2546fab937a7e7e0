package source

import (
	"context"
	"errors"

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
	sheet, notes, err := book.FindSheet(m.opt.Sheet)
	if err != nil {
		return nil, err
	}
	rows, found, err := book.ReadSheet(sheet, m.opt.Formulas == "refuse")
	if err != nil {
		return nil, err
	}
	return &workbookRows{rows, c, book, sheet.Name, append(notes, found...)}, nil
}

// finish compares the hash of the file, which is read in any order.
func (w *workbookRows) finish(ctx context.Context) ([]Note, error) {
	return nil, w.content.verify(ctx)
}

// Close closes the sheet and the workbook.
func (w *workbookRows) Close() error { return errors.Join(w.Rows.Close(), w.book.Close()) }
