package source

import (
	"strings"
	"unicode/utf8"
)

// repeatedRow is what a rejects file says of a row that repeats another one.
const repeatedRow = "duplicate_in_input"

// sharedMark ends the problem of an invalid row in a rejects file whose e-mail
// belongs to a valid row of the first list: once it is mended it repeats that row.
const sharedMark = "[shares_email]"

// struckOutRow begins the message for a row that is struck out. A rejects file
// has no lines through its cells, so there the message stands for them until
// somebody clears it.
const struckOutRow = "the row is struck out"

// unguard takes off the apostrophe that a report or rejects file puts before a
// cell which a spreadsheet program would take for a formula, and no other one:
// after any apostrophes such a cell begins with = + - @ TAB CR or a full-width
// form of them, and is neither a plain number nor a plus with digits.
func unguard(cell string) string {
	if !strings.HasPrefix(cell, "'") {
		return cell
	}
	inner := strings.TrimLeft(cell, "'")
	switch r, _ := utf8.DecodeRuneInString(inner); r {
	case '+', '-':
		if plainNumber(inner[1:]) {
			return cell
		}
	case '=', '@', '\t', '\r', '＝', '＋', '－', '＠':
	default:
		return cell
	}
	return cell[1:]
}

// plainNumber reports whether s is digits with at most one point between them.
func plainNumber(s string) bool {
	whole, fraction, point := strings.Cut(s, ".")
	return digits(whole) && (!point || digits(fraction))
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
