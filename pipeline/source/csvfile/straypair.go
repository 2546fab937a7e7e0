package csvfile

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// CheckStrayPair refuses a record in which two stray quotation marks join what
// are several cells, or several rows. Both marks are well-formed, so only the
// text between them gives them away. One customer would get the phone, address
// and wallet of another one, and the rows between would be lost.
//
// Read without its quotation marks, each line of such a record has as many
// cells as the header row (width), and some of them hold what a note or a
// postal address does not put between two bare delimiters: an e-mail, an IP
// address, a wallet, a phone number. The lines of a sound address have two to
// four parts, those of prose have a space after each comma.
//
// The error lacks the name of the file.
func CheckStrayPair(rec table.Record, width int, delim string) *table.Error {
	line, column, found := findStrayPair(rec, width, delim)
	if !found {
		return nil
	}
	reason := fmt.Sprintf("the quotation mark opened on line %d closes after what looks like other cells", line)
	if rec.Lines > 1 {
		reason = fmt.Sprintf("the quotation mark opened on line %d closes on a later line, after what looks like other rows", line)
	}
	return &table.Error{Row: rec.Number, Line: line, Column: column, Cell: table.CellName(column, rec.Number), Reason: reason,
		Hint: `Remove the stray pair of quotation marks, or write them doubled ("") inside a quoted cell`}
}

// findStrayPair returns the line of the first mark, and the column of its cell
// from 1.
func findStrayPair(rec table.Record, width int, delim string) (line, column int, found bool) {
	if rec.Lines == 0 || width < 3 || rec.Lines == 1 && len(rec.Cells) >= width {
		return 0, 0, false
	}
	line = rec.Line
	before := 0 // cells in front of this one on the line where it begins
	for i, cell := range rec.Cells {
		ends := strings.Count(cell, "\n")
		if ends > 0 || len(rec.Cells) < width {
			after := 0 // cells behind it on the line where it ends
			for after < len(rec.Cells)-i-1 && !strings.Contains(rec.Cells[i+1+after], "\n") {
				after++
			}
			if i+1+after < len(rec.Cells) { // the next one begins on the same line
				first, _, _ := strings.Cut(rec.Cells[i+1+after], "\n")
				after += strings.Count(first, delim) + 1
			}
			if swallowsCells(cell, before, after, len(rec.Cells), width, delim) {
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

// swallowsCells reports whether one cell of a record holds what are other cells.
// cells is how many the record has; before and after count those next to it on
// its first and last line.
func swallowsCells(cell string, before, after, cells, width int, delim string) bool {
	lines := strings.Split(cell, "\n")
	if cells == width && !strings.Contains(cell, delim) {
		return false
	}
	about := func(n int) bool { return n >= width-1 && n <= width+1 }
	exact, near, datum := true, true, false
	for i, text := range lines {
		parts := strings.Split(text, delim)
		n := len(parts)
		inside := hasDatum(parts) && (len(lines) > 1 || !isProse(parts))
		if len(lines) > 1 && about(n) && (inside || !isProse(parts)) {
			return true // a whole record
		}
		if len(lines) > 1 && n > 1 && hasEmail(parts) {
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

// isProse reports whether most delimiters are followed by a space. Decimal commas, as
// in 1,50, are not counted.
func isProse(parts []string) bool {
	spaced, bare := 0, 0
	for i, part := range parts[1:] {
		switch {
		case strings.HasPrefix(part, " "):
			spaced++
		case !isDecimal(parts[i], part):
			bare++
		}
	}
	return spaced > bare
}

// isDecimal reports whether a delimiter between two parts of a line may be a decimal
// comma: digits before it, and two digits after it.
func isDecimal(before, after string) bool {
	digits := len(after) - len(strings.TrimLeft(after, "0123456789"))
	return digits == 2 && before != "" && before[len(before)-1] >= '0' && before[len(before)-1] <= '9'
}

// hasDatum reports whether one of the parts of a line is a customer's datum,
// alone between its delimiters as only cells are.
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

// hasEmail reports whether an e-mail is between delimiters as in no sentence:
// without a space, or among other cells.
func hasEmail(parts []string) bool {
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

// isPhone reports whether this is an international number. Others may be house
// numbers, ranges or codes.
func isPhone(s string) bool {
	return len(s) >= 8 && s[0] == '+' && len(s) <= 24 && strings.Trim(s[1:], "0123456789 -().") == "" && strings.ContainsAny(s, "0123456789")
}
