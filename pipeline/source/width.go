package source

import (
	"slices"
	"strings"
	"unicode"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// maxShift is how many cells a row may have lost or gained before it is refused.
const maxShift = 8

// shape is the form of a cell, as far as it tells columns apart.
type shape uint8

const (
	emailShape   shape = 1 << iota // has an @
	webShape                       // has ://
	digitShape                     // digits and signs of numbers
	mixedShape                     // letters and digits
	capitalShape                   // two or three capitals: a code
	letterShape                    // other words
)

// shapeOf returns the form of a cell, 0 for a blank one.
func shapeOf(cell string) shape {
	cell = strings.TrimSpace(cell)
	letters, digits, capitals := 0, 0, 0
	for _, r := range cell {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsUpper(r):
			capitals++
			letters++
		case unicode.IsLetter(r):
			letters++
		}
	}
	switch {
	case cell == "":
		return 0
	case strings.Contains(cell, "@"):
		return emailShape
	case strings.Contains(cell, "://"):
		return webShape
	case digits > 0 && letters == 0:
		return digitShape
	case digits > 0:
		return mixedShape
	case capitals == letters && (letters == 2 || letters == 3):
		return capitalShape
	}
	return letterShape
}

// learnShapes returns the forms that the cells of each column have in the first
// rows: those with as many cells as there are headers, or if there are none all.
func learnShapes(columns int, rows []table.Record) []shape {
	seen := make([]shape, columns)
	learn := func(isWanted func(cells []string) bool) {
		for _, row := range rows {
			if isRuler(row.Cells) || !isWanted(row.Cells) {
				continue
			}
			for i, cell := range row.Cells[:min(len(row.Cells), columns)] {
				s := shapeOf(cell)
				if s&(letterShape|mixedShape) != 0 { // Baker Street is as good an address as 1 Main Street
					s |= letterShape | mixedShape
				}
				seen[i] |= s
			}
		}
	}
	learn(func(cells []string) bool { return len(cells) == columns })
	if !slices.ContainsFunc(seen, func(s shape) bool { return s != 0 }) {
		learn(func([]string) bool { return true })
	}
	return seen
}

// fitsWidth reports whether the cells of a row of a text file are those of its
// headers. Programs leave out the last cells of a row if they are empty, and
// write blank ones too many. A row that lacks another cell, or has one too many,
// has the values of one column in the next.
func (f *file) fitsWidth(m *matcher, cells []string) bool {
	columns := len(f.header)
	if len(cells) > columns && !table.IsBlank(cells[columns:]) {
		return false
	}
	if len(cells) == f.width {
		return true
	}
	for column := len(cells); column < columns; column++ {
		if i := slices.Index(f.values, column); i >= 0 && m.isRequired(m.opt.Fields[i]) {
			return false
		}
	}
	return !f.isShifted(cells)
}

// isShifted reports whether a row with too many or too few cells fits its columns
// better if some of its cells are moved to where those of other rows are.
func (f *file) isShifted(cells []string) bool {
	columns := len(f.header)
	missing, step := columns-len(cells), 1
	if missing < 0 {
		missing, step = -missing, -1
	}
	shapes := make([]shape, len(cells))
	for i, cell := range cells {
		shapes[i] = shapeOf(cell)
	}
	misfit := func(cell, column int) int {
		if shapes[cell] == 0 || column < columns && column >= 0 && (f.shapes[column] == 0 || f.shapes[column]&shapes[cell] != 0) {
			return 0
		}
		return 1
	}
	for by := 1; by <= min(missing, maxShift); by++ {
		// What fits better with the cells from some point on moved, fits worse
		// as it is: the largest gain over all points.
		gain := 0
		for i := len(cells) - 1; i >= 0; i-- {
			if gain += misfit(i, i) - misfit(i, i+by*step); gain > 0 {
				return true
			}
		}
	}
	return false
}

// isCutByLineBreak reports whether a short row seems to go on in the next one: an
// unquoted line break inside a cell makes two rows of one.
func (p *Pass) isCutByLineBreak(f *file, rec *table.Record) bool {
	if f.width == 0 || len(rec.Cells) >= len(f.header) {
		return false
	}
	next, err := p.peekRecord()
	return err == nil && len(next.Cells) < len(f.header) && f.kindOf(p.in.matcher, &next, rec.Cells) == customerRow && !f.fitsWidth(p.in.matcher, next.Cells)
}
