package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/internal/formula"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// fillRow makes a row of a record.
func (p *Pass) fillRow(row *Row, rec table.Record) {
	f := p.in.files[p.at]
	*row = Row{File: p.at, Number: rec.Number, Line: rec.Line, Names: p.in.columns, Issues: p.keepRead(f, &rec)}
	cells, columns := rec.Cells, len(f.header)
	switch {
	case f.width > 0 && !f.fitsWidth(p.in.matcher, cells):
		row.Issues = append(row.Issues, Issue{Column: -1, Code: "columns", Message: fmt.Sprintf("%s, header has %d. Remove or add the cells that shift the others", table.FormatCount(len(cells), "column"), columns)})
	case f.width == 0 && len(cells) > columns && !table.IsBlank(cells[columns:]):
		row.Issues = append(row.Issues, Issue{Column: -1, Code: "columns_beyond", Warning: true, Message: "cells to the right of the headers are not read"})
	}
	if len(cells) > columns {
		if !table.IsBlank(cells[columns:]) {
			row.Extra = cells[columns:]
		}
		cells = cells[:columns:columns]
	}
	for len(cells) < columns {
		cells = append(cells, "")
	}
	if f.rejects {
		for i := 0; f.guarded && i < len(cells); i++ {
			cells[i] = formula.Unguard(cells[i])
		}
		row.Origin, row.Was = strings.TrimSpace(cells[f.origin]), strings.TrimSpace(cells[f.was])
		row.Issues = append(row.Issues, f.findUnsettled(cells)...)
		if f.repeatsOnceCorrected(row, cells) {
			row.Was = repeatedRow
			p.repeats++
		}
	}
	row.Issues = append(row.Issues, f.findRounded(cells, row.Issues)...)
	for _, is := range row.Issues {
		if is.Column >= 0 && (is.Code == "struck_out" || is.Code == "number_format" || is.Code == "excel_rounded") { // the value is unknown, also in a rejects file
			cells[is.Column] = ""
		}
	}
	if p.in.isOtherHeader(cells) {
		row.Issues = append(row.Issues, Issue{Column: -1, Code: "header_repeated", Message: "column names, not a customer. Delete the row"})
	}
	row.Cells = cells
	cells, marks := f.removeRowMarks(cells)
	row.Issues = append(append(append(row.Issues, marks...), f.findDateIssues(cells)...), p.findForeign(f, cells)...)
	row.Values = pickCells(cells, f.values)
	f.joinCells(cells, row.Values)
	row.Carry = pickCells(cells, f.carry)
	row.Send = pickCells(cells, f.send)
	if f.id >= 0 {
		row.ID = cells[f.id]
	}
	for i := range row.Issues {
		if is := &row.Issues[i]; is.Column >= 0 && is.Column < columns && is.Field == "" {
			is.Field = f.mapped[is.Column].Name
		}
	}
}

// RowOf returns the row that a pass makes of a record of the first file, corrected by
// Options.Overlay, and whether a pass hands it on. above is the cells of the row above.
// What a pass sees in the row below is missing: a row that is cut in two.
func (in *Input) RowOf(rec table.Record, above []string) (row Row, isRead bool) {
	if in.opt.Overlay != nil && !in.opt.Overlay.Correct(&rec) {
		return row, false
	}
	if in.files[0].kindOf(in.matcher, &rec, above) != customerRow {
		return row, false
	}
	p := Pass{in: in}
	p.fillRow(&row, rec)
	return row, true
}

// detachValues copies the values of a large row, so that keeping them does not
// keep the whole text of the row. It drops what is too much to be kept.
func (r *Row) detachValues() {
	lists := [][]string{r.Values, r.Carry, r.Send, {r.ID}}
	size := 0
	for _, list := range lists {
		for _, cell := range list {
			size += len(cell)
		}
	}
	if size > limits.RowRead {
		r.Issues = append(r.Issues, Issue{Column: -1, Code: "row_too_long", Message: "the cells of the row that are read hold more than " + limits.FormatSize(limits.RowRead) + ". Shorten them"})
	}
	for _, list := range lists {
		for i, cell := range list {
			if list[i] = ""; size <= limits.RowRead || len(cell) <= limits.RowRead/64 {
				list[i] = strings.Clone(cell)
			}
		}
	}
	r.ID = lists[3][0]
}

