package report

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/inert"
)

// keptBook is the sender's workbook under our hands.
type keptBook struct {
	*book
	a       Annotation
	sheet   string
	header  int   // row of the headers
	outcome []int // columns of OutcomeColumns, from 0
	paint   *painter
	notes   *comments
	dropped []inert.Count
}

// openKept has excelize read what is left of the sender's workbook without
// anything active, and whatever of it will be touched. A panic in excelize is a
// workbook that cannot be kept.
func openKept(a Annotation, scratch string) (k *keptBook, err error) {
	safe, dropped, err := inert.Workbook(a.Workbook)
	if err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(bytes.NewReader(safe), int64(len(safe)))
	if err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(safe), excelize.Options{TmpDir: scratch})
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("excelize: %v", r)
		}
		if err != nil {
			k, err = nil, errors.Join(err, f.Close())
		}
	}()
	k = &keptBook{book: &book{file: f}, a: a, sheet: a.Sheet, dropped: dropped}
	if index, err := f.GetSheetIndex(a.Sheet); err != nil || index < 0 {
		return nil, errors.Join(errNoSheet, err)
	}
	rows, err := f.GetRows(a.Sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, err
	}
	k.header = a.headerRow(rows)
	if a.Outcome {
		k.outcome = outcomeColumns(rows, k.header, len(a.Header))
	}
	if err := k.forget(); err != nil {
		return nil, err
	}
	k.notes, err = newComments(f, a.Sheet, sheetPart(archive, a.Sheet))
	return k, err
}

// headerRow finds the row of the headers among the first of a sheet.
func (a *Annotation) headerRow(rows [][]string) int {
	if a.HeaderRow > 0 {
		return a.HeaderRow
	}
	same := func(row []string) bool {
		for i, h := range a.Header {
			if cell := ""; strings.TrimSpace(h) != "" {
				if i < len(row) {
					cell = row[i]
				}
				if strings.TrimSpace(cell) != strings.TrimSpace(h) {
					return false
				}
			}
		}
		return true
	}
	if i := slices.IndexFunc(rows[:min(len(rows), 100)], same); i >= 0 {
		return i + 1
	}
	return 1
}

