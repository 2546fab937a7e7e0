// Package source turns CSV and XLSX files into rows with their position. It
// finds header rows and which column holds which field. It does not know what a
// field means: the names to look for are in Options.Fields.
//
// Start at [Open]; [Decode] makes structs of the rows. An [Input] is a list of
// files read as one batch, in order. It can be read several times (the check
// pass, the send pass, the rejects file), each time from the start, and each pass
// ends with an error unless it read the bytes that Open saw.
package source

import (
	"errors"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// Field is a column to look for. Aliases, Foreign, Parts and AdjacentParts are
// lower case, letters and digits only.
type Field struct {
	Name          string   // canonical
	Aliases       []string // other names that senders give it
	Required      bool     // a file without it is refused
	Identifies    bool     // a row that has it is a customer, whatever else it lacks
	Written       bool     // a formula in it is a problem, whatever Options.Formulas says
	Shared        bool     // many customers have the same value, so that it does not make a row a customer
	Foreign       []string // values that it never has: a column of them is another one, although its header is an alias
	Parts         []string // headers of columns that hold a part of it, which is left behind when another column is read
	AdjacentParts []string // headers that mean so only right next to that column
}

// Options say how to read. The zero value of each but Fields means: detect.
type Options struct {
	Fields    []Field
	Map       map[string]string // canonical field name → the sender's header; beats matching
	Join      []Join            // fields that are joined of several columns; beats Map
	LeaveOut  []string          // kinds of rows that are not handed on: StruckOutRows, NoCustomerRows
	Optional  []string          // required fields that a default value supplies, so that their column may be missing
	ID        string            // header of the sender's own number; "" = none
	Carry     []string          // headers of unmapped columns to hand on; ["all"] = every one
	Send      []SendColumn      // columns that become extra fields
	Sheet     string            // name, or number from 1; "" = the only sheet with data
	HeaderRow int               // from 1; 0 = 1
	// EarlierSheet is the sheet of an earlier list of the kind. A workbook that does not
	// have it is read from the only sheet with data, or the only one with the headers.
	// Sheet beats it.
	EarlierSheet string
	// EarlierHeaderRow is the header row of an earlier list of the kind. A file that has
	// no headers there is read as if it was 0. HeaderRow beats it.
	EarlierHeaderRow int
	TakeFound        bool    // take the sheet and the header row that seem meant, and note it, rather than refuse
	Delimiter        rune    // 0 = detect among , ; tab |
	Encoding         string  // "" = UTF-8, or UTF-16 by its byte-order mark; else windows-1252, iso-8859-1, ...
	Formulas         string  // "cached" (default) or "refuse"
	MaxBytes         int64   // largest uncompressed size of a workbook; 0 = 4 GiB
	Overlay          Overlay // corrections of rows; nil = none
}

// Overlay corrects the rows of a list of one file before anything is said of them. What
// the columns hold was found out before, in the rows as they are in the file.
type Overlay interface {
	// Correct changes the cells and issues of a record below the headers, and reports
	// whether the row is read. The record's slices belong to the reader: a changed one is
	// a new one. One pass calls it for each row in order.
	Correct(rec *table.Record) (isRead bool)
	// Fingerprint identifies the corrections, "" if there are none. It is part of
	// Input.Settings.
	Fingerprint() string
}

// SendColumn names a string field of the request and the column it comes from.
type SendColumn struct{ Field, Column string }

// Join names a field and the columns whose cells it is joined of, in order, with one
// space between those that are not empty.
type Join struct {
	Field   string
	Columns []string
}

// Kinds of rows that Options.LeaveOut may name. Totals, headings, remarks and the
// headers again are left out without being named.
const (
	StruckOutRows  = "struck-out"  // a line is drawn through the whole row
	NoCustomerRows = "no-customer" // no cell that identifies, and at most one required one is filled in
)

// File is one input file.
type File struct {
	Name      string // as the operator named it; "-" for standard input
	SHA256    string // hex, of the bytes on disk
	Size      int64  // bytes
	Kind      string // "csv", "tsv", "jsonl" or "xlsx"
	Sheet     string // the sheet read, "" for CSV
	Header    []string
	HeaderRow int       // from 1; 0 = the file has none
	Hidden    []int     // columns that are hidden in the sheet, from 0
	Mapped    []Mapping // in column order
	Parts     []Join    // fields of which a part is in a column that is not read, with all columns in their order
}

// Mapping says which column was taken for which field.
type Mapping struct {
	Column int    // 0-based
	Header string // as written in the file
	Field  string // canonical name; "" = not used
	Name   string // what Issue.Field calls it: Field, else the field of Options.Send, else of a column that is read its header; "" = not read
}

// Row is one data row as written in its file.
type Row struct {
	File   int      // index into Input.Files
	Number int      // what a spreadsheet program shows, from 1: blank lines count, a record of several lines is one
	Line   int      // where an editor shows its first line, from 1; 0 for XLSX
	Cells  []string // one for each column of the header
	Extra  []string // the cells beyond them; such a row has an issue "columns", and they are kept where it is written again
	Names  []string // the canonical names of Options.Fields, the same slice in all rows; read only
	Values []string // one for each of Names, "" where there is no column
	ID     string   // cell of Options.ID
	Carry  []string // cells of the carried columns, in Input's order
	Send   []string // cells of Options.Send
	Origin string   // of a rejects file: the place of the row in the first list, "17" or "b.csv, row 17"
	Was    string   // of a rejects file: the status that the row had there
	Issues []Issue  // what the reader saw in this row
}

// Issue is something the reader saw in one row.
type Issue = table.Issue

// Note is something Open or a pass noticed about a whole file, for operators.
type Note = table.Note

// Error refuses a whole input, and says where and why.
type Error = table.Error

// ErrChanged means that a file is not what it was when Open read it: edited,
// cut short or replaced. What was read of it in this pass cannot be trusted.
var ErrChanged = errors.New("the input changed while it was being read")

// Code is one kind of [Issue]. Its words are in package pipeline/messages.
type Code struct {
	Code    string
	Warning bool
}

// Codes lists every code that a row's Issues can have, problems before
// warnings. The slice is the caller's.
func Codes() []Code {
	return []Code{
		{"columns", false},
		{"header_repeated", false},
		{"cell_too_long", false},
		{"row_too_long", false},
		{"cell_error", false},
		{"linked_data", false},
		{"json_list", false},
		{"formula", false},
		{"formula_uncached", false},
		{"struck_out", false},
		{"struck_out_row", false},
		{"merged", false},
		{"number_rounded", false},
		{"excel_rounded", false},
		{"number_format", false},
		{"other_meaning", false},
		{"date_number", false},
		{"date_impossible", false},
		{"date_short_year", false},
		{"date_range", false},
		{"date_cell", true},
		{"marks_removed", true},
		{"columns_beyond", true},
	}
}
