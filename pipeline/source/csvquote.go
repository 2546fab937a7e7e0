package source

import (
	"bytes"
	"fmt"
	"io"
)

// quoted collects the cells of the record at pos, in which a quotation mark
// stands, in c.text, with their ends in c.ends. It returns the bytes and the
// line ends that belong to the record.
func (c *csvReader) quoted() (used, lines int, err error) {
	c.text, c.ends = c.text[:0], c.ends[:0]
	at := 0
	for {
		last := false
		if mark := at + c.blanks(at); c.have(mark) && c.buf[c.pos+mark] == '"' {
			c.spaced = c.spaced || mark > at
			at, last, err = c.quotedCell(mark, &lines)
		} else {
			at, last, err = c.bareCell(at, lines)
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

// quotedCell reads the cell whose opening mark is at. next is where the cell
// after it begins, or the record after it if last.
func (c *csvReader) quotedCell(at int, lines *int) (next int, last bool, err error) {
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
			if at > maxRecord {
				return 0, false, c.quoteError(opened, column, fmt.Sprintf("the quotation mark opened on line %d is not closed within %d MiB", opened, maxRecord>>20), "")
			}
			if more, err := c.fill(); err != nil {
				return 0, false, err
			} else if !more {
				return 0, false, c.quoteError(opened, column, fmt.Sprintf("the quotation mark opened on line %d is never closed", opened), "")
			}
			continue
		}
		at++                                                    // the mark
		for n := at; c.have(n) && c.buf[c.pos+n] == 0x1A; n++ { // at the end of the text it is taken off, once the end is seen
		}
		if behind := at + c.blanks(at); behind > at && c.endsCell(behind) {
			at, c.spaced = behind, true
		}
		switch {
		case !c.have(at):
			return at, true, c.readError()
		case c.buf[c.pos+at] == '"':
			c.text = append(c.text, '"')
			at++
		case c.buf[c.pos+at] == '\n':
			return at + 1, true, nil
		case c.have(at+len(c.delim)-1) && bytes.HasPrefix(c.buf[c.pos+at:c.end], []byte(c.delim)):
			return at + len(c.delim), false, nil
		default:
			hint := ""
			if at >= 2 && c.buf[c.pos+at-2] == '\\' {
				hint = `The file escapes quotation marks with a backslash: save it with doubled ones ("") instead`
			}
			reason := fmt.Sprintf("text after the end of a quoted cell on line %d; its quotation mark was opened on line %d", c.line+*lines, opened)
			return 0, false, c.quoteError(c.line+*lines, column, reason, hint)
		}
	}
}

// maxBlanks are left out between a delimiter and a quotation mark.
const maxBlanks = 64

// blanks counts the blanks that stand at pos+at, and are no delimiters.
func (c *csvReader) blanks(at int) int {
	n := 0
	for n < maxBlanks && c.have(at+n) {
		if b := c.buf[c.pos+at+n]; b != ' ' && b != '\t' || b == c.delim[0] {
			break
		}
		n++
	}
	return n
}

// endsCell reports whether a cell may end at pos+at.
func (c *csvReader) endsCell(at int) bool {
	return !c.have(at) || c.buf[c.pos+at] == '\n' || c.have(at+len(c.delim)-1) && bytes.HasPrefix(c.buf[c.pos+at:c.end], []byte(c.delim))
}

// bareCell reads the unquoted cell that begins at.
func (c *csvReader) bareCell(at, lines int) (next int, last bool, err error) {
	n, err := c.endOfLine(at)
	if err != nil {
		return 0, false, err
	}
	cell := c.buf[c.pos+at : c.pos+at+n]
	next, last = at+n+1, true
	if i := bytes.Index(cell, []byte(c.delim)); i >= 0 {
		cell, next, last = cell[:i], at+i+len(c.delim), false
	}
	if bytes.IndexByte(cell, '"') >= 0 {
		return 0, false, c.quoteError(c.line+lines, len(c.ends)+1, fmt.Sprintf("a quotation mark stands on line %d inside a cell that does not begin with one", c.line+lines), "")
	}
	if len(c.ends) > maxColumns {
		return 0, false, &Error{Row: c.row + 1, Line: c.line, Reason: fmt.Sprintf("more than %d columns", maxColumns)}
	}
	c.text = append(c.text, cell...)
	return next, last, nil
}

func (c *csvReader) quoteError(line, column int, reason, hint string) *Error {
	if hint == "" {
		hint = `A cell with quotation marks is written in quotation marks, with those inside it doubled ("")`
	}
	return &Error{Row: c.row + 1, Line: line, Column: column, Cell: CellName(column, c.row+1), Reason: reason, Hint: hint}
}

// endOfLine returns how many bytes lie between pos+at and the next line end,
// or the end of the text.
func (c *csvReader) endOfLine(at int) (int, error) {
	n := 0
	for {
		if i := bytes.IndexByte(c.buf[c.pos+at+n:c.end], '\n'); i >= 0 {
			return n + i, nil
		}
		n = c.end - c.pos - at
		if at+n > maxRecord {
			return 0, tooLargeRow(c.row+1, c.line)
		}
		if more, err := c.fill(); err != nil {
			return 0, err
		} else if !more {
			return c.end - c.pos - at, nil
		}
	}
}

// have reports whether there is a byte at pos+at, and reads on for it. An
// error of that reading comes back from the next fill.
func (c *csvReader) have(at int) bool {
	for c.pos+at >= c.end {
		if more, err := c.fill(); err != nil || !more {
			return false
		}
	}
	return true
}

// fill reads more text behind what is there, and reports whether there was
// any. It moves buf[pos:end] to the front.
func (c *csvReader) fill() (more bool, err error) {
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
		n, c.failed = c.lineEnds(c.buf[c.end : c.end+n])
		c.end += n
		if c.failed == nil && err != nil && err != io.EOF {
			c.failed = err
		}
		if c.failed != nil {
			return false, c.failed
		}
		if err == io.EOF {
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

// readError is the error that stopped fill, if one did.
func (c *csvReader) readError() error { return c.failed }

// lineEnds turns the line ends of b, which stands at c.end, into LF, in place.
func (c *csvReader) lineEnds(b []byte) (int, error) {
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
			return w, &Error{Line: c.line + lines - 2, Reason: "the line ends in CR CR LF",
				Hint: "The file was converted once too often: save it anew from the program it comes from"}
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
