package annotate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/annotate/inert"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// keptBook is the sender's workbook, to be marked.
type keptBook struct {
	*workbook.Workbook
	a        *Annotation
	header   int   // row of the headers
	outcome  []int // columns of outcomeColumns, from 0
	rows     *sheetData
	paint    *painter
	blocked  *obstacles
	isLocked bool // the sheet is protected
	notes    *comments
	dropped  []inert.Count
}

var (
	errChanged = errors.New("the workbook changed since it was read")
	errNoSheet = errors.New("the workbook lost the sheet that was read")
	// errNotKept is a workbook that excelize cannot change. Nothing of it has
	// been written.
	errNotKept = errors.New("the workbook cannot be kept")
)

// openKept opens the sender's workbook without anything active in it, and reads
// whatever of it will be changed. A panic in excelize becomes an error.
func openKept(a *Annotation, scratch string, maxCells int) (k *keptBook, err error) {
	safe, err := inert.CopyFile(a.Workbook)
	if err != nil {
		return nil, err
	}
	parts, found := safe.Sheets[a.Sheet]
	switch {
	case a.Marked != nil && !isUnchanged(a.Workbook, a.SHA256):
		return nil, errChanged
	case !found:
		return nil, errNoSheet
	case parts.Cells > maxCells:
		return nil, inert.ErrTooLarge
	}
	f, err := excelize.OpenReader(bytes.NewReader(safe.Data), excelize.Options{TmpDir: scratch, UnzipXMLSizeLimit: maxSheetSize})
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
	k = &keptBook{a: a, dropped: safe.Dropped}
	part := fmt.Sprintf("xl/worksheets/sheet%d.xml", slices.Index(f.GetSheetList(), a.Sheet)+1) // inert names them so
	if err := k.takeRows(f, part); err != nil {
		return nil, err
	}
	if err := removeOldMarks(f, a.Sheet); err != nil {
		return nil, err
	}
	if k.blocked, err = findObstacles(f, a.Sheet); err != nil {
		return nil, err
	}
	if k.paint, err = newPainter(f); err != nil {
		return nil, err
	}
	if k.Workbook, err = workbook.FromFile(f, scratch); err != nil {
		return nil, err
	}
	k.ReplaceElement(part, "sheetData", k.rows.writeTo)
	k.notes, err = readComments(f, a.Sheet, parts)
	return k, err
}

// isUnchanged reports whether a file still has this hash.
func isUnchanged(path, sum string) bool {
	is, err := atomicfile.Hash(path)
	return err == nil && strings.EqualFold(is, sum)
}

// maxSheetSize keeps a sheet in memory, where takeRows finds it.
const maxSheetSize = 1 << 30

// takeRows takes the rows of the sheet out of excelize's hands, except for the
// first, and finds the headers among these.
func (k *keptBook) takeRows(f *excelize.File, part string) error {
	const fewRows = 100
	before, rows, after, err := splitSheet(workbook.RawPart(f, part))
	if err != nil {
		return err
	}
	k.isLocked = protectedSheet.Match(after)
	f.Pkg.Store(part, slices.Concat(before, []byte(sheetDataStart), firstRows(rows, max(fewRows, k.a.HeaderRow)), []byte(sheetDataEnd), after))
	first, err := f.GetRows(k.a.Sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		return err
	}
	k.header = k.a.findHeader(first)
	if k.a.Outcome {
		k.outcome = findOutcome(first, k.header, max(len(k.a.Header), usedColumns(rows)))
	}
	k.rows = &sheetData{rest: rows, style: func(column int) (int, error) {
		return f.GetColStyle(k.a.Sheet, workbook.ColumnName(column))
	}}
	return nil
}

// findHeader returns the row of the headers among the first of a sheet.
func (a *Annotation) findHeader(rows [][]string) int {
	if a.HeaderRow > 0 {
		return a.HeaderRow
	}
	isHeader := func(row []string) bool {
		for i, h := range a.Header {
			if h = strings.TrimSpace(h); h != "" && (i >= len(row) || strings.TrimSpace(row[i]) != h) {
				return false
			}
		}
		return true
	}
	return max(slices.IndexFunc(rows[:min(len(rows), 100)], isHeader)+1, 1)
}

// findOutcome returns the outcome columns that a row of headers has from an
// earlier run, or else the first empty ones.
func findOutcome(rows [][]string, header, width int) []int {
	var columns []int
	for _, name := range outcomeColumns() {
		at := -1
		if header <= len(rows) {
			at = indexHeader(rows[header-1], name)
		}
		if at < 0 {
			at = width
			width++
		}
		columns = append(columns, at)
	}
	return columns
}

// removeOldMarks removes the sheet of problems and the colours of an earlier
// annotation. Its comments go when the new ones are written.
func removeOldMarks(f *excelize.File, sheet string) error {
	for _, name := range f.GetSheetList() {
		if name == sheet {
			continue
		}
		if first, err := f.GetCellValue(name, "A1"); err == nil && first == problemsTitle {
			if err := f.DeleteSheet(name); err != nil {
				return err
			}
		}
	}
	return removePaint(f)
}

