package source

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrChanged means that a file is not what it was when Open read it: edited,
// cut short or replaced. What was read of it in this pass cannot be trusted.
var ErrChanged = errors.New("the input changed while it was being read")

// Error refuses a whole input, and says where and why. No text of it holds a
// cell of the input, but for a few single words where the encoding is in doubt,
// which only a person can decide; headers are shown unless they look like data.
type Error struct {
	File   string // as the operator named it; "-" is standard input, "" = no file
	Sheet  string // "" for CSV
	Row    int    // as a spreadsheet program shows it, from 1; 0 = no row
	Line   int    // as an editor shows it, from 1; 0 = unknown, or XLSX
	Column int    // from 1; 0 = no column
	Field  string // canonical name of the field in that column, "" = none
	Cell   string // as CellName writes it, "" = no cell
	Reason string // what is wrong: lower case, no full stop
	Hint   string // what to do: a sentence without its full stop, "" = nothing to add
	Err    error  // what the operating system or a decoder said, for errors.Is; may be nil
}

// Error gives `file, sheet "S", row 17 (line 23), column email (cell E17):
// reason. Hint`, without the parts that are unknown.
func (e *Error) Error() string {
	var place []string
	if e.File != "" {
		place = append(place, displayName(e.File))
	}
	if e.Sheet != "" {
		place = append(place, "sheet "+strconv.Quote(e.Sheet))
	}
	if at := e.position(); at != "" {
		place = append(place, at)
	}
	if at := e.column(); at != "" {
		place = append(place, at)
	}
	text := e.Reason
	if len(place) > 0 {
		text = strings.Join(place, ", ") + ": " + text
	}
	if e.Hint != "" {
		text += ". " + e.Hint
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) position() string {
	switch {
	case e.Row > 0 && e.Line > 0 && e.Line != e.Row:
		return fmt.Sprintf("row %d (line %d)", e.Row, e.Line)
	case e.Row > 0:
		return fmt.Sprintf("row %d", e.Row)
	case e.Line > 0:
		return fmt.Sprintf("line %d", e.Line)
	}
	return ""
}

func (e *Error) column() string {
	text := ""
	switch {
	case e.Field != "":
		text = "column " + e.Field
	case e.Column > 0:
		text = "column " + columnName(e.Column)
	}
	if e.Cell != "" {
		text = strings.TrimSpace(text + " (cell " + e.Cell + ")")
	}
	return text
}

// counted gives "1 row" and "2 rows".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// CellName names a cell the way spreadsheet programs do: CellName(5, 17) is
// E17. Both count from 1; with a column below 1 it is "".
func CellName(column, row int) string {
	if column < 1 || row < 1 {
		return ""
	}
	return columnName(column) + strconv.Itoa(row)
}

// columnName gives A for 1, Z for 26, AA for 27.
func columnName(column int) string {
	name := ""
	for ; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name
}

// displayName makes the name of a file fit for a terminal: names with anything
// but plain printable text are quoted and escaped.
func displayName(name string) string {
	if name == "-" {
		return "standard input"
	}
	for _, r := range name {
		if r == utf8.RuneError || !unicode.IsPrint(r) || strings.ContainsRune(" ,:;\"'`\\", r) {
			return strconv.Quote(name)
		}
	}
	if name == "" {
		return `""`
	}
	return name
}

// displayHeader makes a header fit for a message. A file without headers has a
// customer in their place, whose data stays out of messages: then it is the
// column's letter.
func displayHeader(header string, column int) string {
	if looksLikeData(header) {
		return "column " + columnName(column)
	}
	header = strings.TrimSpace(header)
	if runes := []rune(header); len(runes) > 60 {
		header = string(runes[:60]) + "..."
	}
	return strconv.Quote(header)
}

// looksLikeData reports whether a header is rather a customer's datum: an
// e-mail or web address, or a number.
func looksLikeData(header string) bool {
	digits := 0
	for _, r := range header {
		switch {
		case r == '@':
			return true
		case unicode.IsDigit(r):
			digits++
		}
	}
	return digits >= 5 || strings.Contains(header, "://")
}

// fileError says what the operating system said, without repeating the path,
// which it would print unescaped.
func fileError(name string, err error) *Error {
	e := &Error{File: name, Err: err}
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Reason, e.Hint = "there is no such file", "Check the name and the working directory"
	case errors.Is(err, fs.ErrPermission):
		e.Reason, e.Hint = "it may not be read by this user", "Change its permissions, or run as its owner"
	case errors.As(err, &path):
		e.Reason = "cannot be read: " + path.Err.Error()
	default:
		e.Reason = "cannot be read: " + err.Error()
	}
	return e
}
