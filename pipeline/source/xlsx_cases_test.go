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
	if !hasNote(in, "formulas", "still to be calculated") {
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
