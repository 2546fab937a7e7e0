package source

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// dateForm is what a cell is as a date.
type dateForm int

const (
	noDate         dateForm    = iota // anything else, or empty
	oneDate                           // day, month and year, at least one way to read them
	dayNumber                         // a number, such as the day number of spreadsheets
	noSuchDate                        // the form of a date, and none of the calendar: 0000-00-00
	shortYearDate                     // a year of two digits: 01.01.90
	otherInColumn                     // not empty, not of these forms
	lastDateSerial = 2_958_465        // 9999-12-31
)

// dateFormOf returns the form of a cell. Which of day and month is first is up
// to the rules of the field.
func dateFormOf(cell string) dateForm {
	cell = strings.TrimSpace(cell)
	if cell == "" {
		return noDate
	}
	if at := strings.IndexAny(cell, "T "); at > 0 && strings.Contains(cell[at:], ":") {
		cell = cell[:at] // a time of day
	}
	if whole, fraction, _ := strings.Cut(cell, "."); isDigits(whole) && (fraction == "" || isDigits(fraction)) {
		return numberFormOf(whole)
	}
	parts := strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune("-/., ", r) })
	if len(parts) != 3 {
		return otherInColumn
	}
	if strings.ContainsFunc(cell, unicode.IsLetter) {
		return namedMonthFormOf(parts)
	}
	var n [3]int
	for i, part := range parts {
		var err error
		if n[i], err = strconv.Atoi(part); err != nil || len(part) > 4 || !isDigits(part) {
			return otherInColumn
		}
	}
	switch {
	case len(parts[0]) == 4 && len(parts[1]) <= 2 && len(parts[2]) <= 2:
		return formIfExists(isDay(n[0], n[1], n[2]))
	case len(parts[2]) == 4 && len(parts[0]) <= 2 && len(parts[1]) <= 2:
		return formIfExists(isDay(n[2], n[1], n[0]) || isDay(n[2], n[0], n[1]))
	case len(parts[0]) <= 2 && len(parts[1]) <= 2 && len(parts[2]) == 2:
		return shortYearDate
	}
	return otherInColumn
}

func formIfExists(is bool) dateForm {
	if is {
		return oneDate
	}
	return noSuchDate
}

// numberFormOf returns whether a number is a date (19900101), a day number, or
// neither.
func numberFormOf(whole string) dateForm {
	n, err := strconv.Atoi(whole)
	switch {
	case err != nil || len(whole) > 8:
		return otherInColumn
	case len(whole) == 8:
		return formIfExists(isDay(n/10_000, n/100%100, n%100))
	case n <= lastDateSerial:
		return dayNumber
	}
	return otherInColumn
}

// namedMonthFormOf returns the form of dates such as 12 March 1990 and Mar 12, 90.
func namedMonthFormOf(parts []string) dateForm {
	letters, years := 0, 0
	for _, part := range parts {
		switch {
		case !strings.ContainsFunc(part, func(r rune) bool { return !unicode.IsLetter(r) }):
			letters++
		case isDigits(part) && len(part) == 4:
			years++
		case !isDigits(part) || len(part) > 2:
			return otherInColumn
		}
	}
	switch {
	case letters != 1:
		return otherInColumn
	case years == 0:
		return shortYearDate
	}
	return oneDate
}

func isDay(year, month, day int) bool {
	if year < 1 || month < 1 || month > 12 || day < 1 {
		return false
	}
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() == day
}

// dateCount counts what the cells of one column are.
type dateCount struct{ dates, numbers, others int }

func (d *dateCount) addForm(form dateForm) {
	switch form {
	case oneDate, noSuchDate, shortYearDate:
		d.dates++
	case dayNumber:
		d.numbers++
	case otherInColumn:
		d.others++
	}
}

// areDates reports whether the column holds dates: by its name, or because
// its cells do. Numbers among them may be day numbers only if they are not the
// rule, as in a column of codes.
func (d *dateCount) areDates(named bool) bool {
	if named {
		return d.others <= d.dates+d.numbers
	}
	return d.dates > 0 && d.others <= d.dates && d.numbers <= 4*d.dates
}

// isDateName reports whether a header or field says that it is a date.
func isDateName(name string) bool {
	for _, word := range splitWords(name) {
		switch foldHeader(word) {
		case "date", "birth", "birthday", "birthdate", "dateofbirth", "dob", "born", "datum", "geburtsdatum", "geburtstag", "datedenaissance", "naissance",
			"fecha", "fechanacimiento", "fechadenacimiento", "nacimiento", "nascimento", "datadenascimento", "datanascimento", "nascita", "datadinascita", "geboortedatum":
			return true
		}
	}
	return false
}

// countDates reads the file once and finds out which of the columns of
// Options.Send hold dates: a row alone does not show whether a number is one.
// What is wrong with the file is left to the pass over its rows.
func (in *Input) countDates(ctx context.Context, f *file) error {
	f.dates = make([]bool, len(f.send))
	if len(f.send) == 0 {
		return nil
	}
	rows, err := in.openRecords(ctx, f.content)
	if err != nil {
		return ctx.Err()
	}
	counts := make([]dateCount, len(f.send))
	for {
		rec, err := rows.Next()
		if err != nil {
			break
		}
		for i, column := range f.send {
			if rec.Number > f.headerRow && column < len(rec.Cells) {
				counts[i].addForm(dateFormOf(removeMarks(rec.Cells[column])))
			}
		}
	}
	for i, send := range in.opt.Send {
		f.dates[i] = counts[i].areDates(isDateName(send.Field) || isDateName(send.Column))
	}
	if err := rows.Close(); err != nil {
		return err
	}
	return ctx.Err()
}

// findDateIssues returns what in the columns of dates of a row is no date, or can
// be read as several.
func (f *file) findDateIssues(cells []string) []Issue {
	var found []Issue
	for i, column := range f.send {
		if !f.dates[i] {
			continue
		}
		switch cell := cells[column]; dateFormOf(cell) {
		case dayNumber:
			found = append(found, Issue{Column: column, Code: "date_number",
				Message: "the cell holds a number in a column of dates, which may be a date that lost its format. Write it as 1990-12-31"})
		case noSuchDate:
			found = append(found, Issue{Column: column, Code: "date_impossible",
				Message: "there is no such date. Write the right one as 1990-12-31, or leave the cell empty"})
		case shortYearDate:
			if !strings.Contains(cell, "/") { // the rules of the field refuse that
				found = append(found, Issue{Column: column, Code: "date_short_year",
					Message: "the year of the date has only two digits. Write it as 1990-12-31"})
			}
		}
	}
	return found
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
