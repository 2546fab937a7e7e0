package validate

import "github.com/bulkonboard/bulkonboard/validate/internal/celltext"

// dated notes a date where none can stand. No field of the partner's is a
// date: one that holds nothing but a date had its number or code made into it
// by a spreadsheet, or has the wrong column's cell. Fields that --send adds
// may be dates, but not ones that two countries read as two days.
func (c *checking) dated(field, v string) bool {
	switch {
	case !celltext.MayBeDate(v):
		return false
	case !own(field):
		if !celltext.IsAmbiguousDate(v) {
			return false
		}
		c.bad(field, CodeDateAmbiguous, "can be read with the day or with the month first. write the date as 2024-12-31, in a text cell")
	case celltext.IsDate(v), !prosaic(field) && celltext.IsShortDate(v):
		c.bad(field, CodeExcelDate, "is a date or a time, which a spreadsheet makes of some numbers and codes. format the column as text, then enter the value again from its source")
	default:
		return false
	}
	return true
}

// own tells the partner's own fields from those that --send adds.
func own(field string) bool {
	switch field {
	case FieldFirstName, FieldLastName, FieldEmail, FieldPhoneNumber, FieldAccountPurpose, FieldIPAddress, FieldTerms, FieldProgram,
		FieldWalletAddress, FieldRedirectURL, FieldAddress, FieldCity, FieldRegion, FieldPostalCode, FieldCountryCode:
		return true
	}
	return false
}

// prosaic tells the fields in which people may write "Mai 12": a house in the
// street of that name.
func prosaic(field string) bool { return field == FieldAddress || field == FieldAccountPurpose }
