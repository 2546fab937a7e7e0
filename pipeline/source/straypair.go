package source

import (
	"fmt"
	"net/netip"
	"strings"
)

// strayPair looks for two stray quotation marks that make one cell of what are
// several cells, or several rows: each of the two is well-formed, so that only
// what stands between them tells. One customer would get another one's phone,
// address and wallet, and the rows between would be gone.
//
// Read without its quotation marks, each line of such a record has as many
// cells as the header row (width), and among them are data that a note or a
// postal address does not put between two bare delimiters: an e-mail, an IP
// address, a wallet, a phone number. The lines of a sound address have two to
// four parts, those of prose have a space behind each comma.
//
// It returns the line of the first mark and the column of its cell, from 1.
func strayPair(rec record, width int, delim string) (line, column int, found bool) {
	if rec.lines == 0 || width < 3 || rec.lines == 1 && len(rec.cells) >= width {
		return 0, 0, false
	}
	line = rec.line
	before := 0 // cells in front of this one on the line where it begins
	for i, cell := range rec.cells {
		ends := strings.Count(cell, "\n")
		if ends > 0 || len(rec.cells) < width {
			after := 0 // cells behind it on the line where it ends
			for after < len(rec.cells)-i-1 && !strings.Contains(rec.cells[i+1+after], "\n") {
				after++
			}
			if i+1+after < len(rec.cells) { // the next one begins on the same line
				after += strings.Count(firstLine(rec.cells[i+1+after]), delim) + 1
			}
			if swallows(cell, before, after, len(rec.cells), width, delim) {
				return line, i + 1, true
			}
		}
		if before++; ends > 0 {
			line += ends
			before = strings.Count(cell[strings.LastIndexByte(cell, '\n'):], delim) + 1
		}
	}
	return 0, 0, false
}

func firstLine(cell string) string {
	line, _, _ := strings.Cut(cell, "\n")
	return line
}

// swallows judges one cell of a record of so many cells. before and after are
// the cells beside it on its first and last line.
func swallows(cell string, before, after, cells, width int, delim string) bool {
	lines := strings.Split(cell, "\n")
	if cells == width && !strings.Contains(cell, delim) {
		return false
	}
	about := func(n int) bool { return n >= width-1 && n <= width+1 }
	exact, near, datum := true, true, false
	for i, text := range lines {
		parts := strings.Split(text, delim)
		n := len(parts)
		inside := hasDatum(parts) && (len(lines) > 1 || !spaced(parts))
		if len(lines) > 1 && about(n) && (inside || !spaced(parts)) {
			return true // a whole record
		}
		if len(lines) > 1 && n > 1 && holdsEmail(parts) {
			return true // a part of a record of another width
		}
		if i == 0 {
			n += before
		}
		if i == len(lines)-1 {
			n += after
		}
		exact, near, datum = exact && n == width, near && about(n), datum || inside
	}
	return near && datum || exact && len(lines) > 1 && cells != width
}

// spaced reports whether the delimiters are those of prose, with a space
// behind most of them.
func spaced(parts []string) bool {
	n := 0
	for _, part := range parts[1:] {
		if strings.HasPrefix(part, " ") {
			n++
		}
	}
	return n*2 > len(parts)-1
}

// hasDatum reports whether one of the parts of a line is a datum of a customer
// that stands between delimiters as only cells do.
func hasDatum(parts []string) bool {
	if len(parts) < 2 {
		return false
	}
	for _, part := range parts {
		part = strings.Trim(part, ` "`)
		switch {
		case isEmail(part), isWallet(part), isPhone(part):
			return true
		case len(part) >= 7 && strings.ContainsAny(part, ".:"):
			if _, err := netip.ParseAddr(part); err == nil {
				return true
			}
		}
	}
	return false
}

// holdsEmail reports whether an e-mail stands between delimiters as in no
// sentence: without a space, or among other cells.
func holdsEmail(parts []string) bool {
	around := `"`
	if len(parts) > 2 {
		around = ` "`
	}
	for _, part := range parts {
		if isEmail(strings.Trim(part, around)) {
			return true
		}
	}
	return false
}

func isEmail(s string) bool {
	local, host, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.Contains(host, ".") && !strings.ContainsAny(s, " \t<>()") && !strings.Contains(host, "@")
}

func isWallet(s string) bool {
	return len(s) == 42 && s[0] == '0' && s[1]|0x20 == 'x' && strings.Trim(s[2:], "0123456789abcdefABCDEF") == ""
}

// isPhone tells an international number; others may be house numbers, ranges
// or codes.
func isPhone(s string) bool {
	return len(s) >= 8 && s[0] == '+' && len(s) <= 24 && strings.Trim(s[1:], "0123456789 -().") == "" && strings.ContainsAny(s, "0123456789")
}

// strayPairError refuses the file whose record holds such a pair.
func strayPairError(rec record, line, column int) *Error {
	reason := fmt.Sprintf("the quotation mark opened on line %d closes after what looks like other cells", line)
	if rec.lines > 1 {
		reason = fmt.Sprintf("the quotation mark opened on line %d closes on a later line, after what looks like other rows", line)
	}
	return &Error{Row: rec.number, Line: line, Column: column, Cell: CellName(column, rec.number), Reason: reason,
		Hint: `Remove the stray pair of quotation marks, or write them doubled ("") inside a quoted cell`}
}
