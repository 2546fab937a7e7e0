package xlsx

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// ReadSheet returns the rows of a sheet, and what a look at the sheet does not
// show. refuseFormulas makes each formula an issue.
//
// When it returns, the whole sheet has been read once and found sound: every
// structural error is known, and so are the merged ranges, which are written
// behind the rows. The rows are a second pass over the same part.
func (b *Workbook) ReadSheet(sheet Sheet, refuseFormulas bool) (*Rows, []table.Note, error) {
	found, err := b.survey(sheet, refuseFormulas)
	if err != nil {
		return nil, nil, err
	}
	rows, err := b.OpenSheet(sheet)
	if err != nil {
		return nil, nil, err
	}
	rows.refuseFormulas = refuseFormulas
	rows.merges = newMergeSweep(found.merges)
	rows.hiddenColumns = found.hiddenColumns
	return rows, b.noteFindings(found, sheet, refuseFormulas), nil
}

// survey reads a sheet through and keeps only what it finds.
func (b *Workbook) survey(sheet Sheet, refuseFormulas bool) (_ *sheetFindings, err error) {
	p, err := b.OpenSheet(sheet)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	p.refuseFormulas, p.merges = refuseFormulas, nil
	for err == nil {
		_, err = p.Next()
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if newMergeSweep(p.found.merges).hasOverlap() {
		p.row = 0
		return nil, p.refuse(0, "merged ranges of the sheet overlap")
	}
	return &p.found, nil
}

// countAre returns "1 row with data is" or "2 rows with data are".
func countAre(n int, what, which string) string {
	verb := "are"
	if n == 1 {
		verb = "is"
	}
	return table.FormatCount(n, what) + which + " " + verb
}

// noteFindings says what the survey found.
func (b *Workbook) noteFindings(f *sheetFindings, sheet Sheet, refuseFormulas bool) []table.Note {
	var notes []table.Note
	warn := func(code, format string, args ...any) {
		notes = append(notes, table.Note{Code: code, Message: fmt.Sprintf(format, args...), Warning: true})
	}
	if sheet.hidden {
		warn("hidden_sheet", "the sheet is hidden, but it was chosen, so it is read")
	}
	if f.hiddenRows > 0 {
		code, why := "hidden_rows", "hidden"
		if f.filtered {
			code, why = "filtered_rows", "hidden by a filter or by hand"
		}
		warn(code, "%s %s, the first is row %d. Such rows are read like the others", countAre(f.hiddenRows, "row", " with data"), why, f.firstHidden)
	}
	var columns []string
	for column, used := range f.used {
		if used && f.isHidden(column) {
			columns = append(columns, table.ColumnName(column))
		}
	}
	if len(columns) > 0 {
		warn("hidden_columns", "hidden columns with data are read like the others: %s", strings.Join(columns, ", "))
	}
	if f.struckRows > 0 {
		warn("struck_out_rows", "%s struck out, the first is row %d. Such rows are not sent", countAre(f.struckRows, "row", ""), f.firstStruck)
	}
	if f.formatted > 0 {
		warn("number_format", "%s read as the number format shows them, such as 02139 for 2139", countAre(f.formatted, "cell", ""))
	}
	switch {
	case f.formulas == 0 || refuseFormulas:
	case b.stale:
		warn("formulas", "%s made by formulas that are not calculated yet, according to the workbook. Open it in a spreadsheet program and save it", countAre(f.formulas, "cell", ""))
	default:
		warn("formulas", "%s made by formulas. The results saved with the workbook are used", countAre(f.formulas, "cell", ""))
	}
	return notes
}

func (f *sheetFindings) isHidden(column int) bool { return isWithin(f.hiddenColumns, column) }

// isWithin reports whether one of the spans has a column.
func isWithin(spans []columnSpan, column int) bool {
	return slices.ContainsFunc(spans, func(s columnSpan) bool { return s.first <= column && column <= s.last })
}

// HiddenColumns returns which of the first columns of a sheet are hidden, from
// 0. ReadSheet has found them.
func (p *Rows) HiddenColumns(columns int) (hidden []int) {
	for column := range columns {
		if isWithin(p.hiddenColumns, column+1) {
			hidden = append(hidden, column)
		}
	}
	return hidden
}
