package source

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

func codes(row Row) string {
	var all []string
	for _, issue := range row.Issues {
		code := issue.Code
		if issue.Warning {
			code = "warn:" + code
		}
		all = append(all, code)
	}
	return strings.Join(all, " ")
}

func TestRaggedRows(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string // codes of each row
	}{
		{"line 22", head + "a,b,c\na,b\na,b,c,d\na,b,c,\n\"a\",\"b\"\na,b,c\n", []string{"", "columns", "columns", "", "columns", ""}},
		{"line 22: a shift that ends in an empty cell", "firstName,lastName,email,city\na,b,c@d.example,d\na,x,b,c@d.example,\n", []string{"", "columns"}},
		{"line 23: header and rows", "firstName,lastName,email,\na,b,c,\na,b,c\n", []string{"", ""}},
		{"line 23: rows only", head + "a,b,c,\nd,e,f,\n", []string{"", ""}},
		{"line 23: rows only, later one without", head + strings.Repeat("a,b,c,\n", 19) + "a,b,c\na,b,c,d\n", append(make([]string, 20), "columns")},
		{"line 23: header only", "firstName,lastName,email,\na,b,c\nd,e,f\n", []string{"", ""}},
		{"line 30: headers again", head + "a,b,c\nfirstName, LASTNAME ,email\nd,e,f\n", []string{"", ""}},
		{"line 30: names of columns", head + "a,b,c\nVorname,Surname,E-Mail\nEmail,Phone,x\n", []string{"", "header_repeated", ""}},
		{"line 25", head + strings.Repeat("x", limits.CellShown+1) + ",b,c\n", []string{"cell_too_long"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, rows, err := read(t, Options{}, "a.csv", c.text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range rows {
				got = append(got, codes(row))
				if len(row.Cells) != len(in.Files()[0].Header) || len(row.Values) != len(fields()) {
					t.Errorf("%d cells, %d values", len(row.Cells), len(row.Values))
				}
				for _, issue := range row.Issues {
					if strings.Contains(issue.Message, ";") {
						t.Error(issue.Message)
					}
				}
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRaggedText(t *testing.T) { // line 22
	_, rows, err := read(t, Options{}, "a.csv", "firstName,lastName,email,a,b,c,d,e,f\nx,y\n1,2,3,4,5,6,7,8,9,10,11\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := rows[0].Issues[0]; got.Message != "2 columns, header has 9. Remove or add the cells that shift the others" || got.Column != -1 {
		t.Errorf("%+v", got)
	}
	if !reflect.DeepEqual(rows[1].Extra, []string{"10", "11"}) || rows[0].Extra != nil || rows[0].Cells[8] != "" {
		t.Errorf("%+v", rows)
	}
}

func TestCtrlZNote(t *testing.T) { // line 16
	in, _, err := read(t, Options{}, "a.csv", head+"a,b,c\n\x1a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readPass(t, in); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, note := range in.Notes() {
		if note.Code == "ctrl_z" && note.Warning {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d notes: %+v", n, in.Notes())
	}
}

// line 32: what the writer put before a cell goes, and nothing else.
func TestRejectsFedBack(t *testing.T) {
	const columns = ",onboard_row,onboard_status,onboard_problem\n"
	for in, want := range map[string]string{
		"'=1+1": "=1+1", "''=1": "'=1", "'@x": "@x", "'+x": "+x", "'-x": "-x", "'＝x": "＝x", "'\tx": "\tx",
		"'tHooft": "'tHooft", "'+14155550100": "'+14155550100", "'-1.5": "'-1.5", "+14155550100": "+14155550100", "'": "'", "": "", "=x": "=x", "'-1.5.2": "-1.5.2", "'+": "+",
	} {
		_, rows, err := read(t, Options{Carry: []string{"all"}}, "a.rejects.csv", head[:len(head)-1]+columns+"\""+in+"\",b,c,17,invalid,'=x\n")
		if err != nil {
			t.Fatal(err)
		}
		if rows[0].Origin != "17" || rows[0].Was != "invalid" {
			t.Errorf("stood at %q as %q", rows[0].Origin, rows[0].Was)
		}
		if got := rows[0].Cells[0]; got != want || !slices.Equal(rows[0].Carry, []string{"17"}) {
			t.Errorf("%q gave %q, want %q; carried %q", in, got, want, rows[0].Carry)
		}
		// Workbooks have our columns first, and nothing is put before their cells.
		_, rows, err = read(t, Options{}, "b.rejects.csv", columns[1:len(columns)-1]+","+head+"17,invalid,'=x,\""+in+"\",b,c\n")
		if err != nil {
			t.Fatal(err)
		}
		if got := rows[0].Cells[3]; got != in || rows[0].Origin != "17" || rows[0].Was != "invalid" {
			t.Errorf("of a workbook: %q gave %q, at %q as %q", in, got, rows[0].Origin, rows[0].Was)
		}
		_, rows, err = read(t, Options{}, "a.csv", head+"\""+in+"\",b,c\n")
		if err != nil {
			t.Fatal(err)
		}
		if got := rows[0].Cells[0]; got != in {
			t.Errorf("not a rejects file: %q gave %q", in, got)
		}
	}
}

func TestSeveralFiles(t *testing.T) {
	first := write(t, "one.csv", "Kunde,Note,"+head+"17,n1,a,b,c\n18,n2,a,b,d\n")
	second := write(t, "two.csv", "email;lastName;firstName;kunde;extra\ne;b;a;19;x\n")
	opt := Options{ID: "kunde", Carry: []string{"all"}, Send: []SendColumn{{"ref", "KUNDE"}}}
	in, err := open(t, opt, nil, first, second)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := in.Carried(), []string{"Kunde", "Note", "extra"}; !reflect.DeepEqual(got, want) {
		t.Errorf("carried %q, want %q", got, want)
	}
	rows, err := readPass(t, in)
	if err != nil {
		t.Fatal(err)
	}
	want := []Row{
		{File: 0, Number: 2, Line: 2, ID: "17", Values: []string{"a", "b", "c", "", ""}, Carry: []string{"17", "n1", ""}, Send: []string{"17"}},
		{File: 0, Number: 3, Line: 3, ID: "18", Values: []string{"a", "b", "d", "", ""}, Carry: []string{"18", "n2", ""}, Send: []string{"18"}},
		{File: 1, Number: 2, Line: 2, ID: "19", Values: []string{"a", "b", "e", "", ""}, Carry: []string{"19", "", "x"}, Send: []string{"19"}},
	}
	for i := range rows {
		rows[i].Cells, rows[i].Names = nil, nil
	}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("got  %+v\nwant %+v", rows, want)
	}
	if !hasNote(in, "delimiter", `";"`) || !hasNote(in, "no_carry", "Note") {
		t.Errorf("%+v", in.Notes())
	}
	for _, n := range in.Notes() {
		if n.Code == "delimiter" && n.File != 1 {
			t.Errorf("%+v", n)
		}
	}
	in, err = open(t, Options{}, nil, first, first)
	if err != nil {
		t.Fatal(err)
	}
	if !hasNote(in, "same_file", "one.csv") {
		t.Errorf("%+v", in.Notes())
	}
}

// An option that no file has a use for is no silence: whoever gave it expects
// something of it.
func TestUnusedOptions(t *testing.T) {
	list := write(t, "a.csv", head+"a,b,c\n")
	book := saveSheet(t, "b.xlsx", []any{"firstName", "lastName", "email"}, []any{"a", "b", "c"})
	for _, c := range []struct {
		opt   Options
		files []string
		says  string // "" = nothing
	}{
		{Options{Sheet: "1"}, []string{list}, "--sheet"},
		{Options{Sheet: "S"}, []string{list, book}, ""},
		{Options{Delimiter: ';', Encoding: "windows-1252"}, []string{book}, "--encoding"},
		{Options{Delimiter: ';'}, []string{book}, "--delimiter"},
		{Options{Delimiter: ','}, []string{book, list}, ""},
	} {
		in, err := open(t, c.opt, nil, c.files...)
		if err != nil {
			t.Fatal(err)
		}
		if c.says == "" && hasNote(in, "option_unused", "") || c.says != "" && !hasNote(in, "option_unused", c.says) {
			t.Errorf("%+v: %+v", c, in.Notes())
		}
	}
}

func TestSettings(t *testing.T) {
	text := "firstName,lastName,email,note,mobile\na,b,c,d,e\n"
	path := write(t, "a.csv", text)
	settings := func(opt Options) string {
		t.Helper()
		in, err := open(t, opt, nil, path)
		if err != nil {
			t.Fatal(err)
		}
		return in.Settings()
	}
	plain := settings(Options{})
	for name, opt := range map[string]Options{
		"what is detected": {Delimiter: ',', Encoding: "UTF8", HeaderRow: 1, Formulas: "cached"}, "--map of the same": {Map: map[string]string{"phoneNumber": "MOBILE"}},
		"what does not matter": {Optional: []string{"city"}, MaxBytes: 1 << 30},
	} {
		if got := settings(opt); got != plain {
			t.Errorf("%s changes\n%s to\n%s", name, plain, got)
		}
	}
	seen := map[string]string{plain: "plain"}
	for name, opt := range map[string]Options{
		"map": {Map: map[string]string{"city": "note"}}, "id": {ID: "note"}, "carry": {Carry: []string{"note"}}, "send": {Send: []SendColumn{{"x", "note"}}},
		"send as": {Send: []SendColumn{{"y", "note"}}}, "encoding": {Encoding: "latin1"}, "formulas": {Formulas: "refuse"},
		"fields": {Fields: []Field{{Name: "email"}}},
	} {
		got := settings(opt)
		if seen[got] != "" {
			t.Errorf("%s reads as %s", name, seen[got])
		}
		seen[got] = name
	}
}
