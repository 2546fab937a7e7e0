package csvfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// readQuoted returns the cells of a record that has quotation marks. It reads
// the further lines of the record.
func (c *Reader) readQuoted() ([]string, error) {
	c.cells = nil
	for at, last := 0, false; !last; {
		var err error
		c.text = c.text[:0]
		if mark := at + c.countBlanks(at); bytes.HasPrefix(c.rec[mark:], []byte{'"'}) {
			c.spaced = c.spaced || mark > at
			at, last, err = c.readQuotedCell(mark)
		} else {
			at, last, err = c.readBareCell(at)
		}
		if err != nil {
			return nil, err
		}
		c.cells = append(c.cells, string(c.text))
	}
	return c.cells, nil
}

// readQuotedCell reads the cell whose opening mark is at. It returns where the
// next cell begins, unless this is the last one.
func (c *Reader) readQuotedCell(at int) (next int, last bool, err error) {
	opened := c.lastLine()
	for at++; ; {
		n := bytes.IndexByte(c.rec[at:], '"')
		if n < 0 {
			c.text = append(c.text, c.rec[at:]...)
			at = len(c.rec)
			switch err := c.readLine(); {
			case errors.Is(err, errTooLong):
				return 0, false, c.refuseQuote(opened, fmt.Sprintf("the quotation mark opened on line %d is not closed within %d MiB", opened, limits.Record>>20), "")
			case errors.Is(err, io.EOF):
				return 0, false, c.refuseQuote(opened, fmt.Sprintf("the quotation mark opened on line %d is never closed", opened), "")
			case err != nil:
				return 0, false, err
			}
			continue
		}
		c.text = append(c.text, c.rec[at:at+n]...)
		at += n + 1
		if next, last, ok := c.endCell(at); ok {
			return next, last, nil
		}
		if c.rec[at] != '"' {
			hint := ""
			if at >= 2 && c.rec[at-2] == '\\' {
				hint = `The file escapes quotation marks with a backslash: save it with double ones ("") instead`
			}
			return 0, false, c.refuseQuote(c.lastLine(), fmt.Sprintf("text after the end of a quoted cell on line %d; its quotation mark was opened on line %d", c.lastLine(), opened), hint)
		}
		c.text = append(c.text, '"')
		at++
	}
}

// endCell reports whether a quoted cell ends at, with blanks or without, and
// where the next one begins unless it is the last.
func (c *Reader) endCell(at int) (next int, last, ok bool) {
	end := at + c.countBlanks(at)
	rest := c.rec[end:]
	last = len(rest) == 0 || rest[0] == '\n'
	if !last && !bytes.HasPrefix(rest, []byte(c.Delimiter)) {
		return 0, false, false
	}
	c.spaced = c.spaced || end > at
	return end + len(c.Delimiter), last, true
}

// maxBlanks limits what is left out between a delimiter and a quotation mark.
const maxBlanks = 64

// countBlanks counts the blanks at an offset that are no delimiters.
func (c *Reader) countBlanks(at int) int {
	n := 0
	for n < maxBlanks && at+n < len(c.rec) {
		switch b := c.rec[at+n]; {
		case b == c.Delimiter[0]:
			return n
		case b == ' ', b == '\t':
			n++
		case bytes.HasPrefix(c.rec[at+n:], []byte("\u00a0")):
			n += len("\u00a0")
		default:
			return n
		}
	}
	return n
}

// readBareCell reads the unquoted cell at an offset. It returns where the next
// one begins, unless this is the last one.
func (c *Reader) readBareCell(at int) (next int, last bool, err error) {
	cell, _, found := bytes.Cut(bytes.TrimSuffix(c.rec[at:], []byte("\n")), []byte(c.Delimiter))
	if bytes.IndexByte(cell, '"') >= 0 {
		return 0, false, c.refuseQuote(c.lastLine(), fmt.Sprintf("a quotation mark is on line %d inside a cell that does not begin with one", c.lastLine()), "")
	}
	if len(c.cells) > limits.Columns {
		return 0, false, &table.Error{Row: c.row + 1, Line: c.line, Reason: fmt.Sprintf("more than %d columns", limits.Columns)}
	}
	c.text = append(c.text, cell...)
	return at + len(cell) + len(c.Delimiter), !found, nil
}

// lastLine returns the number of the line that was read last.
func (c *Reader) lastLine() int { return c.line + c.lines - 1 }

// refuseQuote refuses a record because of a quotation mark in the next cell;
// hint "" = the usual.
func (c *Reader) refuseQuote(line int, reason, hint string) *table.Error {
	if hint == "" {
		hint = `A cell with quotation marks is written in quotation marks, with those inside it doubled ("")`
	}
	column := len(c.cells) + 1
	return &table.Error{Row: c.row + 1, Line: line, Column: column, Cell: table.CellName(column, c.row+1), Reason: reason, Hint: hint}
}