// write marks the rows and writes the workbook.
func (k *keptBook) write(w io.Writer) (done Result, err error) {
	saving := false
	defer func() {
		if r := recover(); r != nil {
			if err = fmt.Errorf("excelize: %v", r); !saving {
				err = errors.Join(errNotKept, err)
			}
		}
		err = errors.Join(err, k.Close())
	}()
	if err := k.writeOutcomeHeaders(); err != nil {
		return done, errors.Join(errNotKept, err)
	}
	rows := k.a.Rows
	if k.a.Marked != nil {
		rows = k.a.Marked
	}
	if done, err = k.a.writeRows(rows, target{k.placeMarks, k.writeRow, k.endRows}, k.Workbook, k.a.Sheet, k.notes); err != nil {
		return done, err
	}
	done.Dropped = k.dropped
	saving = true
	return done, k.Save(w, untouchedNote)
}

// writeRow marks a row.
func (k *keptBook) writeRow(r *Row) error {
	edits := map[int]*cellEdit{}
	at := func(column int) *cellEdit {
		if edits[column] == nil {
			edits[column] = &cellEdit{column: column}
		}
		return edits[column]
	}
	for column, isWarning := range markedColumns(r.Marks, r.Number) {
		at(column).mark = func(style int) int { return k.paint.over(style, isWarning) }
	}
	for _, column := range unansweredColumns(r.Marks) {
		at(column).setText(noValue)
	}
	if k.a.Outcome {
		for i, value := range []string{r.Status, r.Link, k.a.problemText(r)} {
			cell := at(k.outcome[i])
			cell.setText(reporttext.Clean(value))
			cell.mark = func(int) int { return k.Style.Text }
		}
	}
	return k.editRow(r.Number, edits)
}

// editRow changes cells of a row.
func (k *keptBook) editRow(number int, edits map[int]*cellEdit) error {
	if len(edits) == 0 {
		return nil
	}
	var list []cellEdit
	for _, e := range edits {
		list = append(list, *e)
	}
	if err := k.rows.edit(number, list); err != nil {
		return errors.Join(errNotKept, fmt.Errorf("row %d: %w", number, err))
	}
	return nil
}

// writeOutcomeHeaders writes the headers of the columns that are added, in the
// look of the last header.
func (k *keptBook) writeOutcomeHeaders() error {
	if !k.a.Outcome {
		return nil
	}
	style, err := k.File.GetCellStyle(k.a.Sheet, workbook.CellName(max(len(k.a.Header)-1, 0), k.header))
	edits := map[int]*cellEdit{}
	for i, name := range outcomeColumns() {
		e := &cellEdit{column: k.outcome[i], mark: func(int) int { return style }}
		e.setText(name)
		edits[e.column] = e
		if err == nil {
			column := workbook.ColumnName(k.outcome[i])
			err = k.File.SetColWidth(k.a.Sheet, column, column, []float64{18, 48, 72}[i])
		}
	}
	if err != nil {
		return err
	}
	return k.editRow(k.header, edits)
}

// maxFrozen leaves room to scroll below a header that is far down.
const maxFrozen = 15

// placeMarks moves marks to the first cell of a merged range, which shows the
// others. It notes what would keep the sender from correcting the cells.
func (k *keptBook) placeMarks(r *Row) []Mark {
	marks := slices.Clone(r.Marks)
	for i := range marks {
		m := &marks[i]
		column, row := k.blocked.firstCell(max(m.Column, 0), r.Number)
		if m.Column >= 0 {
			m.Column = column
		}
		if row != r.Number {
			m.anchor = row
		}
		if !m.Warning {
			k.blocked.note(column, row, k.a.Choices[m.Field])
		}
	}
	return marks
}

// endRows makes the cells that are to be corrected ready for that. It freezes the
// header, and whatever the sender has frozen.
func (k *keptBook) endRows(done *Result) error {
	widened, lifted, err := k.blocked.remove()
	if err != nil {
		return err
	}
	for _, column := range widened {
		done.Widened = append(done.Widened, k.a.columnTitle(k.a.columnHeader(column), ""))
	}
	for _, column := range lifted {
		done.Lifted = append(done.Lifted, k.a.columnTitle(k.a.columnHeader(column), ""))
	}
	done.Protected = k.isLocked
	panes, err := k.File.GetPanes(k.a.Sheet)
	if err != nil {
		return err
	}
	if panes.Freeze && panes.YSplit >= k.header || k.header > maxFrozen {
		return nil
	}
	if !panes.Freeze {
		panes.XSplit = 0
	}
	return k.File.SetPanes(k.a.Sheet, workbook.FrozenPanes(k.header, panes.XSplit))
}

// noValue is put into a cell whose value does not count. It is refused
// everywhere, so the row cannot pass before the cell was filled in.
const noValue = "#N/A"

// unansweredColumns returns the columns of cells that were refused because they
// showed the value of a formula, were struck out, or did not match their
// format. The result has no formula, and so no trace of the reason.
func unansweredColumns(marks []Mark) (columns []int) {
	for _, m := range marks {
		if (m.Code == "formula" || m.Code == "formula_uncached") && m.Column >= 0 && !m.Warning {
			columns = append(columns, m.Column)
		}
	}
	return columns
}

// markedColumns returns the columns that have marks, and whether these are
// warnings only. A mark on the whole row is on its first cell.
func markedColumns(marks []Mark, row int) map[int]bool {
	columns := map[int]bool{}
	for _, m := range marks {
		if m.anchor > 0 && m.anchor != row {
			continue // its cell is not seen
		}
		column := max(m.Column, 0)
		if isWarning, seen := columns[column]; !seen || isWarning {
			columns[column] = m.Warning
		}
	}
	return columns
}
