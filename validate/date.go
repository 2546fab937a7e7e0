package validate

import "github.com/bulkonboard/bulkonboard/validate/internal/celltext"

// hasDate notes a date where none can stand. No field of the partner's is a
// date: one that holds nothing but a date had its number or code made into it
// by a spreadsheet, or has the wrong column's cell. Fields that --send adds
// may be dates, but not ones that two countries read as two days.
func (c *rowCheck) hasDate(field, v string, t tolerance) bool {
	switch {
	case !celltext.MayBeDate(v):
		return false
	case t == added:
		if !celltext.IsAmbiguousDate(v) {
			return false
		}
		c.addProblem(field, CodeDateAmbiguous, "can be read with the day or with the month first. write the date as 2024-12-31, in a text cell")
	case celltext.IsDate(v), !mayNameMonth(field) && celltext.IsShortDate(v):
		c.addProblem(field, CodeExcelDate, "is a date or a time, which a spreadsheet makes of some numbers and codes. format the column as text, then enter the value again from its source")
	default:
		return false
	}
	return true
}

// mayNameMonth tells the fields in which people may write "Mai 12": a house in the
// street of that name.
func mayNameMonth(field string) bool { return field == FieldAddress || field == FieldAccountPurpose }