// keepRead returns those issues of a record that are in columns that are read:
// what is wrong in another one is no reason to hold the customer back. It always
// makes a new list.
func (p *Pass) keepRead(f *file, rec *table.Record) []Issue {
	var kept []Issue
	for _, is := range rec.Issues {
		if f.isHarmlessMerge(&is, rec.Cells) {
			continue
		}
		if is.Column < 0 {
			kept = append(kept, is.Issue)
			continue
		}
		column, read := f.findRead(is.Column, max(is.Column, is.LastColumn))
		switch {
		case is.OnlyWritten && (!read || !f.written[column]):
		case is.OnlyDeciding && read && !f.isDeciding(column):
		case is.OnlyRequired:
			if column, found := f.findRequired(p.in.matcher, is.Column, max(is.Column, is.LastColumn)); found {
				is.Column = column
				kept = append(kept, is.Issue)
			}
		case read:
			is.Column = column
			kept = append(kept, is.Issue)
		case is.Code == "cell_too_long":
			// A quotation mark that is never closed swallows rows, in whatever column.
			kept = append(kept, is.Issue)
		case !is.Warning && is.Code != codeNumberFormat:
			p.unread++
		}
	}
	return kept
}

// codeMerged is the code of merged cells.
const codeMerged = "merged"

// codeNumberFormat is the code of amounts, percentages and the like. A column that is
// not read may have them.
const codeNumberFormat = "number_format"

// isHarmlessMerge reports whether merged cells hide nothing of a row: cells merged
// over columns without a header, as programs that export reports write them, or a
// header merged with empty cells below it.
func (f *file) isHarmlessMerge(is *table.CellIssue, cells []string) bool {
	if is.Code != codeMerged {
		return false
	}
	isHeader, first := is.FirstRow <= f.headerRow, is.Column
	if !isHeader {
		first++ // that cell has the value
		if is.FirstRow != is.LastRow {
			return false
		}
	}
	for column := first; column <= max(is.Column, is.LastColumn); column++ {
		if column < len(cells) && strings.TrimSpace(cells[column]) != "" || !isHeader && column < len(f.header) && strings.TrimSpace(f.header[column]) != "" {
			return false
		}
	}
	return true
}

// isDeciding reports whether a column is more than carried along.
func (f *file) isDeciding(column int) bool {
	return f.mapped[column].Field != "" || column == f.id || slices.Contains(f.send, column)
}

// findRead returns the first column from first to last that is read, preferring
// one that is a field.
func (f *file) findRead(first, last int) (column int, read bool) {
	last = min(last, len(f.header)-1)
	for c := first; c <= last; c++ {
		if f.mapped[c].Field != "" {
			return c, true
		}
	}
	for c := first; c <= last; c++ {
		if c == f.id || slices.Contains(f.carry, c) || slices.Contains(f.send, c) {
			return c, true
		}
	}
	return 0, false
}

// findRequired returns the first column from first to last in which every row needs
// a value.
func (f *file) findRequired(m *matcher, first, last int) (column int, found bool) {
	for i, field := range m.opt.Fields {
		if at := f.values[i]; at >= first && at <= last && m.isRequired(field) && (!found || at < column) {
			column, found = at, true
		}
	}
	return column, found
}

// pickCells copies the cells of some columns.
func pickCells(cells []string, columns []int) []string {
	picked := make([]string, len(columns))
	for i, column := range columns {
		if column >= 0 {
			picked[i] = cells[column]
		}
	}
	return picked
}
