package source

import (
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// isUnentered reports whether a row holds only what a sheet has before anything
// is entered: unticked check boxes, values filled in for all rows alike, numbers
// that count up from the row above. Nothing in it says who a customer is.
func (f *file) isUnentered(m *matcher, rec *table.Record, before []string) bool {
	filled := 0
	for column, cell := range rec.Cells {
		cell = strings.TrimSpace(cell)
		if cell == "" {
			continue
		}
		filled++
		if column >= len(f.header) || f.isIdentity(m, column) {
			return false
		}
		isRunning := column < len(before) && isNext(strings.TrimSpace(before[column]), cell)
		if !isUnticked(cell) && cell != f.prefilled[column] && !isRunning {
			return false
		}
	}
	for _, is := range rec.Issues {
		if !is.Warning && !is.OnlyWritten && is.Code != codeMerged {
			return false // the row has more than its cells show
		}
	}
	return filled > 0
}

// isIdentity reports whether a column holds a field that differs from customer to
// customer.
func (f *file) isIdentity(m *matcher, column int) bool {
	name := f.mapped[column].Field
	if name == "" {
		return false
	}
	for i := range m.opt.Fields {
		if m.opt.Fields[i].Name == name {
			return !m.opt.Fields[i].Shared
		}
	}
	return true
}

// isUnticked reports whether a cell is a check box that is not ticked, as
// spreadsheet programs in various languages write it.
func isUnticked(cell string) bool {
	switch strings.ToUpper(cell) {
	case "FALSE", "FALSCH", "FAUX", "FALSO", "ONWAAR", "☐", "[ ]", "[]":
		return true
	}
	return false
}

// isNext reports whether a cell has the number after that of the cell above, with
// the same text before it: 17 and 18, K-0017 and K-0018.
func isNext(above, cell string) bool {
	const digits = "0123456789"
	stem := strings.TrimRight(cell, digits)
	if len(stem) == len(cell) || stem != strings.TrimRight(above, digits) {
		return false
	}
	number, err := strconv.ParseUint(cell[len(stem):], 10, 64)
	last, failed := strconv.ParseUint(above[len(stem):], 10, 64)
	return err == nil && failed == nil && number == last+1
}

// findPrefilled returns for each column the value that at least half of its first
// filled cells have, and at least two of them.
func findPrefilled(columns int, rows []table.Record) []string {
	values := make([]string, columns)
	for column := range values {
		filled, counts := 0, map[string]int{}
		for _, row := range rows {
			if column >= len(row.Cells) {
				continue
			}
			if cell := strings.TrimSpace(row.Cells[column]); cell != "" {
				filled++
				counts[cell]++
			}
		}
		for _, row := range rows { // in their order, so that of two values the first one is chosen
			if column < len(row.Cells) {
				value := strings.TrimSpace(row.Cells[column])
				if n := counts[value]; n >= 2 && n*2 >= filled && n > counts[values[column]] {
					values[column] = value
				}
			}
		}
	}
	return values
}
