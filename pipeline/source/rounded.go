package source

import (
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx"
)

// A number of so many digits and zeros is what is left of 1.41556E+10.
const (
	longNumber   = 10
	roundedZeros = "00000"
)

func isLongNumber(cell string) bool { return len(cell) >= longNumber && isDigits(cell) }

// findExact returns which columns have long numbers in their first rows most of
// which do not end in zeros.
func findExact(columns int, rows []table.Record) []bool {
	exact := make([]bool, columns)
	for column := range exact {
		long, rounded := 0, 0
		for _, row := range rows {
			if column >= len(row.Cells) {
				continue
			}
			cell := strings.TrimLeft(strings.TrimSpace(row.Cells[column]), "+")
			if isLongNumber(cell) {
				long++
				if strings.HasSuffix(cell, roundedZeros) {
					rounded++
				}
			}
		}
		exact[column] = rounded*2 < long
	}
	return exact
}

// findRounded returns the issues of fields with a number that ends in five zeros
// where the others of their column do not: a spreadsheet showed it as 1.41556E+10,
// and that was saved. With a + in front it is a text, which nothing rounds.
// known are the issues that the row has: a cell that has one needs no second.
func (f *file) findRounded(cells []string, known []Issue) []Issue {
	var found []Issue
	for _, column := range f.values {
		isKnown := func(i Issue) bool { return i.Column == column && !i.Warning }
		if column >= 0 && !slices.ContainsFunc(known, isKnown) && f.exact[column] && strings.HasSuffix(cells[column], roundedZeros) && isLongNumber(cells[column]) {
			found = append(found, Issue{Column: column, Code: "excel_rounded",
				Message: xlsx.RoundedForm + ": it ends in five zeros, unlike the others of its column. Enter it again from its source, a phone number with its +"})
		}
	}
	return found
}
