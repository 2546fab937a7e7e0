package xlsx

import (
	"bytes"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// These begin the messages of issues that a list of text, such as a rejects
// file, cannot show by itself.
const (
	StruckOutRow  = "the row is struck out"
	StruckOutCell = "text in the cell is struck out"
	OtherForm     = "the sheet shows this number in another form"
	MissingResult = "the cell is a formula without a result"
	RoundedForm   = "the number is rounded"
)

// readCell reads one cell to its end.
func (p *Rows) readCell() error {
	column := p.column + 1
	if ref := p.s.attribute("r"); ref != nil {
		c, row, ok := parseCellRef(ref)
		switch {
		case !ok:
			return p.refuse(0, "a cell has an impossible reference")
		case row != p.row:
			return p.refuse(0, "a cell says that it belongs to another row")
		}
		column = c
	}
	switch {
	case column <= p.column:
		return p.refuse(p.column, "cells after this one are out of order or repeated")
	case column > limits.SheetColumns:
		return p.refuse(0, "the row has more than 16,384 columns")
	}
	p.column = column
	style := 0
	if s := p.s.attribute("s"); len(s) > 0 {
		var ok bool
		if style, ok = parseIndex(s, 1<<30); !ok || !p.book.hasStyle(style) {
			return p.refuse(column, "the cell has a style that the workbook does not have")
		}
	}
	kind := string(p.s.attribute("t"))
	p.linked = len(p.s.attribute("vm")) > 0
	if !slices.Contains([]string{"", cellNumber, cellShared, cellText, cellInline, cellBool, cellError, cellISODate}, kind) {
		return p.refuse(column, "the cell is of a kind that does not exist")
	}
	if p.s.closed {
		_, err := p.s.next()
		return err
	}
	formula, value, err := p.readCellParts(kind)
	if err != nil {
		return err
	}
	p.linked = p.linked && !formula // a formula with an error may have such a mark, too
	if column > limits.Columns && (formula || len(p.text) > 0) {
		return p.locateError(column, &table.Error{File: p.book.pkg.name, Reason: "the sheet has data beyond column 1,000", Hint: "Remove the columns that are not part of the list"})
	}
	// LibreOffice writes TRUE as a formula: that is as good as written by hand.
	written := kind == cellBool && value && (string(p.formula) == "TRUE()" && string(p.text) == "1" || string(p.formula) == "FALSE()" && string(p.text) == "0")
	if formula && !written {
		p.found.formulas++
		if p.refuseFormulas {
			p.addIssue("formula", "the cell is a formula, and --formulas refuse is set", false)
		}
		if !value || len(p.text) == 0 && kind != cellText {
			p.addIssue("formula_uncached", MissingResult+": open the workbook in a spreadsheet program and save it, or paste the values", false)
			return nil
		}
		if p.book.stale {
			p.addIssue("formula_uncached", MissingResult+": the workbook says that its formulas are not calculated yet. Open it in a spreadsheet program and save it, or paste the values", false)
			return nil
		}
		if !p.refuseFormulas {
			p.addIssue("formula", "the cell is a formula, but this value must be entered by hand. Enter the value itself", false)
			p.issues[len(p.issues)-1].OnlyWritten = true
		}
	}
	if !value || column > limits.Columns {
		return nil
	}
	err = p.convertCell(kind, style)
	p.checkStruckOut(p.book.isStruck(style))
	return err
}

// checkStruckOut notes that the text of the current cell has a line through it.
// Only fonts count, of the cell and of its runs: conditional formats would have
// to be calculated.
func (p *Rows) checkStruckOut(cellStruck bool) {
	if p.column > len(p.cells) || strings.TrimSpace(p.cells[p.column-1]) == "" {
		return
	}
	p.filled++
	if cellStruck && p.runs&asTheCell != 0 {
		p.runs |= struckRun
	} else if p.runs&asTheCell != 0 {
		p.runs |= plainRun
	}
	if p.runs&struckRun == 0 {
		return
	}
	if p.runs&plainRun == 0 {
		p.struck++
	}
	p.addIssue("struck_out", StruckOutCell+". Enter the value that counts, without struck-out text", false)
}

// readCellParts reads a cell's children, and leaves its stored value in p.text.
func (p *Rows) readCellParts(kind string) (formula, value bool, err error) {
	p.text, p.runs, p.inline = p.text[:0], asTheCell, kind == cellInline
	for depth := p.s.depth(); p.s.depth() >= depth; {
		token, err := p.s.next()
		switch {
		case err != nil:
			return false, false, err
		case token == xmlText && len(trimSpaceLeft(p.s.text)) > 0:
			return false, false, p.refuse(p.column, "text is outside the cell's value")
		case token != xmlStart:
			continue
		}
		main, err := p.ns.enterElement(p.s)
		if err != nil {
			return false, false, err
		}
		name := string(p.s.name)
		switch {
		case main && name == "f":
			formula = true
			p.formula, err = readText(p.s, p.formula[:0])
		case main && (name == "v" || name == "is" && kind == cellInline):
			value, err = p.readValue(name, value)
		case main && name != "extLst" && name != "is" || name == "AlternateContent":
			return false, false, p.refuse(p.column, "the cell has contents of an unknown kind")
		case main && name != "extLst":
			return false, false, p.refuse(p.column, "the cell's value is not of its declared kind")
		default:
			err = p.s.skip()
		}
		if err != nil {
			return false, false, err
		}
	}
	return formula, value, nil
}

// readValue reads a v or is element. A cell has one value: some programs write
// that of an inline text twice, or an empty v beside it.
func (p *Rows) readValue(name string, hasValue bool) (_ bool, err error) {
	first := string(p.text)
	if name == "v" {
		p.text, err = readText(p.s, p.text[:0])
	} else {
		p.text, p.runs, err = readRichText(p.s, &p.ns, p.text[:0])
	}
	switch {
	case err != nil || !hasValue:
		return true, err
	case string(p.text) == first || len(p.text) == 0 && p.inline:
		p.text = append(p.text[:0], first...)
	case first != "" || !p.inline:
		return true, p.refuse(p.column, "the cell has two values")
	}
	return true, nil
}

// The kinds of cells (ECMA-376 part 1, 18.18.11 ST_CellType). Numbers may be
// without one.
const (
	cellNumber  = "n"
	cellShared  = "s"
	cellText    = "str" // result of a formula
	cellInline  = "inlineStr"
	cellBool    = "b"
	cellError   = "e"
	cellISODate = "d"
)

// convertCell gives the cell its text from p.text, by kind and number format.
func (p *Rows) convertCell(kind string, style int) error {
	if kind == cellText || kind == cellInline {
		p.setText(p.book.format(style).showText(string(unescapeText(p.text))))
		return nil
	}
	stored := bytes.Trim(p.text, " \t\r\n")
	if len(stored) == 0 {
		return nil
	}
	switch kind {
	case cellShared:
		i, ok := parseIndex(stored, 1<<31-1)
		if !ok {
			i = -1
		}
		text, ok, err := p.book.strings.readText(i)
		if err != nil {
			return err
		}
		if !ok {
			return p.refuse(p.column, "the cell refers to a text that the workbook does not have")
		}
		p.runs = p.book.strings.runsAt(i)
		p.setText(p.book.format(style).showText(text))
	case cellBool:
		text := map[string]string{"1": "TRUE", "true": "TRUE", "0": "FALSE", "false": "FALSE"}[string(stored)]
		if text == "" {
			return p.refuse(p.column, "the cell is declared as TRUE or FALSE but is neither")
		}
		p.setText(text)
	case cellError:
		p.setText(string(stored))
		if p.linked {
			p.addIssue("linked_data", "the cell holds a linked data type or a picture, of which other programs see only an error. Right-click it in Excel, choose Data Type, then Convert to Text", false)
		} else {
			p.addIssue("cell_error", "the cell shows an error of a formula: correct it", false)
		}
	case cellISODate:
		p.setText(string(stored))
		p.addIssue("date_cell", dateMessage, true)
	default:
		return p.convertNumber(stored, style)
	}
	return nil
}

const dateMessage = "the cell is a date or a time: format the column as text if it should not be one"

func (p *Rows) convertNumber(stored []byte, style int) error {
	text, rounded, ok := numberText(stored)
	if !ok {
		return p.refuse(p.column, "the cell is declared as a number but is not one")
	}
	format := p.book.format(style)
	if format.kind != kindNumber {
		if date, ok := dateText(stored, format.kind, p.book.from1904); ok {
			p.setText(date)
			p.addIssue("date_cell", dateMessage, true)
			return nil
		}
		p.setText(text)
		p.addIssue("date_range", "the cell is formatted as a date that does not exist", false)
		return nil
	}
	if rounded {
		p.setText(text)
		p.addIssue("number_rounded", "the number has more than 15 digits, of which spreadsheets keep only 15: format the column as text and enter it again", false)
		return nil
	}
	if format.isScientific(text) {
		p.addIssue("excel_rounded", RoundedForm+": the sheet shows it in scientific form, such as 1.4E+10, and digits may be lost. Format the column as text and enter the number again from its source", false)
		p.issues[len(p.issues)-1].OnlyDeciding = true
	}
	shown, ok := format.showNumber(text)
	if !ok {
		p.addIssue("number_format", OtherForm+", such as a percentage, an amount of money or a rounded number. Format the column as text and enter the value itself", false)
		p.issues[len(p.issues)-1].OnlyDeciding = true
	}
	if shown != text {
		p.found.formatted++
	}
	p.setText(shown)
	return nil
}
