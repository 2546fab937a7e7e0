package source

import "strings"

// readCell reads one cell to its end.
func (p *sheetPass) readCell() error {
	column := p.column + 1
	if ref := p.s.attr("r"); ref != nil {
		c, row, ok := parseCellRef(ref)
		switch {
		case !ok:
			return p.fail(0, "a cell has a reference that no sheet has")
		case row != p.row:
			return p.fail(0, "a cell says that it belongs to another row")
		}
		column = c
	}
	switch {
	case column <= p.column:
		return p.fail(p.column, "cells are out of order after this one, or one is there twice")
	case column > maxSheetColumn:
		return p.fail(0, "the row has more than 16,384 columns")
	}
	p.column = column
	style := 0
	if s := p.s.attr("s"); s != nil {
		var ok bool
		if style, ok = parseIndex(s, 1<<30); !ok || !p.book.hasStyle(style) {
			return p.fail(column, "the cell has a style that the workbook does not have")
		}
	}
	kind, ok := cellKindOf(p.s.attr("t"))
	if !ok {
		return p.fail(column, "the cell is of a kind that does not exist")
	}
	if p.s.closed {
		_, err := p.s.next()
		return err
	}
	formula, value, err := p.readCellParts(kind)
	if err != nil {
		return err
	}
	if column > maxReadColumn && (formula || len(p.text) > 0) {
		return p.at(column, &Error{File: p.book.pkg.name, Reason: "the sheet has data beyond column 1,000", Hint: "Take the columns out that are no part of the list"})
	}
	// LibreOffice writes TRUE as a formula: that is as good as written by hand.
	written := kind == cellBool && value && (string(p.formula) == "TRUE()" && string(p.text) == "1" || string(p.formula) == "FALSE()" && string(p.text) == "0")
	if formula && !written {
		p.found.formulas++
		if p.refuse {
			p.issue("formula", "the cell is a formula, and --formulas refuse is set", false)
		}
		if !value || len(p.text) == 0 && kind != cellText {
			p.issue("formula_uncached", uncalculated+": open the workbook in a spreadsheet program and save it, or paste the values", false)
			return nil
		}
		if p.book.stale {
			p.issue("formula_uncached", uncalculated+": the workbook says its formulas are not calculated yet. open it in a spreadsheet program and save it, or paste the values", false)
			return nil
		}
		if !p.refuse {
			p.issue("formula", "the cell is a formula, and this has to be said by somebody. write the value itself", false)
			p.issues[len(p.issues)-1].written = true
		}
	}
	if !value || column > maxReadColumn {
		return nil
	}
	err = p.convert(kind, style)
	p.strike(p.book.isStruck(style))
	return err
}

// strike notes that the text of the current cell has a line through it. Only
// fonts count, of the cell and of its runs; conditional formats, which take
// calculating, are not looked at.
func (p *sheetPass) strike(cellStruck bool) {
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
	p.issue("struck_out", struckOutCell+". enter the value that counts, without struck-out text", false)
}

// readCellParts reads a cell's children; p.text is its value as it stands.
func (p *sheetPass) readCellParts(kind cellKind) (formula, value bool, err error) {
	p.text, p.runs = p.text[:0], asTheCell
	for depth := p.s.depth(); p.s.depth() >= depth; {
		token, err := p.s.next()
		switch {
		case err != nil:
			return false, false, err
		case token == xmlText && len(trimSpaceLeft(p.s.text)) > 0:
			return false, false, p.fail(p.column, "text stands outside the cell's value")
		case token != xmlStart:
			continue
		}
		main, err := p.ns.enter(p.s)
		if err != nil {
			return false, false, err
		}
		name := string(p.s.name)
		switch {
		case main && name == "f":
			formula = true
			p.formula, err = readText(p.s, p.formula[:0])
		case main && (name == "v" && kind != cellInline || name == "is" && kind == cellInline):
			if value {
				return false, false, p.fail(p.column, "the cell has two values")
			}
			value = true
			if name == "v" {
				p.text, err = readText(p.s, p.text)
			} else {
				p.text, p.runs, err = readRichText(p.s, &p.ns, p.text)
			}
		case main && name != "extLst" && name != "is" && name != "v" || name == "AlternateContent":
			return false, false, p.fail(p.column, "the cell has contents of an unknown kind")
		case main && name != "extLst":
			return false, false, p.fail(p.column, "the cell's value is not of the kind it says")
		default:
			err = p.s.skip()
		}
		if err != nil {
			return false, false, err
		}
	}
	return formula, value, nil
}

