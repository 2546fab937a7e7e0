package source

import (
	"strings"
	"testing"
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

func TestNeverCalculatedForms(t *testing.T) {
	for name, test := range map[string]struct{ calc, cell, want string }{
		"calculated":                 {`<calcPr calcId="191029"/>`, `<f>1-1</f><v>0</v>`, "1:x|0"},
		"manual, calculated":         {`<calcPr calcMode="manual" calcCompleted="1" calcOnSave="0"/>`, `<f>1-1</f><v>0</v>`, "1:x|0"},
		"said to be calculated":      {`<calcPr fullCalcOnLoad="0" forceFullCalc="false"/>`, `<f>1-1</f><v>0</v>`, "1:x|0"},
		"asked for on load":          {`<calcPr fullCalcOnLoad="1"/>`, `<f>1-1</f><v>0</v>`, "1:x !B=formula_uncached"},
		"asked for, in words":        {`<calcPr fullCalcOnLoad="true"/>`, `<f>1-1</f><v>7</v>`, "1:x !B=formula_uncached"},
		"forced":                     {`<calcPr forceFullCalc="1"/>`, `<f>1-1</f><v>0</v>`, "1:x !B=formula_uncached"},
		"saved in the middle":        {`<calcPr calcMode="manual" calcCompleted="0"/>`, `<f>1-1</f><v>5</v>`, "1:x !B=formula_uncached"},
		"shared formula":             {`<calcPr fullCalcOnLoad="1"/>`, `<f t="shared" si="0"/><v>0</v>`, "1:x !B=formula_uncached"},
		"no formula":                 {`<calcPr fullCalcOnLoad="1"/>`, `<v>0</v>`, "1:x|0"},
		"a constant of LibreOffice":  {``, `t="b"><f>TRUE()</f><v>1</v>`, "1:x|TRUE"},
		"a constant not calculated":  {`<calcPr fullCalcOnLoad="1"/>`, `t="b"><f>TRUE()</f><v>0</v>`, "1:x !B=formula_uncached"},
		"a constant that is as said": {`<calcPr fullCalcOnLoad="1"/>`, `t="b"><f>TRUE()</f><v>1</v>`, "1:x|TRUE"},
	} {
		t.Run(name, func(t *testing.T) {
			cell := `<c r="B1" ` + test.cell + `</c>`
			if !strings.HasPrefix(test.cell, "t=") {
				cell = `<c r="B1">` + test.cell + `</c>`
			}
			book := handmade(rowsXML(`<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c>` + cell + `</row>`))
			book["xl/workbook.xml"] = strings.Replace(book["xl/workbook.xml"], "</workbook>", test.calc+"</workbook>", 1)
			all, _, err := readBytes(book.zip(t), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.ReplaceAll(show(all), " !B=formula(written)", ""); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
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

func TestStruckOutForms(t *testing.T) {
	const (
		struck = `<r><rPr><b/><strike/><sz val="11"/></rPr><t>x</t></r>`
		plain  = `<r><rPr><b/></rPr><t>y</t></r>`
	)
	texts := []string{`<t>z</t>`, struck + plain, struck, `<r><t>w</t></r>` + struck, `<r><rPr><strike val="0"/></rPr><t>v</t></r>`, plain + `<r><rPr><strike val="true"/></rPr><t> </t></r>`}
	for name, test := range map[string]struct {
		cells string // of row 2, in columns A to C
		want  string
		row   bool
	}{
		"nothing":                      {`<c r="A2" t="s"><v>0</v></c><c r="B2"><v>1</v></c>`, "", false},
		"a run":                        {`<c r="A2" t="s"><v>1</v></c><c r="B2"><v>1</v></c>`, "A=struck_out", false},
		"the only run":                 {`<c r="A2" t="s"><v>2</v></c><c r="B2"><v>1</v></c>`, "A=struck_out", false},
		"a run behind the cell's font": {`<c r="A2" t="s"><v>3</v></c><c r="B2"><v>1</v></c>`, "A=struck_out", false},
		"not struck, it says":          {`<c r="A2" t="s"><v>4</v></c><c r="B2"><v>1</v></c>`, "", false},
		"a space":                      {`<c r="A2" t="s"><v>5</v></c><c r="B2"><v>1</v></c>`, "", false},
		"the cell's font":              {`<c r="A2" t="s" s="1"><v>0</v></c><c r="B2"><v>1</v></c>`, "A=struck_out", false},
		"a number":                     {`<c r="A2" t="s"><v>0</v></c><c r="B2" s="1"><v>1</v></c>`, "B=struck_out", false},
		"runs that are not the cell's": {`<c r="A2" t="s" s="1"><v>4</v></c><c r="B2"><v>1</v></c>`, "", false},
		"inline":                       {`<c r="A2" t="inlineStr"><is>` + struck + plain + `</is></c><c r="B2"><v>1</v></c>`, "A=struck_out", false},
		"a formula":                    {`<c r="A2" t="str" s="1"><f>B2</f><v>x</v></c><c r="B2"><v>1</v></c>`, "A=struck_out", false},
		"a whole row":                  {`<c r="A2" t="s" s="1"><v>0</v></c><c r="B2" s="1"><v>1</v></c><c r="C2" s="1"/>`, "struck_out_row", true},
		"a whole row by its runs":      {`<c r="A2" t="s"><v>2</v></c><c r="B2" s="1" t="b"><v>1</v></c>`, "struck_out_row", true},
		"a row but for a part":         {`<c r="A2" t="s"><v>1</v></c><c r="B2" s="1"><v>1</v></c>`, "A=struck_out B=struck_out", false},
	} {
		t.Run(name, func(t *testing.T) {
			book := handmade(rowsXML(`<row r="1">` + inline("A1", "a") + inline("B1", "b") + `</row><row r="2">` + test.cells + `</row>`))
			book["xl/sharedStrings.xml"] = `<sst xmlns="` + mainNS + `"><si>` + strings.Join(texts, "</si><si>") + `</si></sst>`
			book["xl/styles.xml"] = `<styleSheet xmlns="` + mainNS + `"><fonts count="2"><font/><font><strike/></font></fonts><cellXfs count="2"><xf fontId="0"/><xf fontId="1"/></cellXfs></styleSheet>`
			all, info, err := readBytes(book.zip(t), Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, is := range all[1].issues {
				if !is.written {
					got = append(got, strings.TrimPrefix(columnName(is.Column+1)+"="+is.Code, "="))
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if told := strings.Contains(noteCodes(info.Notes), "struck_out_rows"); told != test.row {
				t.Errorf("notes %v", info.Notes)
			}
		})
	}
}

// A row struck out as a whole is a problem of the row, in whatever columns it is read.
func TestStruckOutRowIsInvalid(t *testing.T) {
	book := handmade(rowsXML(`<row r="1">` + inline("A1", "firstName") + inline("B1", "lastName") + inline("C1", "email") + `</row>` +
		`<row r="2"><c r="A2" s="1" t="inlineStr"><is><t>Ann</t></is></c><c r="B2" s="1" t="inlineStr"><is><t>Lee</t></is></c><c r="C2" s="1" t="inlineStr"><is><t>a@b.example</t></is></c></row>`))
	book["xl/styles.xml"] = `<styleSheet xmlns="` + mainNS + `"><fonts count="2"><font/><font><strike/></font></fonts><cellXfs count="2"><xf fontId="0"/><xf fontId="1"/></cellXfs></styleSheet>`
	_, rows, err := read(t, Options{}, "a.xlsx", string(book.zip(t)))
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
	_, rows, err := readCase(t, "s10-struck-out-text.xlsx", Options{})
	if err != nil || rows[0].Cells[1] != "" || rows[0].Values[1] != "" {
		t.Errorf("%v, %v", rows, err)
	}
}
