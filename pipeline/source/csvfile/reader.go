package csvfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// Reader splits text into records as RFC 4180 says, strictly: a quotation mark
// opens a cell at its start or is an error. Blanks around the marks are left
// out, as many programs write them. CR, LF and CRLF each end a line; inside a
// cell they become LF. It is used by one goroutine.
type Reader struct {
	Dialect

	r      *bufio.Reader
	spaced bool
	ctrlZ  bool
	line   int // where the next record begins, from 1
	row    int // rows given so far, blank ones included

	rec   []byte   // the record, as far as it was read
	lines int      // read of it
	cells []string // of it, if it has quotation marks
	text  []byte   // of the next cell, without its quotation marks
}

// newReader reads a text that begins on the given line of its file.
func newReader(r io.Reader, dialect Dialect, line int) *Reader {
	return &Reader{Dialect: dialect, r: bufio.NewReaderSize(&lineEnds{r: r, line: line}, textBuffer), line: line}
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
	rec := table.Record{Number: c.row + 1, Line: c.line}
	c.rec, c.lines = c.rec[:0], 0
	err := c.readLine()
	if quoted := bytes.IndexByte(c.rec, '"') >= 0; err == nil && quoted {
		rec.Cells, err = c.readQuoted()
		rec.Lines = c.lines
	} else if err == nil {
		rec.Cells = strings.Split(string(bytes.TrimSuffix(c.rec, []byte("\n"))), c.Delimiter)
	}
	if errors.Is(err, errTooLong) {
		err = table.LongRow(rec.Number, rec.Line)
	}
	if err != nil {
		return table.Record{}, err
	}
	if at, e := checkEncoding(c.rec, c.Encoding); e != nil {
		return table.Record{}, c.locateError(at, e)
	}
	if err := c.checkLimits(&rec); err != nil {
		return table.Record{}, err
	}
	c.line += c.lines
	c.row++
	return rec, nil
}

var errTooLong = errors.New("a record of more than limits.Record")

// readLine adds the next line to the record, with its line end if it has one. It
// returns io.EOF if the text has no more, errTooLong if the record gets too long.
func (c *Reader) readLine() error {
	for before := len(c.rec); ; {
		part, err := c.r.ReadSlice('\n')
		c.rec = append(c.rec, part...)
		switch {
		case len(c.rec) > limits.Record+1:
			return errTooLong
		case err == nil:
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			for len(c.rec) > before && c.rec[len(c.rec)-1] == 0x1A {
				c.rec, c.ctrlZ = c.rec[:len(c.rec)-1], true
			}
			if len(c.rec) == before {
				return io.EOF
			}
		default:
			return err
		}
		c.lines++
		return nil
	}
}

// checkLimits refuses a record that is too large for a customer.
func (c *Reader) checkLimits(rec *table.Record) error {
	if len(rec.Cells) > limits.Columns {
		return &table.Error{Row: rec.Number, Line: rec.Line, Reason: fmt.Sprintf("%d columns; at most %d are read", len(rec.Cells), limits.Columns), Hint: "Remove the columns that are not part of the list"}
	}
	for i, cell := range rec.Cells {
		if len(cell) > limits.Cell {
			return &table.Error{Row: rec.Number, Line: rec.Line, Column: i + 1, Cell: table.CellName(i+1, rec.Number), Reason: "a cell of more than " + limits.FormatSize(limits.Cell)}
		}
		if len(cell) > limits.CellShown && utf8.RuneCountInString(cell) > limits.CellShown {
			rec.Issues = append(rec.Issues, table.LongCell(i))
		}
	}
	return nil
}

// locateError places an error at byte at of the record.
func (c *Reader) locateError(at int, e *table.Error) *table.Error {
	column, quoted := 1, false
	for i := range at {
		switch {
		case c.rec[i] == '"':
			quoted = !quoted
		case !quoted && bytes.HasPrefix(c.rec[i:], []byte(c.Delimiter)):
			column++
		}
	}
	e.Row, e.Line = c.row+1, c.line+bytes.Count(c.rec[:at], []byte("\n"))
	e.Column, e.Cell = column, table.CellName(column, c.row+1)
	return e
}
