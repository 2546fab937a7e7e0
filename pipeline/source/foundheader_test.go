package source

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx/xlsxtest"
)

func TestR06TwoStoreyHeader(t *testing.T) {
	aliased := listFields()
	for i, alias := range []string{"firstname", "lastname", "email", "phone", "purpose", "ip", "terms", "program"} {
		aliased[i].Aliases = []string{alias}
	}
	for i, alias := range map[int]string{10: "street", 11: "city", 12: "state", 13: "zip", 14: "country"} {
		aliased[i].Aliases = []string{alias}
	}
	_, _, err := readCase(t, "r06-two-storey-header.xlsx", Options{Fields: aliased})
	refused(t, err, Error{Row: 1, Reason: "the headers seem to be in row 2", Hint: "Pass --header-row 2"})
	var place *FoundHeader
	if !errors.As(err, &place) || place.Row != 2 || place.Sheet != "" {
		t.Errorf("%+v", place)
	}
	for _, opt := range []Options{{HeaderRow: 2}, {TakeFound: true}} {
		opt.Fields = aliased
		in, rows, err := readCase(t, "r06-two-storey-header.xlsx", opt)
		if err != nil || rows[0].Values[0] != "Jane" || rows[0].Values[2] != "jane1@mail.example" || codes(rows[0]) != "" {
			t.Fatal(rows, err)
		}
		if !hasNote(in, "header_found", "the headers are in rows 1 and 2") || in.Files()[0].HeaderRow != 2 {
			t.Error(in.Notes())
		}
	}
}

func TestHeaderRowsFound(t *testing.T) {
	const title = "Customers of the fourth quarter,,\n"
	for name, test := range map[string]struct {
		text   string
		row    int
		answer string // first name of the first customer
	}{
		"below a title":               {title + head + "Ann,Lee,a@b.example\n", 2, "Ann"},
		"below a title and two lines": {title + "as of today,,\n,confidential,\n" + head + "Ann,Lee,a@b.example\n", 4, "Ann"},
		"two rows high":               {"Name,,E-mail\nfirstName,lastName,\nAnn,Lee,a@b.example\n", 2, "Ann"},
		"two storeys":                 {"firstName,lastName,Contact,\n,,email,city\nAnn,Lee,a@b.example,Bonn\n", 2, "Ann"},
		"two storeys below a title":   {title + "Person,,email\nfirstName,lastName,\nAnn,Lee,a@b.example\n", 3, "Ann"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := read(t, Options{}, "a.csv", test.text)
			var place *FoundHeader
			if errors.As(err, &place) != (test.row > 0) || test.row > 0 && place.Row != test.row {
				t.Fatal(place, err)
			}
			if test.row == 0 {
				return
			}
			in, rows, err := read(t, Options{TakeFound: true}, "a.csv", test.text)
			if err != nil || len(rows) != 1 || rows[0].Values[0] != test.answer || !hasNote(in, "header_found", "") {
				t.Error(rows, err)
			}
			named, rows, err := read(t, Options{HeaderRow: test.row}, "a.csv", test.text)
			if err != nil || len(rows) != 1 || rows[0].Values[0] != test.answer || named.Settings() != in.Settings() {
				t.Error(rows, err)
			}
		})
	}
}

// The header row of an earlier list is only where to look first: a corrected rejects
// file has its own, and a title may be longer this month.
func TestEarlierHeaderRow(t *testing.T) {
	const row = "Ann,Lee,a@b.example\n"
	for name, test := range map[string]struct {
		text string
		row  int // of the headers; 0 = refused
		take bool
	}{
		"as before":          {"Customers\n\n" + head + row, 3, false},
		"in the first row":   {head + row + row + row, 1, false},
		"fewer rows":         {head + row, 1, false},
		"another row":        {"Customers\nNovember\n\n" + head + row, 0, false},
		"another row, taken": {"Customers\nNovember\n\n" + head + row, 4, true},
	} {
		t.Run(name, func(t *testing.T) {
			in, rows, err := read(t, Options{EarlierHeaderRow: 3, TakeFound: test.take}, "a.csv", test.text)
			if test.row == 0 {
				refused(t, err, Error{Row: 1, Reason: "the headers seem to be in row 4", Hint: "Pass --header-row 4"})
				return
			}
			if err != nil || rows[0].Values[0] != "Ann" || in.Files()[0].HeaderRow != test.row {
				t.Errorf("%v %v", rows, err)
			}
		})
	}
}

