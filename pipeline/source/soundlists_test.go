package source

import (
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx/xlsxtest"
)

// sharedFields are listFields with what customers may have in common.
func sharedFields() []Field {
	all := listFields()
	for i := range all {
		all[i].Shared = slices.Contains([]string{"accountPurpose", "ipAddress", "isTermsOfServiceAccepted", "program", "city", "countryCode"}, all[i].Name)
	}
	return all
}

func TestR02MergedColumnPairs(t *testing.T) {
	in, rows, err := readCase(t, "r02-report-export-merged.xlsx", Options{})
	if err != nil || len(rows) != 2 {
		t.Fatal(rows, err)
	}
	for _, row := range rows {
		if codes(row) != "" || row.Values[1] != "Doe" {
			t.Errorf("%q: %v", row.Values, row.Issues)
		}
	}
	if hasNote(in, "no_header", "") {
		t.Error(in.Notes())
	}
}

func TestMergedColumns(t *testing.T) {
	for name, test := range map[string]struct{ header, row, merges, want string }{
		"over a column without header":     {"", "", "A2:B2 A3:B3", "|"},
		"over three":                       {"", "", "E1:G1 E2:G2 E3:G3", "|"},
		"the header with the cells below":  {"", "", "G1:G1048576", "|"},
		"over a column with a header":      {xlsxtest.Inline("B1", "city"), "", "A2:B2", "merged|"},
		"over a value that nobody sees":    {"", xlsxtest.Inline("B2", "x"), "A2:B2", "merged|"},
		"two rows":                         {"", "", "A2:A3", "merged|merged"},
		"two fields":                       {"", "", "C2:E2", "merged|"},
		"a header with a value hidden":     {xlsxtest.Inline("G1", "city"), xlsxtest.Inline("G2", "Bonn"), "G1:G3", "merged|"},
		"a header over the first two rows": {xlsxtest.Inline("G1", "city"), "", "G1:G3", "|"},
	} {
		t.Run(name, func(t *testing.T) {
			user := func(row string, more string) string {
				return `<row r="` + row + `">` + xlsxtest.Inline("A"+row, "Ann") + more + xlsxtest.Inline("C"+row, "Lee") + xlsxtest.Inline("E"+row, "ann"+row+"@b.example") + `</row>`
			}
			second, last := "", ""
			if strings.HasPrefix(test.row, `<c r="G2"`) {
				last = test.row
			} else {
				second = test.row
			}
			header := `<row r="1">` + xlsxtest.Inline("A1", "firstName")
			if strings.HasPrefix(test.header, `<c r="B1"`) {
				header += test.header
			}
			header += xlsxtest.Inline("C1", "lastName") + xlsxtest.Inline("E1", "email")
			if strings.HasPrefix(test.header, `<c r="G1"`) {
				header += test.header
			}
			merges := ""
			for _, ref := range strings.Fields(test.merges) {
				merges += `<mergeCell ref="` + ref + `"/>`
			}
			sheet := xlsxtest.Rows(header+`</row>`+strings.Replace(user("2", second), "</row>", last+"</row>", 1)+user("3", ""), "<mergeCells>"+merges+"</mergeCells>")
			_, rows, err := read(t, Options{}, "a.xlsx", string(xlsxtest.New(sheet).Zip(t)))
			if err != nil || len(rows) != 2 {
				t.Fatal(rows, err)
			}
			if got := codes(rows[0]) + "|" + codes(rows[1]); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Cells that are merged and empty are a problem where each row needs a value: filled
// in as they are, they would be a problem of the next round.
func TestMergedEmptyCells(t *testing.T) {
	user := func(row, email string) string {
		return `<row r="` + row + `">` + xlsxtest.Inline("A"+row, "Ann") + xlsxtest.Inline("B"+row, "Lee") + email + `</row>`
	}
	header := `<row r="1">` + xlsxtest.Inline("A1", "firstName") + xlsxtest.Inline("B1", "lastName") + xlsxtest.Inline("C1", "email") + xlsxtest.Inline("D1", "city") + `</row>`
	for name, test := range map[string]struct{ merge, want string }{
		"a required field":            {"C2:C3", "merged|merged"},
		"an optional field":           {"D2:D3", "|"},
		"a required field and others": {"C2:D3", "merged|merged"},
		"no field":                    {"E2:E3", "|"},
	} {
		t.Run(name, func(t *testing.T) {
			sheet := xlsxtest.Rows(header+user("2", "")+user("3", ""), `<mergeCells><mergeCell ref="`+test.merge+`"/></mergeCells>`)
			in, rows, err := read(t, Options{}, "a.xlsx", string(xlsxtest.New(sheet).Zip(t)))
			if err != nil || len(rows) != 2 {
				t.Fatal(rows, err)
			}
			if got := codes(rows[0]) + "|" + codes(rows[1]); got != test.want || hasNote(in, "unread_cells", "") {
				t.Errorf("got %q, want %q; %v", got, test.want, in.Notes())
			}
		})
	}
}

func TestR04UntickedCheckboxes(t *testing.T) {
	in, rows, err := readCase(t, "r04-unticked-checkboxes.xlsx", Options{Fields: sharedFields()})
	if err != nil || len(rows) != 3 {
		t.Fatal(rows, err)
	}
	if !hasNote(in, "blank_rows", "rows 5, 6, 7, 8, 9 and 7 more have only unticked boxes") || hasNote(in, "left_out", "") {
		t.Error(in.Notes())
	}
}

func TestUnenteredRows(t *testing.T) {
	const names = "no,firstName,lastName,email,isTermsOfServiceAccepted,program,countryCode,vip\n"
	user := func(no string) string {
		return no + ",Ann,Lee,ann" + no + "@b.example,TRUE,custodial,US,FALSE\n"
	}
	for name, test := range map[string]struct {
		rows  string
		left  int // handed on
		blank bool
	}{
		"unticked":                          {user("1") + user("2") + ",,,,FALSE,,,FALSE\n", 2, true},
		"unticked in German":                {user("1") + user("2") + ",,,,FALSCH,,,\n", 2, true},
		"prefilled":                         {user("1") + user("2") + ",,,,,custodial,US,\n,,,,TRUE,custodial,US,FALSE\n", 2, true},
		"running numbers":                   {user("1") + user("2") + "3,,,,,,,\n4,,,,FALSE,,,\n", 2, true},
		"running numbers with letters":      {user("K-1") + user("K-2") + "K-3,,,,FALSE,custodial,,\nK-4,,,,FALSE,custodial,,\n", 2, true},
		"everything at once":                {user("1") + user("2") + "3,,,,FALSE,custodial,US,FALSE\n", 2, true},
		"a first name":                      {user("1") + user("2") + ",Ann,,,FALSE,custodial,,\n", 3, false},
		"an e-mail":                         {user("1") + user("2") + "3,,,a@b.example,FALSE,,,\n", 3, false},
		"a number out of order":             {user("K-1") + user("K-2") + "K-7,,,,FALSE,custodial,,\n", 3, false},
		"a program of its own":              {user("1") + user("2") + ",,,,FALSE,non_custodial,,\n", 3, false},
		"another country":                   {user("1") + user("2") + ",,,,FALSE,,FR,\n", 3, false},
		"a word in a column that is unread": {user("1") + user("2") + ",,,,FALSE,,,call him\n", 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			fields := slices.DeleteFunc(sharedFields(), func(f Field) bool {
				return !slices.Contains([]string{"firstName", "lastName", "email", "isTermsOfServiceAccepted", "program", "countryCode"}, f.Name)
			})
			in, rows, err := read(t, Options{Fields: fields, ID: "no"}, "a.csv", names+test.rows)
			if err != nil || len(rows) != test.left {
				t.Fatal(len(rows), err)
			}
			if _, err := readPass(t, in); err != nil || hasNote(in, "blank_rows", "") != test.blank {
				t.Error(in.Notes(), err)
			}
		})
	}
}

// What a database tool draws below the headers is no customer.
func TestRulers(t *testing.T) {
	for _, text := range []string{
		head + "---------,--------,-----\nAnn,Lee,a@b.example\n",
		"firstName | lastName | email\n--- | :--- | ---:\nAnn | Lee | a@b.example\n",
		"firstName\tlastName\temail\n====\t====\t====\nAnn\tLee\ta@b.example\n",
		" firstName | lastName | email \n-----------+----------+-------\n Ann | Lee | a@b.example\n(1 row)\n",
	} {
		in, rows, err := read(t, Options{}, "a.csv", text)
		if err != nil || len(rows) != 1 || codes(rows[0]) != "" || !strings.Contains(rows[0].Values[2], "a@b.example") {
			t.Errorf("%q: %v, %v, %v", text, rows, in.Notes(), err)
		}
	}
	_, rows, err := read(t, Options{}, "a.csv", head+"-,Lee,a@b.example\n")
	if err != nil || len(rows) != 1 {
		t.Error(rows, err)
	}
}

func TestM01LinkedDataType(t *testing.T) {
	_, rows, err := readCase(t, "m01-linked-data-type.xlsx", Options{})
	if err != nil || codes(rows[0]) != "linked_data" || !strings.Contains(rows[0].Issues[0].Message, "Convert to Text") || codes(rows[1]) != "" {
		t.Error(rows, err)
	}
}

func TestWholeLinesQuotedForms(t *testing.T) {
	for _, text := range []string{
		`"firstName,lastName,email"` + "\n" + `"Ann,Lee,a@b.example"` + "\n",
		`"firstName;lastName;email"` + "\n" + `"Ann;Lee;a@b.example"` + "\n",
		`"firstName,lastName,email",,` + "\n" + `"Ann,Lee,a@b.example",,` + "\n",
		head + `"Ann,Lee,a@b.example"` + "\n",
		`"firstName,lastName,email"` + "\n" + `"Ann,""Lee, Jr."",a@b.example"` + "\n",
	} {
		_, _, err := read(t, Options{}, "a.csv", text)
		refused(t, err, Error{Reason: "each line is quoted as a whole"})
	}
}

func TestTransposedForms(t *testing.T) {
	const turned = "firstName,Jane,Joan\nlastName,Doe,Roe\nemail,jane@b.example,joan@b.example\n"
	for name, test := range map[string]struct {
		text string
		opt  Options
	}{
		"with a header row":          {turned, Options{HeaderRow: 1}},
		"with headers of customers":  {"Field,Customer 1,Customer 2\n" + turned, Options{}},
		"with a title":               {"Customers\n" + turned, Options{}},
		"with numbers of the fields": {"1,firstName,Jane\n2,lastName,Doe\n3,email,jane@b.example\n", Options{}},
		"by other names":             {"Vorname,Jane\nNachname,Doe\nE-Mail,jane@b.example\n", Options{}},
		"where what is found counts": {turned, Options{TakeFound: true}},
	} {
		_, _, err := read(t, test.opt, "a.csv", test.text)
		refused(t, err, Error{Reason: "field names are in the first column", Hint: "transposed"})
		if strings.Contains(err.Error(), "Jane") {
			t.Errorf("%s: a customer's name is shown: %v", name, err)
		}
	}
}
