package annotate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// Correction is the sender's list and which of its cells are corrected.
type Correction struct {
	Workbook  string // path of the sender's .xlsx; "" = the input is no workbook, and one is created
	SHA256    string // hex, of the workbook that was read
	Sheet     string // the sheet that was read; "" = List
	HeaderRow int    // from 1
	Header    []string
	Hidden    []int // columns, from 0

	// Edits are the rows with corrected cells, ascending by number.
	Edits []RowEdit
	// Rows are all data rows as corrected, ascending by number, at most one error, last.
	// They serve where the workbook is created.
	Rows iter.Seq2[Row, error]
}

// RowEdit is the corrected cells of one row.
type RowEdit struct {
	Number int // as the sheet shows it, from 1
	Cells  []CellEdit
}

// CellEdit is a corrected cell. Its text is never a formula.
type CellEdit struct {
	Column int // from 0
	Text   string
	// IsPlain removes the look of the cell, which would make the reader refuse it: a
	// number format, or a line through it.
	IsPlain bool
}

// NoValue is the text of a cell whose value does not count. It is refused everywhere.
const NoValue = noValue

// WriteCorrected writes the list with the corrected cells to w. The sender's workbook is
// kept as Write keeps it; where that is not possible, its values are copied as text.
// Temporary files go to scratch, a private directory that the caller removes. isCopy
// reports that a workbook could not be kept.
func WriteCorrected(ctx context.Context, w io.Writer, scratch string, c Correction) (isCopy bool, err error) {
	if c.Workbook != "" {
		k, err := openKept(&Annotation{Workbook: c.Workbook, SHA256: c.SHA256, Sheet: c.Sheet, HeaderRow: c.HeaderRow, Header: c.Header,
			Marked: func(func(Row, error) bool) {}}, scratch, limits.KeptCells)
		if err == nil {
			if err = k.writeEdits(w, c.Edits); !errors.Is(err, errNotKept) {
				return false, err
			}
		}
		if errors.Is(err, errChanged) {
			return false, err
		}
	}
	return c.Workbook != "", c.writeCopy(ctx, w, scratch)
}

// writeEdits changes the corrected cells and writes the workbook.
func (k *keptBook) writeEdits(w io.Writer, rows []RowEdit) (err error) {
	saving := false
	defer func() {
		if r := recover(); r != nil {
			if err = fmt.Errorf("excelize: %v", r); !saving {
				err = errors.Join(errNotKept, err)
			}
		}
		err = errors.Join(err, k.Close())
	}()
	if err := k.splitMerged(rows); err != nil {
		return errors.Join(errNotKept, err)
	}
	for _, row := range rows {
		edits := map[int]*cellEdit{}
		for _, c := range row.Cells {
			e := &cellEdit{column: c.Column}
			if e.setText(c.Text); c.IsPlain {
				e.mark = func(int) int { return k.Style.Text }
			}
			edits[c.Column] = e
		}
		if err := k.editRow(row.Number, edits); err != nil {
			return err
		}
	}
	saving = true
	return k.Save(w, "")
}

// splitMerged splits the merged cells that have a corrected one among them, so that each
// shows its own value.
func (k *keptBook) splitMerged(rows []RowEdit) error {
	for _, row := range rows {
		for _, r := range k.blocked.merges[row.Number] {
			if !slices.ContainsFunc(row.Cells, func(c CellEdit) bool { return r.has(c.Column, row.Number) }) {
				continue
			}
			if err := k.File.UnmergeCell(k.a.Sheet, workbook.CellName(r.column, r.row), workbook.CellName(r.lastColumn, r.lastRow)); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeCopy writes all rows as text into a new workbook, under their own numbers.
func (c *Correction) writeCopy(ctx context.Context, w io.Writer, scratch string) (err error) {
	sheet := cmp.Or(usualSheetName(c.Sheet), "List")
	book, err := workbook.New(scratch, sheet)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	to := &copiedBook{Workbook: book, sheet: sheet, a: &Annotation{Sheet: sheet, HeaderRow: c.HeaderRow, Header: c.Header, Hidden: c.Hidden, List: true}}
	to.paint = [3]int{to.Style.Text, to.Style.Text, to.Style.Text}
	for r, err := range checkRows(ctx, c.Rows) {
		if err != nil {
			return err
		}
		if err := to.writeRow(&r); err != nil {
			return err
		}
	}
	var done Result
	if err := to.endRows(&done); err != nil {
		return err
	}
	if err := to.stream.Flush(); err != nil {
		return err
	}
	return to.Save(w, "")
}
