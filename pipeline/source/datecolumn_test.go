package source

import (
	"strings"
	"testing"
)

func sendBirth() Options {
	return Options{Fields: listFields(), Send: []SendColumn{{"dateOfBirth", "dateOfBirth"}}}
}

func TestS15SerialDayNumber(t *testing.T) {
	_, rows, err := readCase(t, "s15-serial-day-number.xlsx", sendBirth())
	if err != nil {
		t.Fatal(err)
	}
	if got := codes(rows[0]); got != "date_number" || rows[0].Issues[0].Field != "dateOfBirth" {
		t.Errorf("row 2: %+v", rows[0])
	}
	if got := codes(rows[1]); got != "warn:date_cell" || rows[1].Send[0] != "1990-01-01" {
		t.Errorf("row 3: %+v", rows[1])
	}
}

func TestDateColumns(t *testing.T) {
	for _, c := range []struct{ name, header, cells, want string }{
		{"beside dates", "x", "1990-01-01 32874", " date_number"},
		{"far below the dates", "x", strings.Repeat("1990-01-01 ", 50) + "32874", strings.Repeat(" ", 50) + "date_number"},
		{"above the dates", "x", "32874 1990-01-01", "date_number "},
		{"named", "Birth date", "32874 32875", "date_number date_number"},
		{"named in one word", "geburtsdatum", "32874", "date_number"},
		{"with a fraction", "x", "01.02.1990 32874.5", " date_number"},
		{"a year", "dob", "1990", "date_number"},
		{"digits of a date", "dob", "19900101", ""},
		{"no such digits", "dob", "00000000", "date_impossible"},
		{"zeros", "dob", "0000-00-00 1990-01-01", "date_impossible "},
		{"zeros, with a time", "x", "1990-01-01 0000-00-00T00:00:00", " date_impossible"},
		{"no such day", "x", "1990-01-01 1990-02-30 31.04.1990 1900-01-00 1990-13-01", " date_impossible date_impossible date_impossible date_impossible"},
		{"short year", "x", "1990-01-01 01.01.90 01-01-90", " date_short_year date_short_year"},
		{"short year behind a month's name", "x", "1-Jan-1990 1-Jan-90", " date_short_year"},
		{"names of months", "x", "1-January-1990 Mar.4,1991", " "},
		{"codes", "x", "32874 32875 x17", "  "},
		{"codes, one like a date", "x", "12-11-10 32874 32875 32876 32877 32878", "     "},
		{"words and a date", "x", "yes no 1990-01-01 32874", "   "},
		{"another word with date in it", "updateNumber", "32874", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "firstName,lastName,email," + c.header + "\n"
			for _, cell := range strings.Fields(c.cells) {
				text += `Ann,Lee,a@b.example,"` + cell + "\"\n"
			}
			_, rows, err := read(t, Options{Send: []SendColumn{{"extra", c.header}}}, "a.csv", text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range rows {
				got = append(got, codes(row))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	_, rows, err := read(t, Options{}, "a.csv", "firstName,lastName,email,dob\nAnn,Lee,a@b.example,32874\n")
	if err != nil || codes(rows[0]) != "" {
		t.Error("a column that is not sent:", rows, err)
	}
}
