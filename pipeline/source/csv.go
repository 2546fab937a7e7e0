package source

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// Limits of one record. They bound the memory, whatever the file.
const (
	maxRecord  = limits.Record // as UTF-8
	maxCell    = limits.Cell
	maxShown   = limits.CellShown
	maxColumns = limits.Columns
	textBuffer = 64 << 10 // bytes
)

// tooLong is what is said of a cell that no spreadsheet program can hold.
const tooLong = "more than 32767 characters in one cell" // limits.CellShown

// csvReader splits text into records as RFC 4180 says, strictly: a quotation
// mark opens a cell at its start or is an error; blanks beside the marks are
// left out, as many programs write them. For what is well-formed it reads what
// encoding/csv reads, and a fuzz test holds it to that. It is not
// encoding/csv because that one keeps all that follows an unclosed quotation
// mark in memory, cannot say where the mark was opened, and hides the blank
// lines that row numbers count.
//
// CR, LF and CRLF each end a line, also inside a cell, where they become LF.
type csvReader struct {
	r        io.Reader
	delim    string
	encoding string // utf8Name, or what the text was decoded from

	buf      []byte // buf[pos:end] is read and not used, its line ends are LF
	pos, end int
	eof      bool
	crs      int   // CRs at the end of buf
	failed   error // of the reader, or of the line ends
	spaced   bool  // blanks stood between a delimiter and a quotation mark
	ctrlZ    bool  // the text ended in the end-of-file mark of DOS

	line int // of buf[pos], from 1
	row  int // rows given so far, blank ones included
	text []byte
	ends []int
	slab []string
	wide int
}

func newCSVReader(r io.Reader, delim, encoding string) *csvReader {
	return &csvReader{r: r, delim: delim, encoding: encoding, buf: make([]byte, textBuffer), line: 1}
}

// next returns the next row that is not blank. Its errors are *Error without
// the name of the file, or those of the underlying reader.
func (c *csvReader) next() (record, error) {
	for {
		rec, err := c.read()
		if err != nil || !blank(rec.cells) {
			return rec, err
		}
	}
}

func blank(cells []string) bool {
	for _, cell := range cells {
		if cell != "" && strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}

// read returns the next row, blank or not.
func (c *csvReader) read() (record, error) {
	n, err := c.endOfLine(0)
	if err != nil {
		return record{}, err
	}
	if n == 0 && c.pos == c.end {
		return record{}, io.EOF
	}
	rec := record{number: c.row + 1, line: c.line}
	used, lines := n+1, 1
	if raw := c.buf[c.pos : c.pos+n]; bytes.IndexByte(raw, '"') < 0 {
		if at, e := checkEncoding(raw, c.encoding); e != nil {
			return record{}, c.refuse(raw, at, e)
		}
		rec.cells = c.split(string(raw))
	} else {
		if used, lines, err = c.quoted(); err != nil {
			return record{}, err
		}
		raw := c.buf[c.pos:min(c.pos+used, c.end)]
		if at, e := checkEncoding(raw, c.encoding); e != nil {
			return record{}, c.refuse(raw, at, e)
		}
		rec.cells, rec.lines = c.cut(string(c.text)), lines
	}
	if err := c.limits(&rec, used); err != nil {
		return record{}, err
	}
	c.wide = len(rec.cells)
	c.pos = min(c.pos+used, c.end)
	c.line += lines
	c.row++
	return rec, nil
}

// split cuts a record without quotation marks. The cells share its memory.
func (c *csvReader) split(s string) []string {
	from := c.reserve(len(s))
	for {
		i := strings.Index(s, c.delim)
		if i < 0 {
			c.slab = append(c.slab, s)
			return c.slab[from:len(c.slab):len(c.slab)]
		}
		c.slab = append(c.slab, s[:i])
		s = s[i+len(c.delim):]
	}
}

// cut cuts what quoted has collected.
func (c *csvReader) cut(s string) []string {
	from, at := c.reserve(len(s)), 0
	for _, end := range c.ends {
		c.slab = append(c.slab, s[at:end])
		at = end
	}
	return c.slab[from:len(c.slab):len(c.slab)]
}

// reserve makes room for a row of so many bytes, as wide as the last. Many rows
// share one allocation, which keeps the texts of all of them; a large row has
// its own.
func (c *csvReader) reserve(size int) int {
	if size > textBuffer {
		c.slab = make([]string, 0, c.wide+1)
	} else if cap(c.slab)-len(c.slab) < c.wide+1 {
		c.slab = make([]string, 0, max(64, 128*c.wide))
	}
	return len(c.slab)
}

// tooLargeRow is the refusal of a row that is not kept in memory.
func tooLargeRow(number, line int) *Error {
	return &Error{Row: number, Line: line, Reason: "a row of more than " + limits.Size(limits.Record), Hint: "Is this a table of customers?"}
}

// limits refuses records too large to be rows of customers.
func (c *csvReader) limits(rec *record, used int) error {
	if len(rec.cells) > maxColumns {
		return &Error{Row: rec.number, Line: rec.line, Reason: fmt.Sprintf("%d columns; at most %d are read", len(rec.cells), maxColumns), Hint: "Take the columns out that are no part of the list"}
	}
	if used <= maxShown {
		return nil
	}
	if used > maxRecord {
		return tooLargeRow(rec.number, rec.line)
	}
	for i, cell := range rec.cells {
		if len(cell) > maxCell {
			return &Error{Row: rec.number, Line: rec.line, Column: i + 1, Cell: CellName(i+1, rec.number), Reason: "a cell of more than " + limits.Size(maxCell)}
		}
		if len(cell) > maxShown && utf8.RuneCountInString(cell) > maxShown {
			rec.issues = append(rec.issues, cellIssue{Issue: Issue{Column: i, Code: "cell_too_long", Message: tooLong}})
		}
	}
	return nil
}

// refuse places an error at byte at of raw, the record that begins at pos.
func (c *csvReader) refuse(raw []byte, at int, e *Error) *Error {
	column, quoted := 1, false
	for i := 0; i < at; i++ {
		switch {
		case raw[i] == '"':
			quoted = !quoted
		case !quoted && bytes.HasPrefix(raw[i:], []byte(c.delim)):
			column++
		}
	}
	e.Row, e.Line = c.row+1, c.line+bytes.Count(raw[:at], []byte("\n"))
	e.Column, e.Cell = column, CellName(column, c.row+1)
	return e
}
