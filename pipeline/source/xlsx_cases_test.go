package source

import (
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx/xlsxtest"
)

func TestS02NeverCalculated(t *testing.T) {
	in, rows, err := readCase(t, "s02-never-calculated.xlsx", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := codes(rows[0]); got != "formula_uncached formula_uncached" || rows[0].Values[0] != "" {
		t.Errorf("row 2: %q, %q", rows[0].Values, got)
	}
	if got := codes(rows[1]); got != "" || rows[1].Values[0] != "Jane" {
		t.Errorf("row 3: %q, %q", rows[1].Values, got)
	}
	if !hasNote(in, "formulas", "not calculated yet") {
		t.Error(in.Notes())
	}
}

func TestS10StruckOutText(t *testing.T) {
	in, rows, err := readCase(t, "s10-struck-out-text.xlsx", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ codes, field string }{{"struck_out", "lastName"}, {"struck_out", "postalCode"}, {"", ""}} {
		if got := codes(rows[i]); got != want.codes || want.field != "" && rows[i].Issues[0].Field != want.field {
			t.Errorf("row %d: %v, want %v", rows[i].Number, rows[i].Issues, want)
		}
	}
	if hasNote(in, "struck_out_rows", "") {
		t.Error(in.Notes())
	}
}

// A row struck out as a whole is a problem of the row, in whatever columns it is read.
func TestStruckOutRowIsInvalid(t *testing.T) {
	book := xlsxtest.New(xlsxtest.Rows(`<row r="1">` + xlsxtest.Inline("A1", "firstName") + xlsxtest.Inline("B1", "lastName") + xlsxtest.Inline("C1", "email") + `</row>` +
		`<row r="2"><c r="A2" s="1" t="inlineStr"><is><t>Ann</t></is></c><c r="B2" s="1" t="inlineStr"><is><t>Lee</t></is></c><c r="C2" s="1" t="inlineStr"><is><t>a@b.example</t></is></c></row>`))
	book["xl/styles.xml"] = `<styleSheet xmlns="` + xlsxtest.MainNS + `"><fonts count="2"><font/><font><strike/></font></fonts><cellXfs count="2"><xf fontId="0"/><xf fontId="1"/></cellXfs></styleSheet>`
	_, rows, err := read(t, Options{}, "a.xlsx", string(book.Zip(t)))
	if err != nil || len(rows) != 1 || codes(rows[0]) != "struck_out_row" || rows[0].Issues[0].Column != -1 || rows[0].Issues[0].Warning {
		t.Errorf("%+v, %v", rows, err)
	}
}

// A rejects file has no lines through its cells: what was struck out is not
// sent when it is fed back as it is.
func TestStruckOutFedBack(t *testing.T) {
	const columns = "firstName,lastName,email,city,onboard_row,onboard_status,onboard_problem\n"
	for problem, want := range map[string]string{
		"the row is struck out. delete it": "struck_out_row", "The row is struck out. Delete it.": "struck_out_row",
		"lastName: is empty; the row is struck out in the list it": "struck_out_row",
		"": "", "lastName: is empty": "",
		"lastName: text in the cell is struck out. enter the value": "", // it was entered
		"city: text in the cell is struck out. enter the value":     "struck_out",
		"City: The sheet shows this number in another form":         "number_format",
		"city: the cell is a formula without a result: open":        "formula_uncached",
	} {
		_, rows, err := read(t, Options{}, "a.rejects.csv", columns+"Ann,Lee,a@b.example,,17,invalid,"+problem+"\n")
		if err != nil || codes(rows[0]) != want {
			t.Errorf("%q: %v, %v", problem, rows, err)
		}
	}
	// In our own words, with the sender's header.
	_, rows, err := read(t, Options{Map: map[string]string{"city": "Town"}}, "a.rejects.csv", "onboard_row,onboard_status,onboard_problem,First Name,Surname,E-Mail,Town\n"+
		"17,invalid,Town: Text in the cell is struck out. Enter the value that counts.,Ann,Lee,a@b.example,\n")
	if err != nil || codes(rows[0]) != "struck_out" {
		t.Errorf("%v, %v", rows, err)
	}
	_, rows, err = readCase(t, "s10-struck-out-text.xlsx", Options{})
	if err != nil || rows[0].Cells[1] != "" || rows[0].Values[1] != "" {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestS05NumberFormatPostal(t *testing.T) {
	in, rows, err := readCase(t, "s05-number-format-postal.xlsx", Options{})
	if err != nil {
		t.Fatal(err)
	}
	column := len(rows[0].Names) - 2
	for i, want := range []string{"02139", "02139-1234", "SG 018956"} {
		if rows[i].Values[column] != want || len(rows[i].Issues) > 0 {
			t.Errorf("row %d: %q, %v; want %q", rows[i].Number, rows[i].Values[column], rows[i].Issues, want)
		}
	}
	if !hasNote(in, "number_format", "3 cells are read as") {
		t.Error(in.Notes())
	}
}

// A form that cannot be sent is a problem of fields and numbers, and of no
// account in a column that is only carried along.
func TestNumberFormatProblem(t *testing.T) {
	book := xlsxtest.New(xlsxtest.Rows(`<row r="1">` + xlsxtest.Inline("A1", "firstName") + xlsxtest.Inline("B1", "lastName") + xlsxtest.Inline("C1", "email") + xlsxtest.Inline("D1", "city") + xlsxtest.Inline("E1", "balance") + xlsxtest.Inline("F1", "no") + `</row>` +
		`<row r="2">` + xlsxtest.Inline("A2", "Ann") + xlsxtest.Inline("B2", "Lee") + xlsxtest.Inline("C2", "a@b.example") + `<c r="D2" s="1"><v>0.5</v></c><c r="E2" s="1"><v>0.5</v></c><c r="F2" s="2"><v>7</v></c></row>`))
	book["xl/styles.xml"] = `<styleSheet xmlns="` + xlsxtest.MainNS + `"><numFmts count="1"><numFmt numFmtId="164" formatCode="&quot;C-&quot;0000"/></numFmts><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="9"/><xf numFmtId="164"/></cellXfs></styleSheet>`
	_, rows, err := read(t, Options{ID: "no", Carry: []string{"balance"}}, "a.xlsx", string(book.Zip(t)))
	if err != nil {
		t.Fatal(err)
	}
	if row := rows[0]; codes(row) != "number_format" || row.Issues[0].Field != "city" || row.ID != "C-0007" || row.Carry[0] != "0.5" {
		t.Errorf("%+v", row)
	}
}
