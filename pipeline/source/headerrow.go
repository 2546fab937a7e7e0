package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// isWholeLine reports whether a row is a whole header row in one cell.
func (m *matcher) isWholeLine(cells []string) bool {
	if len(cells) == 0 || !table.IsBlank(cells[1:]) {
		return false
	}
	return slices.ContainsFunc([]string{",", ";", "\t", "|"}, func(delim string) bool {
		return m.countKnown(strings.Split(cells[0], delim)) >= 3
	})
}

// isTransposed reports whether one of the first two columns holds the names of
// fields, so that each customer is a column.
func (m *matcher) isTransposed(rows []table.Record) bool {
	if slices.ContainsFunc(rows, func(r table.Record) bool { return m.countKnown(r.Cells) >= 3 }) {
		return false
	}
	for column := range 2 {
		var names []string
		for _, row := range rows {
			if len(row.Cells) > column+1 {
				names = append(names, row.Cells[column])
			}
		}
		if m.countKnown(names) >= 3 {
			return true
		}
	}
	return false
}

// findHeader returns the header row among the first rows of a file. want is
// Options.HeaderRow. A header row that is not the first one is refused with the
// flag that names it, unless Options.TakeFound is set.
func (m *matcher) findHeader(rows []table.Record, want int) (int, *Error) {
	if m.isTransposed(rows) {
		return 0, &Error{Row: rows[0].Number, Line: rows[0].Line, Reason: "the field names are in the first column, and each customer is a column",
			Hint: "Transpose the table: copy it in a spreadsheet program and paste it transposed"}
	}
	if want > 0 {
		i, found := slices.BinarySearchFunc(rows, want, func(r table.Record, n int) int { return cmp.Compare(r.Number, n) })
		isCustomer := found && slices.ContainsFunc(rows[i].Cells, looksLikeData)
		if !found || !isCustomer && m.countKnown(rows[i].Cells) == 0 {
			if best, mostKnown := m.findMostKnown(rows); mostKnown >= 2 {
				return 0, &Error{Row: want, Reason: fmt.Sprintf("there are no headers in this row; they seem to be in row %d", rows[best].Number),
					Hint: fmt.Sprintf("Pass --header-row %d", rows[best].Number), Err: &FoundHeader{Row: rows[best].Number}}
			}
		}
		if !found {
			return 0, &Error{Row: want, Reason: "there are no headers in this row", Hint: "Correct --header-row"}
		}
		if isCustomer && m.countKnown(rows[i].Cells) == 0 { // a message would show them as headers
			return 0, &Error{Row: want, Line: rows[i].Line, Reason: "this row looks like a customer, not like headers", Hint: "Correct --header-row"}
		}
		return i, nil
	}
	first := m.countKnown(rows[0].Cells)
	best, mostKnown := m.findMostKnown(rows)
	if best > 0 && mostKnown >= 2 && m.lacksRequired(rows[0].Cells) {
		if m.opt.TakeFound {
			return best, nil
		}
		return 0, &Error{Row: rows[0].Number, Line: rows[0].Line,
			Reason: fmt.Sprintf("these are not the headers; the headers seem to be in row %d", rows[best].Number),
			Hint:   fmt.Sprintf("Pass --header-row %d", rows[best].Number), Err: &FoundHeader{Row: rows[best].Number}}
	}
	if first == 0 && slices.ContainsFunc(rows[0].Cells, looksLikeData) {
		return 0, &Error{Row: rows[0].Number, Line: rows[0].Line, Reason: "this row looks like a customer, not like headers",
			Hint: "Put a row with the names of the columns above it: " + strings.Join(m.requiredNames(), ", ")}
	}
	return 0, nil
}

// findMostKnown returns the first row with the most names of fields.
func (m *matcher) findMostKnown(rows []table.Record) (best, known int) {
	for i := range rows {
		if n := m.countKnown(m.combineHeaders(rows, i).Cells); n > known {
			best, known = i, n
		}
	}
	return best, known
}

// findListHeader returns the number of the header row of a list of customers, if
// the rows are such a list.
func (m *matcher) findListHeader(rows []table.Record) (number int, isList bool) {
	const leastKnown = 3
	if len(rows) == 0 {
		return 0, false
	}
	best, known := m.findMostKnown(rows)
	return rows[best].Number, known >= leastKnown
}

// FoundHeader is the Err of an *Error that Options.Sheet and Options.HeaderRow can
// answer: where the headers seem to be.
type FoundHeader struct {
	Sheet string // "" = the one that was read
	Row   int    // from 1; 0 = the first row with cells
}

// Error returns the flags that name the place.
func (f *FoundHeader) Error() string { return strings.Join(f.Flags(), " ") }

// Flags returns the flags that name the place.
func (f *FoundHeader) Flags() []string {
	var flags []string
	if f.Sheet != "" {
		flags = append(flags, "--sheet", f.Sheet)
	}
	if f.Row > 0 {
		flags = append(flags, "--header-row", fmt.Sprint(f.Row))
	}
	return flags
}

// Question asks an operator whether the place is right.
func (f *FoundHeader) Question() string {
	switch {
	case f.Sheet == "":
		return fmt.Sprintf("The headers seem to be in row %d. Read the list from there?", f.Row)
	case f.Row == 0:
		return fmt.Sprintf("Only sheet %q has the headers. Read the list from there?", f.Sheet)
	}
	return fmt.Sprintf("Only sheet %q has the headers, in row %d. Read the list from there?", f.Sheet, f.Row)
}

// combineHeaders returns a row of headers. If it lacks names of fields that the
// row right above it has, that one belongs to it: some headings are two rows
// high, and others are in two rows, of groups and of columns.
func (m *matcher) combineHeaders(rows []table.Record, i int) table.Record {
	lower := rows[i]
	if i == 0 || rows[i-1].Number != lower.Number-1 || !m.lacksRequired(lower.Cells) {
		return lower
	}
	upper := rows[i-1].Cells
	cells := slices.Clone(lower.Cells)
	for len(cells) < len(upper) {
		cells = append(cells, "")
	}
	for column, name := range upper {
		if strings.TrimSpace(cells[column]) == "" {
			cells[column] = name
		}
	}
	if m.lacksRequired(cells) || slices.ContainsFunc(cells, looksLikeData) {
		return lower
	}
	lower.Cells = cells
	return lower
}
