package csvfile

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// Reader splits text into records as RFC 4180 says, strictly: a quotation mark
// opens a cell at its start or is an error. Blanks beside the marks are left
// out, as many programs write them. CR, LF and CRLF each end a line; inside a
// cell they become LF. It is used by one goroutine.
type Reader struct {
	Dialect

	r        io.Reader
	buf      []byte // buf[pos:end] is read and not used, its line ends are LF
	pos, end int
	eof      bool
	crs      int   // CRs at the end of buf
	failed   error // of the reader, or of the line ends
	spaced   bool
	ctrlZ    bool

	line int // of buf[pos], from 1
	row  int // rows given so far, blank ones included
	text []byte
	ends []int
}

func newReader(r io.Reader, dialect Dialect) *Reader {
	return &Reader{Dialect: dialect, r: r, buf: make([]byte, textBuffer), line: 1}
}

// HasSpacedQuotes reports whether blanks between delimiters and quotation marks
// were left out so far.
func (c *Reader) HasSpacedQuotes() bool { return c.spaced }

// HasCtrlZ reports whether the text ended in the end-of-file mark of DOS.
func (c *Reader) HasCtrlZ() bool { return c.ctrlZ }

// Next returns the next row that is not blank, or io.EOF. Other errors are
// *table.Error without the name of the file, or those of the underlying reader.
func (c *Reader) Next() (table.Record, error) {
	for {
		rec, err := c.readRecord()
		if err != nil || !table.IsBlank(rec.Cells) {
			return rec, err
		}
	}
}

// readRecord returns the next row, blank or not.
func (c *Reader) readRecord() (table.Record, error) {
	n, err := c.findLineEnd(0)
	if err != nil {
		return table.Record{}, err
	}
	if n == 0 && c.pos == c.end {
		return table.Record{}, io.EOF
	}
	rec := table.Record{Number: c.row + 1, Line: c.line}
	used, lines := n+1, 1
	if raw := c.buf[c.pos : c.pos+n]; bytes.IndexByte(raw, '"') < 0 {
		if at, e := checkEncoding(raw, c.Encoding); e != nil {
			return table.Record{}, c.locateError(raw, at, e)
		}
		rec.Cells = strings.Split(string(raw), c.Delimiter)
	} else {
		if used, lines, err = c.readQuoted(); err != nil {
			return table.Record{}, err
		}
		raw := c.buf[c.pos:min(c.pos+used, c.end)]
		if at, e := checkEncoding(raw, c.Encoding); e != nil {
			return table.Record{}, c.locateError(raw, at, e)
		}
		rec.Cells, rec.Lines = c.cutQuoted(string(c.text)), lines
	}
	if err := c.checkLimits(&rec, used); err != nil {
		return table.Record{}, err
	}
	c.pos = min(c.pos+used, c.end)
	c.line += lines
	c.row++
	return rec, nil
}

// cutQuoted cuts what readQuoted collected. The cells share its memory.
func (c *Reader) cutQuoted(s string) []string {
	cells, at := make([]string, len(c.ends)), 0
	for i, end := range c.ends {
		cells[i], at = s[at:end], end
	}
	return cells
}

// checkLimits refuses a record that is too large for a customer. used is its
// size in the file, in bytes.
func (c *Reader) checkLimits(rec *table.Record, used int) error {
	if len(rec.Cells) > limits.Columns {
		return &table.Error{Row: rec.Number, Line: rec.Line, Reason: fmt.Sprintf("%d columns; at most %d are read", len(rec.Cells), limits.Columns), Hint: "Take the columns out that are no part of the list"}
	}
	if used <= limits.CellShown {
		return nil
	}
	if used > limits.Record {
		return table.LongRow(rec.Number, rec.Line)
	}
	for i, cell := range rec.Cells {
		if len(cell) > limits.Cell {
			return &table.Error{Row: rec.Number, Line: rec.Line, Column: i + 1, Cell: table.CellName(i+1, rec.Number), Reason: "a cell of more than " + limits.Size(limits.Cell)}
		}
		if len(cell) > limits.CellShown && utf8.RuneCountInString(cell) > limits.CellShown {
			rec.Issues = append(rec.Issues, table.LongCell(i))
		}
	}
	return nil
}

// locateError places an error at byte at of raw, the record that begins at pos.
func (c *Reader) locateError(raw []byte, at int, e *table.Error) *table.Error {
	column, quoted := 1, false
	for i := 0; i < at; i++ {
		switch {
		case raw[i] == '"':
			quoted = !quoted
		case !quoted && bytes.HasPrefix(raw[i:], []byte(c.Delimiter)):
			column++
		}
	}
	e.Row, e.Line = c.row+1, c.line+bytes.Count(raw[:at], []byte("\n"))
	e.Column, e.Cell = column, table.CellName(column, c.row+1)
	return e
}