// outcomeColumns are those that a row of headers has from an earlier run, or
// the first that nothing stands in.
func outcomeColumns(rows [][]string, header, width int) []int {
	for _, row := range rows {
		width = max(width, len(row))
	}
	var columns []int
	for _, name := range OutcomeColumns() {
		at := -1
		if header <= len(rows) {
			at = slices.IndexFunc(rows[header-1], func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
		}
		if at < 0 {
			at = width
			width++
		}
		columns = append(columns, at)
	}
	return columns
}

// forget takes away what an earlier annotation left: the sheet of problems and
// the colours. Comments go when the new ones are written.
func (k *keptBook) forget() error {
	for _, name := range k.file.GetSheetList() {
		if name == k.sheet {
			continue
		}
		if first, err := k.file.GetCellValue(name, "A1"); err == nil && first == problemsTitle {
			if err := k.file.DeleteSheet(name); err != nil {
				return err
			}
		}
	}
	if err := k.addStyles(); err != nil {
		return err
	}
	var err error
	k.paint, err = newPainter(k.file)
	return err
}

// errNotKept is a workbook that excelize cannot take, of which nothing is
// written yet.
var errNotKept = errors.New("the workbook cannot be kept")

// write marks the rows and writes the workbook.
func (k *keptBook) write(w io.Writer) (done Annotated, err error) {
	saving := false
	defer func() {
		if r := recover(); r != nil {
			if err = fmt.Errorf("excelize: %v", r); !saving {
				err = errors.Join(errNotKept, err)
			}
		}
		err = errors.Join(err, k.close())
	}()
	marks := newMarkList()
	header := func(column int) string {
		if column >= 0 && column < len(k.a.Header) {
			return k.a.Header[column]
		}
		return ""
	}
	if err := k.headOutcome(); err != nil {
		return done, err
	}
	for r, err := range k.a.Rows {
		if err != nil {
			return done, err
		}
		marks.add(&r, header)
		if err := k.row(&r); err != nil {
			return done, fmt.Errorf("row %d: %w", r.Number, err)
		}
	}
	if err := k.notes.write(header, &marks.done); err != nil {
		return done, err
	}
	if err := k.freeze(); err != nil {
		return done, err
	}
	if err := marks.write(k.book, k.sheet, k.a); err != nil {
		return done, err
	}
	marks.done.Dropped = k.dropped
	saving = true
	return marks.done, k.saveMarked(w)
}

func (k *keptBook) row(r *AnnotatedRow) error {
	for column, warning := range cellsOf(r.Marks) {
		at := cellName(column, r.Number)
		style, err := k.file.GetCellStyle(k.sheet, at)
		if err == nil {
			style, err = k.paint.over(style, warning)
		}
		if err == nil {
			err = k.file.SetCellStyle(k.sheet, at, at, style)
		}
		if err != nil {
			return err
		}
	}
	for _, column := range unanswered(r.Marks) {
		if err := k.file.SetCellStr(k.sheet, cellName(column, r.Number), noValue); err != nil {
			return err
		}
	}
	k.notes.add(r)
	if !k.a.Outcome {
		return nil
	}
	for i, value := range []string{r.Status, r.Link, r.problem()} {
		at := cellName(k.outcome[i], r.Number)
		err := k.file.SetCellStr(k.sheet, at, clean(value))
		if err == nil {
			err = k.file.SetCellStyle(k.sheet, at, at, k.style.text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// headOutcome writes the headers of the columns that are added, in the look of
// the last header there is.
func (k *keptBook) headOutcome() error {
	if !k.a.Outcome {
		return nil
	}
	style, err := k.file.GetCellStyle(k.sheet, cellName(max(len(k.a.Header)-1, 0), k.header))
	for i, name := range OutcomeColumns() {
		at := cellName(k.outcome[i], k.header)
		if err == nil {
			err = k.file.SetCellStr(k.sheet, at, name)
		}
		if err == nil {
			err = k.file.SetCellStyle(k.sheet, at, at, style)
		}
		if err == nil {
			column := strings.TrimRight(at, "0123456789")
			err = k.file.SetColWidth(k.sheet, column, column, []float64{18, 48, 72}[i])
		}
	}
	return err
}

// maxFrozen keeps room to scroll below a header that stands far down.
const maxFrozen = 15

// freeze keeps the header in sight, and whatever the sender has frozen.
func (k *keptBook) freeze() error {
	panes, err := k.file.GetPanes(k.sheet)
	if err != nil {
		return err
	}
	if panes.Freeze && panes.YSplit >= k.header || k.header > maxFrozen {
		return nil
	}
	if !panes.Freeze {
		panes.XSplit = 0
	}
	return k.file.SetPanes(k.sheet, frozen(k.header, panes.XSplit))
}

// frozen are panes that keep so many rows and columns in sight.
func frozen(rows, columns int) *excelize.Panes {
	at, pane := cellName(columns, rows+1), "bottomLeft"
	if columns > 0 {
		pane = "bottomRight"
	}
	return &excelize.Panes{Freeze: true, YSplit: rows, XSplit: columns, TopLeftCell: at, ActivePane: pane,
		Selection: []excelize.Selection{{SQRef: at, ActiveCell: at, Pane: pane}}}
}

// saveMarked writes the workbook, with the archive's comment that tells it
// from an edited one.
func (b *book) saveMarked(w io.Writer) error {
	archive := zip.NewWriter(w)
	if err := archive.SetComment(untouchedNote); err != nil {
		return err
	}
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return linkedArchive{archive, b.links} })
	_, err := b.file.WriteToBuffer()
	return err
}

// noValue stands in a cell whose value does not count: it is refused wherever
// a value is read, so that the row cannot pass before the cell was filled in.
const noValue = "#N/A"

// unanswered are the columns of cells that showed the value of a formula, or
// one that is struck out or unlike its format, and were refused for it. The
// formula, and with it the reason, is not in what is given back.
func unanswered(marks []Mark) (columns []int) {
	for _, m := range marks {
		switch m.Code {
		case "formula", "formula_uncached":
			if m.Column >= 0 && !m.Warning {
				columns = append(columns, m.Column)
			}
		}
	}
	return columns
}

// cellsOf are the columns that marks stand in, and whether there are warnings
// only. What is about the whole row is marked in its first cell.
func cellsOf(marks []Mark) map[int]bool {
	cells := map[int]bool{}
	for _, m := range marks {
		column := max(m.Column, 0)
		if warning, seen := cells[column]; !seen || warning {
			cells[column] = m.Warning
		}
	}
	return cells
}