type cellKind int

const (
	cellNumber cellKind = iota
	cellShared
	cellText // result of a formula
	cellInline
	cellBool
	cellError
	cellISODate
)

// cellKindOf reads ECMA-376 part 1, 18.18.11 ST_CellType.
func cellKindOf(t []byte) (cellKind, bool) {
	switch string(t) {
	case "", "n":
		return cellNumber, true
	case "s":
		return cellShared, true
	case "str":
		return cellText, true
	case "inlineStr":
		return cellInline, true
	case "b":
		return cellBool, true
	case "e":
		return cellError, true
	case "d":
		return cellISODate, true
	}
	return 0, false
}

// convert gives the cell its text from p.text, by kind and number format.
func (p *sheetPass) convert(kind cellKind, style int) error {
	if kind == cellText || kind == cellInline {
		p.set(p.book.format(style).shownText(string(unescape(p.text))))
		return nil
	}
	stored := trimSpace(p.text)
	if len(stored) == 0 {
		return nil
	}
	switch kind {
	case cellShared:
		i, ok := parseIndex(stored, 1<<31-1)
		if !ok {
			i = -1
		}
		text, ok, err := p.book.strings.get(i)
		if err != nil {
			return err
		}
		if !ok {
			return p.fail(p.column, "the cell refers to a text that the workbook does not have")
		}
		p.runs = p.book.strings.runsOf(i)
		p.set(p.book.format(style).shownText(text))
	case cellBool:
		text, ok := boolText(stored)
		if !ok {
			return p.fail(p.column, "the cell is neither TRUE nor FALSE, and says it is one of them")
		}
		p.set(text)
	case cellError:
		p.set(string(stored))
		p.issue("cell_error", "the cell shows an error of a formula: mend it", false)
	case cellISODate:
		p.set(string(stored))
		p.issue("date_cell", dateMessage, true)
	default:
		return p.convertNumber(stored, style)
	}
	return nil
}

const dateMessage = "the cell is a date or a time: format the column as text if it should be none"

func (p *sheetPass) convertNumber(stored []byte, style int) error {
	text, rounded, ok := numberText(stored)
	if !ok {
		return p.fail(p.column, "the cell is no number, and says it is one")
	}
	format := p.book.format(style)
	if format.kind != formatNumber {
		if date, ok := dateText(stored, format.kind, p.book.from1904); ok {
			p.set(date)
			p.issue("date_cell", dateMessage, true)
			return nil
		}
		p.set(text)
		p.issue("date_range", "the cell is formatted as a date that does not exist", false)
		return nil
	}
	if rounded {
		p.set(text)
		p.issue("number_rounded", "the number has more than 15 digits, of which spreadsheet programs keep 15: format the column as text and enter it again", false)
		return nil
	}
	shown, ok := format.shown(text)
	if !ok {
		p.issue("number_format", unlikeShown+", such as a percentage, an amount of money or rounded. format the column as text and enter the value itself", false)
		p.issues[len(p.issues)-1].sent = true
	}
	if shown != text {
		p.found.formatted++
	}
	p.set(shown)
	return nil
}

func trimSpace(b []byte) []byte {
	b = trimSpaceLeft(b)
	for len(b) > 0 && isXMLSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}
