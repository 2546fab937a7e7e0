package validate

import "github.com/bulkonboard/bulkonboard/validate/internal/celltext"

// hasDate adds a problem, and reports it, for a date where none can be. No field of
// the partner is a date: a spreadsheet has made one of a number or code, or the cell
// is of another column. Fields that --send adds may be dates, but not ones that two
// countries read as two days.
func (c *rowCheck) hasDate(field, v string, t tolerance) bool {
	switch {
	case !celltext.MayBeDate(v):
		return false
	case t == extraText:
		if !celltext.IsAmbiguousDate(v) {
			return false
		}
		c.addProblem(field, CodeDateAmbiguous, "can begin with the day or with the month. Write the date as 2024-12-31, in a text cell")
	case field == FieldTerms && (celltext.IsDate(v) || celltext.IsShortDate(v)):
		c.addProblem(field, CodeTermsTime, "holds a date or a time, perhaps that of the consent. Write TRUE for a user who has accepted the terms of service")
	case celltext.IsDate(v), !mayNameMonth(field) && celltext.IsShortDate(v):
		c.addProblem(field, CodeExcelDate, "is a date or a time, which is what spreadsheets make of some numbers and codes. Format the column as text, then enter the value again from its source")
	default:
		return false
	}
	return true
}

// mayNameMonth reports whether a field may hold "Mai 12": a house in the street of
// that name.
func mayNameMonth(field string) bool { return field == FieldAddress || field == FieldAccountPurpose }
