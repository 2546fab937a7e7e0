package source

import (
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// meansAnother reports whether a column whose header is an alias of a field holds
// something else, by its first rows: estado is a state of a country and a state
// of an account. Most of its filled cells are then in Field.Foreign.
func (m *matcher) meansAnother(field, column int, rows []table.Record) bool {
	filled, another := 0, 0
	for _, row := range rows {
		if column >= len(row.Cells) || strings.TrimSpace(row.Cells[column]) == "" {
			continue
		}
		filled++
		if m.isForeign(field, row.Cells[column]) {
			another++
		}
	}
	return another*2 > filled
}

// isForeign reports whether a cell is one of Field.Foreign.
func (m *matcher) isForeign(field int, cell string) bool {
	words := m.opt.Fields[field].Foreign
	return len(words) > 0 && len(cell) < 40 && slices.Contains(words, foldHeader(cell))
}

// markAmbiguous lists the fields that are read from a column whose header means
// two things: a cell of the other kind is no value of the field.
func (m *matcher) markAmbiguous(l *layout) {
	for i, f := range m.opt.Fields {
		column := l.values[i]
		if _, chosen := m.opt.Map[f.Name]; column >= 0 && !chosen && len(f.Foreign) > 0 && foldHeader(l.header[column]) != foldHeader(f.Name) {
			l.ambiguous = append(l.ambiguous, i)
		}
	}
}

// findForeign returns the issues of cells of such columns.
func (p *Pass) findForeign(f *file, cells []string) []Issue {
	var found []Issue
	for _, field := range f.ambiguous {
		if column := f.values[field]; p.in.isForeign(field, cells[column]) {
			found = append(found, Issue{Column: column, Code: "other_meaning",
				Message: "holds a word that is not a value of this field. Correct it, or rename the column if it holds something else"})
		}
	}
	return found
}

// findWhole returns the field that a column holds the rest of, such as the house
// number next to the street. The field is read from another column.
func (m *matcher) findWhole(l *layout, column int) (field int, found bool) {
	key := foldHeader(l.header[column])
	for i, f := range m.opt.Fields {
		main := l.values[i]
		if main < 0 {
			continue
		}
		adjacent := column == main+1 || column == main-1
		if slices.Contains(f.Parts, key) || adjacent && slices.Contains(f.AdjacentParts, key) {
			return i, true
		}
	}
	return 0, false
}

// hasValues reports whether any of the rows has a value in a column.
func hasValues(rows []table.Record, column int) bool {
	return slices.ContainsFunc(rows, func(r table.Record) bool { return column < len(r.Cells) && strings.TrimSpace(r.Cells[column]) != "" })
}
