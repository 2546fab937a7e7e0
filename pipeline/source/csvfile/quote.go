package csvfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// readQuoted collects the cells of the record at pos, which has quotation marks,
// in c.text, with their ends in c.ends. It returns how many bytes and lines of
// the file belong to the record.
func (c *Reader) readQuoted() (used, lines int, err error) {
	c.text, c.ends = c.text[:0], c.ends[:0]
	for at := 0; ; {
		var last bool
		if mark := at + c.countBlanks(at); c.hasByte(mark) && c.buf[c.pos+mark] == '"' {
			c.spaced = c.spaced || mark > at
			at, last, err = c.readQuotedCell(mark, &lines)
		} else {
			at, last, err = c.readBareCell(at, lines)
		}
		if err != nil {
			return 0, 0, err
		}
		c.ends = append(c.ends, len(c.text))
		if last {
			return at, lines + 1, nil
		}
	}
}

// readQuotedCell reads the cell whose opening mark is at pos+at. next is the
// start of the next cell, or of the next record if this cell is the last.
func (c *Reader) readQuotedCell(at int, lines *int) (next int, last bool, err error) {
	opened, column := c.line+*lines, len(c.ends)+1
	for at++; ; {
		rest := c.buf[c.pos+at : c.end]
		n := bytes.IndexByte(rest, '"')
		if n < 0 {
			n = len(rest)
		}
		c.text = append(c.text, rest[:n]...)
		*lines += bytes.Count(rest[:n], []byte("\n"))
		at += n
		if n == len(rest) {
			if at > limits.Record {
				return 0, false, c.refuseQuote(opened, column, fmt.Sprintf("the quotation mark opened on line %d is not closed within %d MiB", opened, limits.Record>>20), "")
			}
			if more, err := c.fillBuffer(); err != nil {
				return 0, false, err
			} else if !more {
				return 0, false, c.refuseQuote(opened, column, fmt.Sprintf("the quotation mark opened on line %d is never closed", opened), "")
			}
			continue
		}
		at++
		for n := at; c.hasByte(n) && c.buf[c.pos+n] == 0x1A; n++ {
			// fillBuffer removes the marks of DOS once it has seen the end.
		}
		if behind := at + c.countBlanks(at); behind > at && c.endsCell(behind) {
			at, c.spaced = behind, true
		}
		switch {
		case !c.hasByte(at):
			return at, true, c.failed
		case c.buf[c.pos+at] == '"':
			c.text = append(c.text, '"')
			at++
		case c.buf[c.pos+at] == '\n':
			return at + 1, true, nil
		case c.hasByte(at+len(c.Delimiter)-1) && bytes.HasPrefix(c.buf[c.pos+at:c.end], []byte(c.Delimiter)):
			return at + len(c.Delimiter), false, nil
		default:
			hint := ""
			if at >= 2 && c.buf[c.pos+at-2] == '\\' {
				hint = `The file escapes quotation marks with a backslash: save it with doubled ones ("") instead`
			}
			reason := fmt.Sprintf("text after the end of a quoted cell on line %d; its quotation mark was opened on line %d", c.line+*lines, opened)
			return 0, false, c.refuseQuote(c.line+*lines, column, reason, hint)
		}
	}
}

// maxBlanks limits what is left out between a delimiter and a quotation mark.
const maxBlanks = 64

// countBlanks counts the blanks at pos+at that are no delimiters.
func (c *Reader) countBlanks(at int) int {
	n := 0
	for n < maxBlanks && c.hasByte(at+n) {
		if b := c.buf[c.pos+at+n]; b != ' ' && b != '\t' || b == c.Delimiter[0] {
			break
		}
		n++
	}
	return n
}

// endsCell reports whether a cell may end at pos+at.
func (c *Reader) endsCell(at int) bool {
	return !c.hasByte(at) || c.buf[c.pos+at] == '\n' || c.hasByte(at+len(c.Delimiter)-1) && bytes.HasPrefix(c.buf[c.pos+at:c.end], []byte(c.Delimiter))
}