// A header row that was named and has no headers is refused with the row that has them.
func TestHeaderRowElsewhere(t *testing.T) {
	for name, text := range map[string]string{
		"a blank row": "Customers\n\n" + head + "Ann,Lee,a@b.example\n",
		"a title":     "Customers\nOf November\n" + head + "Ann,Lee,a@b.example\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, takeFound := range []bool{false, true} {
				_, _, err := read(t, Options{HeaderRow: 2, TakeFound: takeFound}, "a.csv", text)
				refused(t, err, Error{Row: 2, Reason: "there are no headers in this row; they seem to be in row 3", Hint: "Pass --header-row 3"})
				var place *FoundHeader
				if !errors.As(err, &place) || place.Row != 3 {
					t.Errorf("%+v", place)
				}
			}
		})
	}
}

// Customers are never taken for headers.
func TestNoHeadersToFind(t *testing.T) {
	for _, text := range []string{"Ann,Lee,a@b.example\nBob,Fox,b@b.example\n", "Ann,Lee,a@b.example\n" + head, head[:len(head)-6] + "\nAnn,Lee\n"} {
		_, rows, err := read(t, Options{TakeFound: true}, "a.csv", text)
		if err == nil && len(rows) > 0 {
			t.Errorf("%q: %v", text, rows)
		}
		if err != nil && strings.Contains(err.Error(), "Ann") {
			t.Error(err)
		}
	}
}

// twoSheets returns a workbook with a cover and a list, whose headers are in row 2.
func twoSheets(t *testing.T, cover string) string {
	t.Helper()
	list := xlsxtest.Rows(`<row r="1">` + xlsxtest.Inline("A1", "Customers") + `</row><row r="2">` + xlsxtest.Inline("A2", "firstName") + xlsxtest.Inline("B2", "lastName") + xlsxtest.Inline("C2", "email") +
		`</row><row r="3">` + xlsxtest.Inline("A3", "Ann") + xlsxtest.Inline("B3", "Lee") + xlsxtest.Inline("C3", "a@b.example") + `</row>`)
	book := xlsxtest.New(xlsxtest.Rows(cover)).With("xl/worksheets/sheet2.xml", list)
	book["xl/workbook.xml"] = strings.Replace(book["xl/workbook.xml"], "</sheets>", `<sheet name="Kunden" sheetId="2" r:id="rId9"/></sheets>`, 1)
	book["xl/_rels/workbook.xml.rels"] = strings.Replace(book["xl/_rels/workbook.xml.rels"], "</Relationships>",
		`<Relationship Id="rId9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/></Relationships>`, 1)
	return string(book.Zip(t))
}

