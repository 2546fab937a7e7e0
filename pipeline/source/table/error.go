package table

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error refuses a whole input, and says where and why. It shows no cell of the
// input, except for a few single words where the encoding is in doubt, which
// only the operator can decide. Headers are shown unless they look like data.
type Error struct {
	File    string // as the operator named it; "-" is standard input, "" = no file
	Sheet   string // "" for CSV
	Row     int    // as a spreadsheet program shows it, from 1; 0 = no row
	Line    int    // as an editor shows it, from 1; 0 = unknown, or XLSX
	Column  int    // from 1; 0 = no column
	Field   string // canonical name of the field in that column, "" = none
	Cell    string // as CellName writes it, "" = no cell
	Reason  string // what is wrong: lower case, no full stop
	Hint    string // what to do: a sentence without its full stop, "" = nothing to add
	Unclear string // field that two columns may be; "" if it is about something else
	Err     error  // what the operating system or a decoder said, for errors.Is; may be nil
}

// Error returns `file, sheet "S", row 17 (line 23), column email (cell E17):
// reason. Hint`, without the parts that are unknown.
func (e *Error) Error() string {
	var place []string
	if e.File != "" {
		place = append(place, DisplayName(e.File))
	}
	if e.Sheet != "" {
		place = append(place, "sheet "+strconv.Quote(e.Sheet))
	}
	if at := e.formatPosition(); at != "" {
		place = append(place, at)
	}
	if at := e.formatColumn(); at != "" {
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

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) formatPosition() string {
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

func (e *Error) formatColumn() string {
	text := ""
	switch {
	case e.Field != "":
		text = "column " + e.Field
	case e.Column > 0:
		text = "column " + ColumnName(e.Column)
	}
	if e.Cell != "" {
		text = strings.TrimSpace(text + " (cell " + e.Cell + ")")
	}
	return text
}

// FormatCount returns "1 row" or "2 rows".
func FormatCount(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// CellName returns the name of a cell in spreadsheet programs: CellName(5, 17)
// is E17. Both count from 1; below that it returns "".
func CellName(column, row int) string {
	if column < 1 || row < 1 {
		return ""
	}
	return ColumnName(column) + strconv.Itoa(row)
}

// ColumnName returns A for 1, Z for 26, AA for 27.
func ColumnName(column int) string {
	name := ""
	for ; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name
}

// DisplayName returns a file's name as a terminal can show it: quoted and escaped
// unless it is plain printable text.
func DisplayName(name string) string {
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

// FileError returns what the operating system said of a file, without its path,
// which it would print unescaped.
func FileError(name string, err error) *Error {
	e := &Error{File: name, Err: err}
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Reason, e.Hint = "there is no such file", "Check the name and the working directory"
	case errors.Is(err, fs.ErrPermission):
		e.Reason, e.Hint = "this user may not read it", "Change its permissions, or run as its owner"
	case errors.As(err, &path):
		e.Reason = "cannot be read: " + path.Err.Error()
	default:
		e.Reason = "cannot be read: " + err.Error()
	}
	return e
}
