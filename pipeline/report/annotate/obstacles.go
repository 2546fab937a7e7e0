package annotate

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// obstacles is what in a sender's workbook keeps the sender from correcting a
// cell: checks that refuse the value that is asked for, and merged ranges, of
// which only the first cell is seen.
type obstacles struct {
	file   *excelize.File
	sheet  string
	checks []entryCheck
	merges map[int][]cellRange // by row
}

// entryCheck is a check of what may be entered, such as a list of choices.
type entryCheck struct {
	*excelize.DataValidation
	ranges  []cellRange
	change  checkChange
	choices []string // that a widened list gets
	column  int      // of the first marked cell, from 0
}

type checkChange int

const (
	keepCheck  checkChange = iota
	widenCheck             // its list gets the choices of the field
	liftCheck              // it stays, but refuses nothing
)

// cellRange is a range of cells, from column 0 and row 1.
type cellRange struct{ column, lastColumn, row, lastRow int }

func (r *cellRange) has(column, row int) bool {
	return r.column <= column && column <= r.lastColumn && r.row <= row && row <= r.lastRow
}

// tallestIndexed is how high a merged range may be to be noticed. Higher ones are
// no cells that are marked.
const tallestIndexed = 1000

// protectedSheet is the mark of a sheet in which locked cells cannot be changed.
var protectedSheet = regexp.MustCompile(`<sheetProtection [^>]*\bsheet="(?:1|true)"`)

// findObstacles reads the checks and the merged ranges of a sheet.
func findObstacles(f *excelize.File, sheet string) (*obstacles, error) {
	o := &obstacles{file: f, sheet: sheet, merges: map[int][]cellRange{}}
	checks, err := f.GetDataValidations(sheet)
	if err != nil {
		return nil, err
	}
	for _, dv := range checks {
		dv.Formula1, dv.Formula2 = html.UnescapeString(dv.Formula1), html.UnescapeString(dv.Formula2) // excelize gives them as they are in the part
		o.checks = append(o.checks, entryCheck{DataValidation: dv, ranges: parseRanges(dv.Sqref)})
	}
	merged, err := f.GetMergeCells(sheet, true)
	if err != nil {
		return nil, err
	}
	for _, m := range merged {
		for _, r := range parseRanges(m.GetStartAxis() + ":" + m.GetEndAxis()) {
			for row := r.row; row <= min(r.lastRow, r.row+tallestIndexed); row++ {
				o.merges[row] = append(o.merges[row], r)
			}
		}
	}
	return o, nil
}

// parseRanges reads ranges such as "B2:B9 D4". What is no range is left out.
func parseRanges(ref string) (ranges []cellRange) {
	for part := range strings.FieldsSeq(ref) {
		from, to, found := strings.Cut(strings.ReplaceAll(part, "$", ""), ":")
		if !found {
			to = from
		}
		c1, r1, err1 := excelize.CellNameToCoordinates(from)
		c2, r2, err2 := excelize.CellNameToCoordinates(to)
		if err1 == nil && err2 == nil {
			ranges = append(ranges, cellRange{c1 - 1, c2 - 1, r1, r2})
		}
	}
	return ranges
}

// firstCell returns the cell that shows what a cell holds: the first one of a
// merged range.
func (o *obstacles) firstCell(column, row int) (firstColumn, firstRow int) {
	for _, r := range o.merges[row] {
		if r.has(column, row) {
			return r.column, r.row
		}
	}
	return column, row
}

// note looks whether a check refuses what a marked cell needs. choices are the
// values that its field accepts, nil for any.
func (o *obstacles) note(column, row int, choices []string) {
	for i := range o.checks {
		c := &o.checks[i]
		if !c.refuses() || !slices.ContainsFunc(c.ranges, func(r cellRange) bool { return r.has(column, row) }) {
			continue
		}
		change := liftCheck
		if offered, isList := c.offered(); isList && len(choices) > 0 {
			lacking := slices.DeleteFunc(slices.Clone(choices), func(choice string) bool {
				return slices.ContainsFunc(offered, func(o string) bool { return strings.EqualFold(o, choice) })
			})
			change = widenCheck
			if len(lacking) == 0 {
				change = keepCheck
			}
			c.choices = append(offered, lacking...)
			if len(strings.Join(c.choices, ",")) > excelize.MaxFieldLength {
				change = liftCheck
			}
		}
		if c.change == keepCheck {
			c.column = column
		}
		c.change = max(c.change, change)
	}
}

// refuses reports whether a check stops an entry, rather than warn of it.
func (c *entryCheck) refuses() bool {
	return c.ShowErrorMessage && c.Type != "" && c.Type != "none" && (c.ErrorStyle == nil || *c.ErrorStyle == "" || *c.ErrorStyle == "stop")
}

// offered returns the choices of a list that is written in the check itself.
func (c *entryCheck) offered() (choices []string, isList bool) {
	text, ok := strings.CutPrefix(c.Formula1, `"`)
	text, closed := strings.CutSuffix(text, `"`)
	if c.Type != "list" || !ok || !closed {
		return nil, false
	}
	for choice := range strings.SplitSeq(text, ",") {
		choices = append(choices, strings.TrimSpace(choice))
	}
	return choices, true
}

// remove changes the checks that refuse what is asked for. It returns the columns
// of those that were widened, and of those that were lifted.
func (o *obstacles) remove() (widened, lifted []int, err error) {
	if !slices.ContainsFunc(o.checks, func(c entryCheck) bool { return c.change != keepCheck }) {
		return nil, nil, nil
	}
	if err := o.file.DeleteDataValidation(o.sheet); err != nil { // all: one by one costs a step for each cell
		return nil, nil, err
	}
	for i := range o.checks {
		c := &o.checks[i]
		switch c.change {
		case widenCheck:
			c.Formula1 = `"` + strings.Join(c.choices, ",") + `"`
			widened = append(widened, c.column)
		case liftCheck:
			c.ShowErrorMessage = false
			lifted = append(lifted, c.column)
		}
		c.Formula1, c.Formula2 = workbook.EscapeXML(c.Formula1), workbook.EscapeXML(c.Formula2)
		if err := o.file.AddDataValidation(o.sheet, c.DataValidation); err != nil {
			return nil, nil, err
		}
	}
	return widened, lifted, nil
}