func TestSheetFound(t *testing.T) {
	data := twoSheets(t, `<row r="1">`+xlsxtest.Inline("A1", "Overview")+`</row>`)
	_, _, err := read(t, Options{}, "a.xlsx", data)
	refused(t, err, Error{Reason: "several sheets have data", Hint: `pass --sheet "Kunden" --header-row 2`})
	var place *FoundHeader
	if !errors.As(err, &place) || !reflect.DeepEqual(place.Flags(), []string{"--sheet", "Kunden", "--header-row", "2"}) {
		t.Errorf("%+v", place)
	}
	in, rows, err := read(t, Options{TakeFound: true}, "a.xlsx", data)
	if err != nil || len(rows) != 1 || in.Files()[0].Sheet != "Kunden" || in.Files()[0].HeaderRow != 2 {
		t.Fatal(rows, err)
	}
	if !hasNote(in, "sheet_found", `sheet "Kunden" is read`) || !hasNote(in, "header_found", "in row 2") {
		t.Error(in.Notes())
	}
	if rows, err := readPass(t, in); err != nil || len(rows) != 1 { // once more
		t.Error(rows, err)
	}
	// The sheet that an earlier list had is gone: the one with the headers is read.
	in, rows, err = read(t, Options{EarlierSheet: "Kunden Q4", HeaderRow: 2}, "a.xlsx", data)
	if err != nil || len(rows) != 1 || in.Files()[0].Sheet != "Kunden" || !hasNote(in, "sheet_renamed", `there is no sheet "Kunden Q4", which the map file names: sheet "Kunden" is read`) {
		t.Error(rows, err)
	}
	in, rows, err = read(t, Options{EarlierSheet: "KUNDEN", HeaderRow: 2}, "a.xlsx", data)
	if err != nil || len(rows) != 1 || hasNote(in, "sheet_renamed", "") {
		t.Error(rows, err)
	}
	// Two lists: which one is meant is up to the operator.
	data = twoSheets(t, `<row r="1">`+xlsxtest.Inline("A1", "firstName")+xlsxtest.Inline("B1", "lastName")+xlsxtest.Inline("C1", "email")+`</row><row r="2">`+xlsxtest.Inline("A2", "Old")+`</row>`)
	_, _, err = read(t, Options{TakeFound: true}, "a.xlsx", data)
	refused(t, err, Error{Reason: "several sheets have data", Hint: "Choose one with --sheet"})
	_, _, err = read(t, Options{EarlierSheet: "Kunden Q4"}, "a.xlsx", data)
	refused(t, err, Error{Reason: "several sheets have data", Hint: "Choose one with --sheet"})
}

func TestHeadersWithRemarks(t *testing.T) {
	fields := []Field{{Name: "firstName", Required: true, Aliases: []string{"vorname"}}, {Name: "lastName", Required: true}, {Name: "email", Required: true, Aliases: []string{"mail"}},
		{Name: "phoneNumber", Aliases: []string{"telefon", "mobil"}}, {Name: "ipAddress", Aliases: []string{"ip"}}, {Name: "address"}, {Name: "countryCode", Aliases: []string{"country"}}}
	for header, want := range map[string]string{
		"First name (required)": "firstName", "First name*": "firstName", "E-Mail *": "email", "* E-Mail": "email", "E-mail [optional]": "email", "Telefon (mobil)": "phoneNumber",
		"Vorname (wie im Ausweis)": "firstName", "Vorname\n(Pflichtfeld)": "firstName", "IP (Registrierung)": "ipAddress", "Country (ISO 3166)": "countryCode",
		"Telefon (mit Ländervorwahl)": "phoneNumber", "First name: required": "firstName", "Vorname – Pflicht": "firstName", "<Mail>": "email",
		"E-Mail (spouse)": "", "Telefon (emergency contact)": "", "Address (IP)": "", "Telefon (country)": "", "E-mail (verified)": "", "Vorname - Nachname": "", "Country (of birth)": "",
		"Mail (hash)": "", "(required)": "", "First name (": "", "first (name)": "",
	} {
		m := newMatcher(Options{Fields: fields})
		got := ""
		if i, found := m.findField(header); found {
			got = fields[i].Name
		}
		if want != got && (want != "" || foldHeader(header) != foldHeader(got)) {
			t.Errorf("%q is %q, want %q", header, got, want)
		}
	}
	in, rows, err := read(t, Options{Fields: fields}, "a.csv", "First name (required),Last Name *,E-Mail (work),email\nAnn,Lee,x@y.example,a@b.example\n")
	if err != nil || rows[0].Values[2] != "a@b.example" || !hasNote(in, "mapped", "is read as firstName") {
		t.Error(rows, err)
	}
	_, _, err = read(t, Options{Fields: fields}, "a.csv", "firstName,lastName,email,Telefon (mobil),Telefon (privat)\nAnn,Lee,a@b.example,1,2\n")
	refused(t, err, Error{Reason: "may both be phoneNumber", Hint: "--map phoneNumber"})
}
