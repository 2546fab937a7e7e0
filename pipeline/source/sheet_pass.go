package source

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// sheetPass reads one worksheet part front to back. It checks and reads in one
// go: excelize returns no error for a part that is cut short, has its rows out
// of order or hides what a cell is (its type, style, formula), so it reads the
// structure and the styles of the workbook and this reads the cells.
//
// What stands behind the rows (merged ranges, filter) is known only after them.
// A workbook is therefore surveyed once, and rows are read in a second pass
// that knows; see openXLSX.
type sheetPass struct {
	book   *workbook
	sheet  string
	part   io.ReadCloser
	s      *xmlScanner
	ns     namespace
	refuse bool        // formulas
	merges *mergeSweep // nil in the survey

	found   sheetFindings
	state   passState
	row     int // last row that began
	hidden  bool
	column  int      // last column in it
	cells   []string // of the row, by column
	issues  []cellIssue
	size    int // bytes of cells
	filled  int // cells of the row with a value
	struck  int // those struck out as a whole
	text    []byte
	runs    textRuns // of the cell
	formula []byte   // of the cell, if it is one
}

type passState int

const (
	beforeRows passState = iota
	inRows
	afterRows
	atEnd
)

// sheetFindings is what a pass learns about its sheet as a whole.
type sheetFindings struct {
	hiddenRows    int // with data
	firstHidden   int
	filtered      bool // a filter is set
	hiddenColumns []columnSpan
	used          [maxReadColumn + 1]bool // columns with data
	struckRows    int                     // struck out as a whole
	firstStruck   int
	formulas      int // cells
	formatted     int // cells whose number format shows what is not stored
	merges        []mergedRange
}

type columnSpan struct{ first, last int }

func newSheetPass(book *workbook, sheet bookSheet) (*sheetPass, error) {
	part, err := book.pkg.open(sheet.part)
	if err != nil {
		return nil, err
	}
	return &sheetPass{book: book, sheet: sheet.name, part: part, s: newXMLScanner(part), ns: namespace{root: "worksheet"}}, nil
}

// Close releases the part.
func (p *sheetPass) Close() error { return p.part.Close() }

// next returns the next row that is not blank, or io.EOF after the whole part
// was read and found well-formed. In the survey the record has no cells.
func (p *sheetPass) next() (record, error) {
	for p.state != atEnd {
		kind, err := p.s.next()
		if err != nil {
			return record{}, p.at(0, p.book.pkg.broken("/worksheets/", err))
		}
		switch kind {
		case xmlEOF:
			p.state = atEnd
		case xmlEnd:
			if p.state == inRows && p.s.depth() == 1 {
				p.state = afterRows
			}
		case xmlText:
			if p.state == inRows && len(trimSpaceLeft(p.s.text)) > 0 {
				return record{}, p.fail(0, "text stands outside the cells")
			}
		case xmlStart:
			rec, ok, err := p.element()
			if err != nil {
				return record{}, p.at(p.column, p.book.pkg.broken("/worksheets/", err))
			}
			if ok {
				return rec, nil
			}
		}
	}
	return record{}, io.EOF
}

// element handles a start tag above the cells.
func (p *sheetPass) element() (record, bool, error) {
	main, err := p.ns.enter(p.s)
	if err != nil || p.s.depth() == 1 {
		return record{}, false, err
	}
	name := string(p.s.name)
	if p.state == inRows {
		switch {
		case main && name == "row":
			return p.readRow()
		case main || name == "AlternateContent":
			return record{}, false, p.fail(0, "something else than rows stands among the rows")
		}
		return record{}, false, p.s.skip()
	}
	switch {
	case !main:
		return record{}, false, p.s.skip()
	case p.s.depth() == 2 && name == "sheetData":
		if p.state != beforeRows {
			return record{}, false, p.fail(0, "the sheet has two sets of rows")
		}
		p.state = inRows
		if p.s.closed {
			p.state = afterRows
		}
	case name == "cols" && p.s.depth() == 2, name == "mergeCells" && p.s.depth() == 2:
	case name == "col" && p.s.depth() == 3:
		return record{}, false, p.readColumnSpan()
	case name == "mergeCell" && p.s.depth() == 3:
		return record{}, false, p.readMerge()
	case name == "autoFilter" && p.s.depth() == 2:
	case name == "filterColumn" && p.s.depth() == 3:
		p.found.filtered = true
		return record{}, false, p.s.skip()
	default:
		return record{}, false, p.s.skip()
	}
	return record{}, false, nil
}

func (p *sheetPass) readColumnSpan() error {
	width := p.s.attr("width")
	if !isTrue(p.s.attr("hidden")) && string(width) != "0" {
		return p.s.skip()
	}
	first, ok1 := parseIndex(p.s.attr("min"), maxSheetColumn)
	last, ok2 := parseIndex(p.s.attr("max"), maxSheetColumn)
	if !ok1 || !ok2 || len(p.found.hiddenColumns) >= maxSheetColumn {
		return p.fail(0, "its column settings name columns that do not exist")
	}
	p.found.hiddenColumns = append(p.found.hiddenColumns, columnSpan{first, last})
	return p.s.skip()
}

