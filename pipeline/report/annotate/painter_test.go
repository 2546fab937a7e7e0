package annotate

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// lookOf returns the fill of a cell, the colour and style of its left border,
// and the colour of its text; "" and 0 for none.
func lookOf(t *testing.T, f *excelize.File, sheet, cell string) (fill, frame string, line int, ink string) {
	t.Helper()
	id, err := f.GetCellStyle(sheet, cell)
	if err != nil {
		t.Fatal(err)
	}
	style, err := f.GetStyle(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range style.Border {
		if b.Type == "left" {
			line = b.Style
		}
	}
	// excelize's description lacks some colours of borders.
	if left := f.Styles.Borders.Border[*f.Styles.CellXfs.Xf[id].BorderID].Left; left != nil && left.Color != nil {
		frame = strings.TrimPrefix(strings.ToUpper(left.Color.RGB), "FF")
	}
	if style.Font != nil {
		ink = style.Font.Color
	}
	return fillOf(t, f, sheet, cell), frame, line, ink
}

// Marks show on every background of the sender's, their text stays legible, and
// a later annotation removes them.
func TestMarksShow(t *testing.T) {
	f := excelize.NewFile()
	theme := 0
	for cell, style := range map[string]*excelize.Style{
		"A2": {Fill: workbook.Fill("1F3864"), Font: &excelize.Font{Color: "FFFFFF", Bold: true}},
		"B2": {Fill: workbook.Fill("FF0000"), Font: &excelize.Font{ColorTheme: &theme}},
		"C2": {Fill: workbook.Fill("FFFF00"), Font: &excelize.Font{Color: "C00000"}},
		"D2": {},
	} {
		id, err := f.NewStyle(style)
		if err == nil {
			err = f.SetCellStyle("Sheet1", cell, cell, id)
		}
		if err == nil {
			err = f.SetCellStr("Sheet1", cell, "x")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	header := []string{"a", "b", "c", "d"}
	if err := f.SetSheetRow("Sheet1", "A1", &header); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(booktest.Dir(t), "in.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	a := Annotation{Workbook: path, Sheet: "Sheet1", Header: header, Rows: listed(Row{Number: 2, Marks: []Mark{
		bad(0, "a", "x", "is wrong"), odd(1, "b", "x", "is odd"), bad(2, "c", "x", "is wrong"), bad(3, "d", "x", "is wrong")}})}
	done, out := annotate(t, a)
	for cell, want := range map[string]struct {
		fill, frame string
		line        int
		ink         string
	}{
		"A2": {workbook.ProblemFill, workbook.ProblemFrame, 2, workbook.InkColour},
		"B2": {workbook.WarningFill, workbook.WarningFrame, 8, workbook.InkColour},
		"C2": {workbook.ProblemFill, workbook.ProblemFrame, 2, "C00000"},
		"D2": {workbook.ProblemFill, workbook.ProblemFrame, 2, ""},
	} {
		if fill, frame, line, ink := lookOf(t, out, "Sheet1", cell); fill != want.fill || frame != want.frame || line != want.line || ink != want.ink {
			t.Errorf("%s: fill %q, frame %q %d, text %q; want %v", cell, fill, frame, line, ink, want)
		}
	}
	if id, err := out.GetCellStyle("Sheet1", "A2"); err != nil {
		t.Error(err)
	} else if style, err := out.GetStyle(id); err != nil || !style.Font.Bold {
		t.Errorf("the font lost more than its colour: %+v, %v", style.Font, err)
	}
	a.Workbook, a.Rows = done.Path, listed(Row{Number: 2, Marks: []Mark{bad(3, "d", "x", "is wrong")}})
	_, again := annotate(t, a)
	if fill, frame, _, _ := lookOf(t, again, "Sheet1", "A2"); fill != "" || frame != "" {
		t.Errorf("a corrected cell has the fill %q and the frame %q", fill, frame)
	}
	if fill, frame, _, _ := lookOf(t, again, "Sheet1", "D2"); fill != workbook.ProblemFill || frame != workbook.ProblemFrame {
		t.Errorf("a wrong cell has the fill %q and the frame %q", fill, frame)
	}
}
