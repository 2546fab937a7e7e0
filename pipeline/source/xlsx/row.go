package xlsx

import (
	"slices"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// readRow reads one row to its end; ok is false for a blank one.
func (p *Rows) readRow() (_ table.Record, ok bool, err error) {
	number := p.row + 1
	if r := p.s.attribute("r"); r != nil {
		if number, ok = parseIndex(r, limits.SheetRows); !ok || number == 0 {
			return table.Record{}, false, p.refuse(0, "a row after this one has an impossible number")
		}
	}
	if number <= p.row {
		return table.Record{}, false, p.refuse(0, "rows after this one are out of order or repeated")
	}
	if number > limits.SheetRows {
		return table.Record{}, false, p.refuse(0, "the sheet has more than 1,048,576 rows")
	}
	p.row, p.column = number, 0
	p.hidden = isTrue(p.s.attribute("hidden")) || string(p.s.attribute("ht")) == "0"
	p.cells, p.issues, p.size, p.filled, p.struck = p.cells[:0], p.issues[:0], 0, 0, 0
	for depth := p.s.depth(); p.s.depth() >= depth; {
		kind, err := p.s.next()
		switch {
		case err != nil:
			return table.Record{}, false, err
		case kind == xmlText && len(trimSpaceLeft(p.s.text)) > 0:
			return table.Record{}, false, p.refuse(0, "text is outside the cells")
		case kind != xmlStart:
			continue
		}
		main, err := p.ns.enterElement(p.s)
		switch {
		case err != nil:
		case main && string(p.s.name) == "c":
			if err = p.readCell(); err == nil && p.size > limits.Record {
				refusal := table.LongRow(0, 0)
				refusal.File = p.book.pkg.name
				err = p.locateError(p.column, refusal)
			}
		case main && string(p.s.name) != "extLst" || string(p.s.name) == "AlternateContent":
			err = p.refuse(0, "the row has something other than cells")
		default:
			err = p.s.skip()
		}
		if err != nil {
			return table.Record{}, false, err
		}
	}
	p.column = 0
	rec, ok := p.finishRow()
	return rec, ok, nil
}

func (p *Rows) finishRow() (table.Record, bool) {
	blank := table.IsBlank(p.cells) && !slices.ContainsFunc(p.issues, func(is table.CellIssue) bool { return !is.OnlyWritten })
	if p.merges != nil {
		filled := func(column int) bool { return column <= len(p.cells) && p.cells[column-1] != "" }
		p.merges.findTouching(p.row, filled, func(m mergedRange, hasData bool) {
			p.issues = append(p.issues, table.CellIssue{LastColumn: int(m.lastColumn) - 1, FirstRow: int(m.row), LastRow: int(m.lastRow), OnlyRequired: !hasData, Issue: table.Issue{
				Column: int(m.column) - 1, Code: "merged",
				Message: "cells " + table.CellName(int(m.column), int(m.row)) + " to " + table.CellName(int(m.lastColumn), int(m.lastRow)) + " are merged: unmerge them and fill in each one",
			}})
		})
	}
	if blank {
		return table.Record{}, false
	}
	if p.hidden {
		if p.found.hiddenRows++; p.found.hiddenRows == 1 {
			p.found.firstHidden = p.row
		}
	}
	if p.struck > 0 && p.struck == p.filled {
		if p.found.struckRows++; p.found.struckRows == 1 {
			p.found.firstStruck = p.row
		}
		p.issues = slices.DeleteFunc(p.issues, func(is table.CellIssue) bool { return is.Code == "struck_out" })
		p.issues = append(p.issues, table.CellIssue{Issue: table.Issue{Column: -1, Code: "struck_out_row",
			Message: StruckOutRow + ". Delete it, or remove the line through it if the customer is to be onboarded"}})
	}
	rec := table.Record{Number: p.row}
	if p.merges != nil {
		rec.Cells, rec.Issues = slices.Clone(p.cells), append(rec.Issues, p.issues...)
	}
	return rec, true
}
