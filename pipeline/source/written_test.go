package source

import (
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx/xlsxtest"
)

// TestWritten: line 48, what somebody has to say is not calculated. TRUE as
// LibreOffice writes it is no formula to speak of.
func TestWritten(t *testing.T) {
	const header = `<row r="1"><c r="A1" t="str"><v>email</v></c><c r="B1" t="str"><v>agreed</v></c></row>`
	for _, c := range []struct{ cell, want, note string }{
		{`<c r="B2" t="b"><f aca="false">TRUE()</f><v>1</v></c>`, "", "1 cell is"},
		{`<c r="B2" t="b"><f>FALSE()</f><v>0</v></c>`, "", "1 cell is"},
		{`<c r="B2" t="b"><f>A2&lt;&gt;""</f><v>1</v></c>`, "formula", "2 cells are"},
		{`<c r="B2" t="b"><f t="shared" si="0"/><v>1</v></c>`, "formula", "2 cells are"},
		{`<c r="B2" t="str"><f>TRUE()</f><v>yes</v></c>`, "formula", "2 cells are"},
		{`<c r="B2"><f>TRUE()</f></c>`, "formula_uncached", "2 cells are"},
		{`<c r="B2" t="b"><v>1</v></c><c r="C2"><f>1+1</f><v>2</v></c>`, "warn:columns_beyond", "2 cells are"},
	} {
		opt := Options{Fields: []Field{{Name: "email"}, {Name: "agreed", Written: true}}}
		sheet := xlsxtest.Rows(header + `<row r="2"><c r="A2" t="str"><v>a</v></c>` + c.cell + `</row><row r="3"><c r="B3" t="str"><f>IF(A3="","",TRUE)</f><v></v></c></row>`)
		in, rows, err := read(t, opt, "a.xlsx", string(xlsxtest.New(sheet).Zip(t)))
		if err != nil || len(rows) != 1 {
			t.Fatal(len(rows), err) // row 3 shows nothing
		}
		if got := codes(rows[0]); got != c.want || !hasNote(in, "formulas", c.note) {
			t.Errorf("%s: %q, want %q and %q in %+v", c.cell, got, c.want, c.note, in.Notes())
		}
	}
}