func (p *sheetPass) readMerge() error {
	m, ok := parseMerge(p.s.attr("ref"))
	if !ok {
		return p.fail(0, "a merged range names cells that do not exist")
	}
	if p.merges == nil && m.column <= maxReadColumn && (m.row < m.lastRow || m.column < m.lastColumn) {
		if len(p.found.merges) >= maxMerges {
			return p.fail(0, "more than 1,000,000 ranges of cells are merged")
		}
		p.found.merges = append(p.found.merges, m)
	}
	return p.s.skip()
}

// readRow reads one row to its end; ok is false for a blank one.
func (p *sheetPass) readRow() (_ record, ok bool, err error) {
	number := p.row + 1
	if r := p.s.attr("r"); r != nil {
		if number, ok = parseIndex(r, maxSheetRow); !ok || number == 0 {
			return record{}, false, p.fail(0, "a row after this one has a number that no sheet has")
		}
	}
	if number <= p.row {
		return record{}, false, p.fail(0, "rows are out of order after this one, or one is there twice")
	}
	if number > maxSheetRow {
		return record{}, false, p.fail(0, "the sheet has more than 1,048,576 rows")
	}
	p.row, p.column = number, 0
	p.hidden = isTrue(p.s.attr("hidden")) || string(p.s.attr("ht")) == "0"
	p.cells, p.issues, p.size, p.filled, p.struck = p.cells[:0], p.issues[:0], 0, 0, 0
	for depth := p.s.depth(); p.s.depth() >= depth; {
		kind, err := p.s.next()
		switch {
		case err != nil:
			return record{}, false, err
		case kind == xmlText && len(trimSpaceLeft(p.s.text)) > 0:
			return record{}, false, p.fail(0, "text stands outside the cells")
		case kind != xmlStart:
			continue
		}
		main, err := p.ns.enter(p.s)
		switch {
		case err != nil:
		case main && string(p.s.name) == "c":
			if err = p.readCell(); err == nil && p.size > limits.Record {
				refusal := tooLargeRow(0, 0)
				refusal.File = p.book.pkg.name
				err = p.at(p.column, refusal)
			}
		case main && string(p.s.name) != "extLst" || string(p.s.name) == "AlternateContent":
			err = p.fail(0, "something else than cells stands among the cells")
		default:
			err = p.s.skip()
		}
		if err != nil {
			return record{}, false, err
		}
	}
	p.column = 0
	rec, ok := p.finishRow()
	return rec, ok, nil
}

func (p *sheetPass) finishRow() (record, bool) {
	blank := !slices.ContainsFunc(p.issues, func(is cellIssue) bool { return !is.written })
	for i := 0; blank && i < len(p.cells); i++ {
		blank = strings.TrimSpace(p.cells[i]) == ""
	}
	if p.merges != nil {
		filled := func(column int) bool { return column <= len(p.cells) && p.cells[column-1] != "" }
		p.merges.at(p.row, filled, func(m mergedRange) {
			p.issues = append(p.issues, cellIssue{last: int(m.lastColumn) - 1, Issue: Issue{
				Column: int(m.column) - 1, Code: "merged",
				Message: "cells " + CellName(int(m.column), int(m.row)) + " to " + CellName(int(m.lastColumn), int(m.lastRow)) + " are merged: unmerge them and fill in each one",
			}})
		})
	}
	if blank {
		return record{}, false
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
		p.issues = slices.DeleteFunc(p.issues, func(is cellIssue) bool { return is.Code == "struck_out" })
		p.issues = append(p.issues, cellIssue{Issue: Issue{Column: -1, Code: "struck_out_row",
			Message: struckOutRow + ". delete it, or remove the line through it if the customer is to be onboarded"}})
	}
	rec := record{number: p.row}
	if p.merges != nil {
		rec.cells = append(make([]string, 0, len(p.cells)), p.cells...)
		if len(p.issues) > 0 {
			rec.issues = append([]cellIssue(nil), p.issues...)
		}
	}
	return rec, true
}

// set gives the current cell its text.
func (p *sheetPass) set(text string) {
	if text == "" {
		return
	}
	for len(p.cells) < p.column {
		p.cells = append(p.cells, "")
	}
	p.cells[p.column-1] = text
	if p.size += len(text); len(text) > maxShown && utf8.RuneCountInString(text) > maxShown {
		p.issue("cell_too_long", tooLong, false)
	}
	p.found.used[p.column] = true
}

func (p *sheetPass) issue(code, message string, warning bool) {
	p.issues = append(p.issues, cellIssue{Issue: Issue{Column: p.column - 1, Code: code, Message: message, Warning: warning}})
}

// fail refuses the file because of what stands at the current row, and column
// if it is not 0.
func (p *sheetPass) fail(column int, reason string) error {
	return p.at(column, &Error{File: p.book.pkg.name, Reason: reason, Hint: "Open the workbook in a spreadsheet program and save it again"})
}

// at adds sheet, row and column to an error that does not have them yet.
func (p *sheetPass) at(column int, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Sheet == "" {
		e.Sheet, e.Row, e.Column = p.sheet, p.row, column
		e.Cell = CellName(column, p.row)
	}
	return err
}

func isTrue(attr []byte) bool {
	return bytes.Equal(attr, []byte("1")) || bytes.Equal(attr, []byte("true"))
}
