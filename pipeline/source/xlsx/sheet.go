package xlsx

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// Rows reads one worksheet part front to back, checking it as it goes.
type Rows struct {
	book           *Workbook
	sheet          string
	part           io.ReadCloser
	s              *xmlScanner
	ns             namespace
	refuseFormulas bool
	merges         *mergeSweep // nil in a survey, whose records have no cells
	hiddenColumns  []columnSpan

	found   sheetFindings
	state   passState
	row     int // last row that began
	hidden  bool
	column  int      // last column in it
	cells   []string // of the row, by column
	issues  []table.CellIssue
	size    int // bytes of cells
	filled  int // cells of the row with a value
	struck  int // those struck out as a whole
	text    []byte
	runs    textRuns // of the cell
	formula []byte   // of the cell, if it is one
	inline  bool     // the cell's text is in the sheet
	linked  bool     // the cell has a value that its part does not hold: a linked data type, a picture
}

type passState int

const (
	beforeRows passState = iota
	inRows
	afterRows
	atEnd
)

// sheetFindings is what a pass finds out about its sheet as a whole.
type sheetFindings struct {
	hiddenRows    int // with data
	firstHidden   int
	filtered      bool // a filter is set
	hiddenColumns []columnSpan
	used          [limits.Columns + 1]bool // columns with data
	struckRows    int                      // struck out as a whole
	firstStruck   int
	formulas      int // cells
	formatted     int // cells whose number format shows what is not stored
	merges        []mergedRange
}

type columnSpan struct{ first, last int }

// OpenSheet returns the rows of a sheet that was not read through before: faults
// in later rows come up when they are reached, and merged cells go unnoticed.
func (b *Workbook) OpenSheet(sheet Sheet) (*Rows, error) {
	part, err := b.pkg.openPart(sheet.part)
	if err != nil {
		return nil, err
	}
	return &Rows{book: b, sheet: sheet.Name, part: part, s: newXMLScanner(part), ns: namespace{root: "worksheet"}, merges: &mergeSweep{}}, nil
}

// Close releases the part.
func (p *Rows) Close() error { return p.part.Close() }

// Next returns the next row that is not blank, or io.EOF after the whole part
// was read and found well-formed. Other errors are *table.Error.
func (p *Rows) Next() (table.Record, error) {
	for p.state != atEnd {
		kind, err := p.s.next()
		if err != nil {
			return table.Record{}, p.locateError(0, p.book.pkg.partError("/worksheets/", err))
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
				return table.Record{}, p.refuse(0, "text is outside the cells")
			}
		case xmlStart:
			rec, ok, err := p.readElement()
			if err != nil {
				return table.Record{}, p.locateError(p.column, p.book.pkg.partError("/worksheets/", err))
			}
			if ok {
				return rec, nil
			}
		}
	}
	return table.Record{}, io.EOF
}

// readElement reads a start tag outside the rows, or a row.
func (p *Rows) readElement() (table.Record, bool, error) {
	main, err := p.ns.enterElement(p.s)
	if err != nil || p.s.depth() == 1 {
		return table.Record{}, false, err
	}
	name := string(p.s.name)
	if p.state == inRows {
		switch {
		case main && name == "row":
			return p.readRow()
		case main || name == "AlternateContent":
			return table.Record{}, false, p.refuse(0, "the sheet has something other than rows")
		}
		return table.Record{}, false, p.s.skip()
	}
	switch {
	case !main:
		return table.Record{}, false, p.s.skip()
	case p.s.depth() == 2 && name == "sheetData":
		if p.state != beforeRows {
			return table.Record{}, false, p.refuse(0, "the sheet has two sets of rows")
		}
		p.state = inRows
		if p.s.closed {
			p.state = afterRows
		}
	case name == "cols" && p.s.depth() == 2, name == "mergeCells" && p.s.depth() == 2:
	case name == "col" && p.s.depth() == 3:
		return table.Record{}, false, p.readColumnSpan()
	case name == "mergeCell" && p.s.depth() == 3:
		return table.Record{}, false, p.readMerge()
	case name == "autoFilter" && p.s.depth() == 2:
	case name == "filterColumn" && p.s.depth() == 3:
		p.found.filtered = true
		return table.Record{}, false, p.s.skip()
	default:
		return table.Record{}, false, p.s.skip()
	}
	return table.Record{}, false, nil
}

func (p *Rows) readColumnSpan() error {
	width := p.s.attribute("width")
	if !isTrue(p.s.attribute("hidden")) && string(width) != "0" {
		return p.s.skip()
	}
	first, ok1 := parseIndex(p.s.attribute("min"), limits.SheetColumns)
	last, ok2 := parseIndex(p.s.attribute("max"), limits.SheetColumns)
	if !ok1 || !ok2 || len(p.found.hiddenColumns) >= limits.SheetColumns {
		return p.refuse(0, "its column settings name columns that do not exist")
	}
	p.found.hiddenColumns = append(p.found.hiddenColumns, columnSpan{first, last})
	return p.s.skip()
}

func (p *Rows) readMerge() error {
	m, ok := parseMerge(p.s.attribute("ref"))
	if !ok {
		return p.refuse(0, "a merged range names cells that do not exist")
	}
	if p.merges == nil && m.column <= limits.Columns && (m.row < m.lastRow || m.column < m.lastColumn) {
		if len(p.found.merges) >= limits.Merges {
			return p.refuse(0, "more than 1,000,000 ranges of cells are merged")
		}
		p.found.merges = append(p.found.merges, m)
	}
	return p.s.skip()
}

// setText gives the current cell its text.
func (p *Rows) setText(text string) {
	if text == "" {
		return
	}
	for len(p.cells) < p.column {
		p.cells = append(p.cells, "")
	}
	p.cells[p.column-1] = text
	if p.size += len(text); len(text) > limits.CellShown && utf8.RuneCountInString(text) > limits.CellShown {
		p.issues = append(p.issues, table.LongCell(p.column-1))
	}
	p.found.used[p.column] = true
}

func (p *Rows) addIssue(code, message string, warning bool) {
	p.issues = append(p.issues, table.CellIssue{Issue: table.Issue{Column: p.column - 1, Code: code, Message: message, Warning: warning}})
}

// refuse refuses the file because of the current row, and of a column of it if
// that is not 0.
func (p *Rows) refuse(column int, reason string) error {
	return p.locateError(column, &table.Error{File: p.book.pkg.name, Reason: reason, Hint: "Open the workbook in a spreadsheet program and save it again"})
}

// locateError adds sheet, row and column to an error without a sheet.
func (p *Rows) locateError(column int, err error) error {
	var e *table.Error
	if errors.As(err, &e) && e.Sheet == "" {
		e.Sheet, e.Row, e.Column = p.sheet, p.row, column
		e.Cell = table.CellName(column, p.row)
	}
	return err
}

func isTrue(attr []byte) bool {
	return bytes.Equal(attr, []byte("1")) || bytes.Equal(attr, []byte("true"))
}