// readBareCell reads the unquoted cell at pos+at.
func (c *Reader) readBareCell(at, lines int) (next int, last bool, err error) {
	n, err := c.findLineEnd(at)
	if err != nil {
		return 0, false, err
	}
	cell := c.buf[c.pos+at : c.pos+at+n]
	next, last = at+n+1, true
	if i := bytes.Index(cell, []byte(c.Delimiter)); i >= 0 {
		cell, next, last = cell[:i], at+i+len(c.Delimiter), false
	}
	if bytes.IndexByte(cell, '"') >= 0 {
		return 0, false, c.refuseQuote(c.line+lines, len(c.ends)+1, fmt.Sprintf("a quotation mark is on line %d inside a cell that does not begin with one", c.line+lines), "")
	}
	if len(c.ends) > limits.Columns {
		return 0, false, &table.Error{Row: c.row + 1, Line: c.line, Reason: fmt.Sprintf("more than %d columns", limits.Columns)}
	}
	c.text = append(c.text, cell...)
	return next, last, nil
}

// refuseQuote refuses a record because of a quotation mark; hint "" = the usual.
func (c *Reader) refuseQuote(line, column int, reason, hint string) *table.Error {
	if hint == "" {
		hint = `A cell with quotation marks is written in quotation marks, with those inside it doubled ("")`
	}
	return &table.Error{Row: c.row + 1, Line: line, Column: column, Cell: table.CellName(column, c.row+1), Reason: reason, Hint: hint}
}

// findLineEnd returns how many bytes lie between pos+at and the next line end,
// or the end of the text.
func (c *Reader) findLineEnd(at int) (int, error) {
	n := 0
	for {
		if i := bytes.IndexByte(c.buf[c.pos+at+n:c.end], '\n'); i >= 0 {
			return n + i, nil
		}
		n = c.end - c.pos - at
		if at+n > limits.Record {
			return 0, table.LongRow(c.row+1, c.line)
		}
		if more, err := c.fillBuffer(); err != nil {
			return 0, err
		} else if !more {
			return c.end - c.pos - at, nil
		}
	}
}

// hasByte reports whether the text has a byte at pos+at, and reads it. A read
// error comes back from the next fillBuffer.
func (c *Reader) hasByte(at int) bool {
	for c.pos+at >= c.end {
		if more, err := c.fillBuffer(); err != nil || !more {
			return false
		}
	}
	return true
}

// fillBuffer reads more text, and reports whether there was any. It moves
// buf[pos:end] to the front.
func (c *Reader) fillBuffer() (more bool, err error) {
	if c.failed != nil {
		return false, c.failed
	}
	if c.eof {
		return false, nil
	}
	if c.pos > 0 {
		c.end = copy(c.buf, c.buf[c.pos:c.end])
		c.pos = 0
	}
	if c.end > len(c.buf)/2 {
		c.buf = append(c.buf, make([]byte, len(c.buf))...)
	}
	for {
		n, err := c.r.Read(c.buf[c.end:])
		n, c.failed = c.normalizeLineEnds(c.buf[c.end : c.end+n])
		c.end += n
		if c.failed == nil && err != nil && !errors.Is(err, io.EOF) {
			c.failed = err
		}
		if c.failed != nil {
			return false, c.failed
		}
		if errors.Is(err, io.EOF) {
			c.eof = true
			for c.end > c.pos && c.buf[c.end-1] == 0x1A {
				c.end, c.ctrlZ = c.end-1, true
				n--
			}
			return n > 0, nil
		}
		if n > 0 {
			return true, nil
		}
	}
}

// normalizeLineEnds turns the line ends of b, which begins at c.end, into LF in
// place, and returns its new length.
func (c *Reader) normalizeLineEnds(b []byte) (int, error) {
	if c.crs == 0 && bytes.IndexByte(b, '\r') < 0 {
		return len(b), nil
	}
	w := 0
	for i := 0; i < len(b); {
		switch {
		case b[i] == '\r':
			c.crs++
			b[w] = '\n'
			w, i = w+1, i+1
		case b[i] == '\n' && c.crs == 1: // its CR has become LF
			c.crs, i = 0, i+1
		case b[i] == '\n' && c.crs > 1:
			lines := bytes.Count(c.buf[c.pos:c.end+w], []byte("\n"))
			return w, &table.Error{Line: c.line + lines - 2, Reason: "the line ends in CR CR LF",
				Hint: "The file was converted once too often: save it again in the program it comes from"}
		default:
			c.crs = 0
			n := bytes.IndexByte(b[i:], '\r')
			if n < 0 {
				n = len(b) - i
			}
			w += copy(b[w:], b[i:i+n])
			i += n
		}
	}
	return w, nil
}
