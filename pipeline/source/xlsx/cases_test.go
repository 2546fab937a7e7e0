package xlsx

import (
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx/xlsxtest"
)

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
			book := xlsxtest.New(xlsxtest.Rows(`<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c>` + cell + `</row>`))
			book["xl/workbook.xml"] = strings.Replace(book["xl/workbook.xml"], "</workbook>", test.calc+"</workbook>", 1)
			all, _, err := readBytes(book.Zip(t), choice{})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.ReplaceAll(show(all), " !B=formula(written)", ""); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
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
			book := xlsxtest.New(xlsxtest.Rows(`<row r="1">` + xlsxtest.Inline("A1", "a") + xlsxtest.Inline("B1", "b") + `</row><row r="2">` + test.cells + `</row>`))
			book["xl/sharedStrings.xml"] = `<sst xmlns="` + xlsxtest.MainNS + `"><si>` + strings.Join(texts, "</si><si>") + `</si></sst>`
			book["xl/styles.xml"] = `<styleSheet xmlns="` + xlsxtest.MainNS + `"><fonts count="2"><font/><font><strike/></font></fonts><cellXfs count="2"><xf fontId="0"/><xf fontId="1"/></cellXfs></styleSheet>`
			all, info, err := readBytes(book.Zip(t), choice{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, is := range all[1].Issues {
				if !is.OnlyWritten {
					got = append(got, strings.TrimPrefix(table.ColumnName(is.Column+1)+"="+is.Code, "="))
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if told := strings.Contains(noteCodes(info.notes), "struck_out_rows"); told != test.row {
				t.Errorf("notes %v", info.notes)
			}
		})
	}
}

// A workbook need have neither texts nor styles, unless a cell refers to them.
func TestMissingTables(t *testing.T) {
	book := xlsxtest.New(xlsxtest.Rows(`<row r="1"><c r="A1" t="s"><v>0</v></c></row>`))
	delete(book, "xl/sharedStrings.xml")
	if _, _, err := readBytes(book.Zip(t), choice{}); err == nil {
		t.Error("a text that the workbook does not have was read")
	}
	book = xlsxtest.New(xlsxtest.Rows(`<row r="1"><c r="A1" s="1"><v>1</v></c></row>`))
	delete(book, "xl/styles.xml")
	if _, _, err := readBytes(book.Zip(t), choice{}); err == nil {
		t.Error("a style that the workbook does not have was read")
	}
}
