package validate

import "strings"

// dated notes a date where none can stand. No field of the partner's is a
// date: one that holds nothing but a date had its number or code made into it
// by a spreadsheet, or has the wrong column's cell. Fields that --send adds
// may be dates, but not ones that two countries read as two days.
func (c *checking) dated(field, v string) bool {
	switch {
	case !mayBeDate(v):
		return false
	case !own(field):
		if !twoReadings(v) {
			return false
		}
		c.bad(field, CodeDateAmbiguous, "can be read with the day or with the month first. write the date as 2024-12-31, in a text cell")
	case looksLikeDate(v), !prosaic(field) && shortDate(v):
		c.bad(field, CodeExcelDate, "is a date or a time, which a spreadsheet makes of some numbers and codes. format the column as text, then enter the value again from its source")
	default:
		return false
	}
	return true
}

// own tells the partner's own fields from those that --send adds.
func own(field string) bool {
	switch field {
	case fieldFirstName, fieldLastName, fieldEmail, fieldPhoneNumber, fieldAccountPurpose, fieldIPAddress, fieldTerms, fieldProgram,
		fieldWalletAddress, fieldRedirectURL, fieldAddress, fieldCity, fieldRegion, fieldPostalCode, fieldCountryCode:
		return true
	}
	return false
}

// prosaic tells the fields in which people may write "Mai 12": a house in the
// street of that name.
func prosaic(field string) bool { return field == fieldAddress || field == fieldAccountPurpose }

// mayBeDate spares nearly all cells the closer look: a date is short, begins
// or ends in a digit, and has something between its numbers.
func mayBeDate(v string) bool {
	return len(v) >= 4 && len(v) <= 32 && (digit(v[0]) || digit(v[len(v)-1]) && v[0] > '9') && strings.ContainsAny(v, "-/.: ")
}

// looksLikeDate tells day, month and year of this or the last century in any
// of the usual orders, with or without a time behind it, and a time alone.
// Such a value is no phone number of any country.
func looksLikeDate(v string) bool {
	if len(v) < 4 || len(v) > 32 || !digit(v[0]) {
		return false
	}
	if clock(v) {
		return true
	}
	p, sep, ok := dateParts(v)
	if !ok {
		return false
	}
	return within(p[0], 4, 1900, 2099) && within(p[1], 2, 1, 12) && within(p[2], 2, 1, 31) ||
		year(p[2], sep) && (within(p[0], 2, 1, 12) && within(p[1], 2, 1, 31) || within(p[0], 2, 1, 31) && (within(p[1], 2, 1, 12) || monthName(p[1])))
}

// dateParts splits three parts that one separator stands between, and leaves
// out a time behind them.
func dateParts(v string) (p [3]string, sep byte, ok bool) {
	i := strings.IndexAny(v, "-/.")
	if i < 1 || i > 4 {
		return p, 0, false
	}
	sep = v[i]
	rest := v[i+1:]
	j := strings.IndexByte(rest, sep)
	if j < 1 {
		return p, 0, false
	}
	p = [3]string{v[:i], rest[:j], rest[j+1:]}
	if k := strings.IndexAny(p[2], " T"); k >= 0 {
		p[2] = p[2][:k]
	}
	return p, sep, true
}

// shortDate tells 12-Mar and Mar-04, which spreadsheets make of 12-3, 3/12,
// MAR4 and MARCH 4, in the languages whose headers we know.
func shortDate(v string) bool {
	for _, sep := range []string{"-", "/", " "} {
		first, second, ok := strings.Cut(v, sep)
		if !ok {
			continue
		}
		first, second = strings.TrimSuffix(first, "."), strings.TrimSuffix(strings.TrimSpace(second), ".")
		return monthName(second) && within(first, 2, 1, 31) ||
			monthName(first) && (len(second) <= 2 && within(second, 2, 0, 99) || within(second, 4, 1900, 2099))
	}
	return false
}

// twoReadings tells 03/04/1990, which is in March for some and in April for
// others, and 01/01/90, whose year may be any of the three. With dots, the day
// comes first wherever they are used.
func twoReadings(v string) bool {
	if !looksLikeDate(v) {
		return false
	}
	p, sep, ok := dateParts(v)
	if ok && sep == '/' && len(p[0]) <= 2 && len(p[2]) == 2 {
		return true
	}
	if !ok || sep == '.' || !within(p[0], 2, 1, 12) || !within(p[1], 2, 1, 12) {
		return false
	}
	return strings.TrimPrefix(p[0], "0") != strings.TrimPrefix(p[1], "0")
}

// clock tells 12:30 and 12:30:00.
func clock(v string) bool {
	hours, rest, ok := strings.Cut(v, ":")
	if !ok || !within(hours, 4, 0, 9999) {
		return false
	}
	minutes, seconds, more := strings.Cut(rest, ":")
	return len(minutes) == 2 && within(minutes, 2, 0, 59) && (!more || len(seconds) == 2 && within(seconds, 2, 0, 59))
}

// year is a full one, or two digits where the separator leaves no doubt.
func year(s string, sep byte) bool {
	return within(s, 4, 1900, 2099) && len(s) == 4 || sep == '/' && len(s) == 2 && within(s, 2, 0, 99)
}

// monthName tells the names of months, whole or as spreadsheets shorten them.
func monthName(s string) bool {
	switch strings.ToLower(strings.TrimSuffix(s, ".")) {
	case "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
		"january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december",
		"mrz", "mär", "mai", "okt", "dez", "januar", "februar", "märz", "juni", "juli", "oktober", "dezember", // German
		"janv", "févr", "mars", "avr", "juin", "juil", "août", "déc", "janvier", "février", "avril", "juillet", "septembre", "octobre", "novembre", "décembre", // French
		"ene", "abr", "ago", "dic", "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre", // Spanish
		"fev", "set", "out", "janeiro", "fevereiro", "março", "maio", "junho", "julho", "setembro", "outubro", "novembro", "dezembro", // Portuguese
		"gen", "mag", "giu", "lug", "ott", "gennaio", "febbraio", "aprile", "maggio", "giugno", "luglio", "settembre", "ottobre", "dicembre", // Italian
		"mrt", "mei", "maart", "januari", "februari", "augustus": // Dutch
		return true
	}
	return false
}

// within reads at most width digits as a number from low to high.
func within(s string, width, low, high int) bool {
	if s == "" || len(s) > width {
		return false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if !digit(s[i]) {
			return false
		}
		n = n*10 + int(s[i]-'0')
	}
	return low <= n && n <= high
}
