// Package table holds what the readers of files have in common: the rows they
// give, what they notice in them, and the error that refuses a file and says
// where. It knows no file format.
package table

import (
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// Record is one row of a file before its header is understood. Its cells stay
// valid for good.
type Record struct {
	Number int // as a spreadsheet program shows it, from 1: blank lines count, a record of several lines is one
	Line   int // where an editor shows its first line, from 1; 0 for XLSX
	Cells  []string
	Lines  int // of the file that it covers, if a cell of it is in quotation marks; else 0
	Issues []CellIssue
}

// Issue is something a reader saw in one row: a row too long, a formula
// without a cached value, a merged or a date cell.
type Issue struct {
	Column  int    // 0-based, -1 for the row as a whole
	Field   string // name of the column, "" for the row as a whole and until the header is understood
	Code    string
	Message string // no value of the row, no ';'
	Warning bool
}

// CellIssue is an Issue before the header is understood. Merged cells span
// several columns, and which of them are read is not known yet.
type CellIssue struct {
	Issue
	LastColumn   int  // of a merged range, 0-based; 0 = Column
	FirstRow     int  // of a merged range, as a spreadsheet program shows it; 0 = this row
	LastRow      int  // likewise
	OnlyWritten  bool // counts only in columns whose cells must not be calculated
	OnlyRequired bool // counts only in columns in which every row needs a value
	OnlyDeciding bool // counts only in columns that decide or are sent, not in those that are carried along
}

// Note is something a reader noticed about a whole file, for operators.
type Note struct {
	File    int // index of the file in its input
	Code    string
	Message string
	Warning bool
}

// IsBlank reports whether no cell holds more than white space.
func IsBlank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" })
}

// LongCell returns the issue of a cell that no spreadsheet program can hold:
// more than limits.CellShown characters. column counts from 0.
func LongCell(column int) CellIssue {
	return CellIssue{Issue: Issue{Column: column, Code: "cell_too_long", Message: "more than 32767 characters in one cell"}}
}

// LongRow returns the refusal of a row of more than limits.Record bytes.
func LongRow(number, line int) *Error {
	return &Error{Row: number, Line: line, Reason: "a row of more than " + limits.FormatSize(limits.Record), Hint: "Is this a table of customers?"}
}
