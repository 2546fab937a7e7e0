package annotate

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// What LibreOffice makes of an annotated workbook has the sender's values, our
// marks, and can be annotated again without anything piling up.
func TestAnnotateThroughLibreOffice(t *testing.T) {
	a := annotation()
	a.Outcome = true
	done, err := Write(t.Context(), atomicfile.Writer{}, filepath.Join(booktest.Dir(t), "out.xlsx"), a)
	if err != nil {
		t.Fatal(err)
	}
	saved := booktest.ThroughOffice(t, done.Path)
	raw := func(f *excelize.File, sheet string) string {
		rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%q", rows)
	}
	ours, theirs := booktest.OpenBook(t, done.Path), booktest.OpenBook(t, saved)
	for _, sheet := range []string{"Customers", "Rates", "Problems"} {
		if was, is := raw(ours, sheet), raw(theirs, sheet); was != is {
			t.Errorf("%s was\n%s\nis\n%s", sheet, was, is)
		}
	}
	if got := fillOf(t, theirs, "Customers", "C3"); got != workbook.ProblemFill {
		t.Errorf("fill %q", got)
	}
	notes := booktest.SheetComments(t, theirs, "Customers")
	if !strings.Contains(notes["D4"], "Correct this: Mobile\n") || !strings.Contains(notes["C3"], "asked her on Monday") || len(notes) != 9 {
		t.Errorf("comments %q", notes)
	}
	if ok, to, err := theirs.GetCellHyperLink("Problems", "B23"); err != nil || !ok || !strings.Contains(to, "Customers") {
		t.Errorf("link leads to %q (%t, %v)", to, ok, err)
	}
	a.Workbook, a.Header = saved, booktest.SheetRows(t, theirs, "Customers")[0]
	a.Rows = listed(Row{Number: 4, Marks: []Mark{bad(3, "phoneNumber", "x", "is wrong. Correct it")}})
	_, again := annotate(t, a)
	notes = booktest.SheetComments(t, again, "Customers")
	if len(notes) != 3 || !strings.Contains(notes["A2"], "first customer") || !strings.HasSuffix(notes["C3"], "|asked her on Monday") || !strings.Contains(notes["D4"], "is wrong.") {
		t.Errorf("comments of the second annotation %q", notes)
	}
	if got := fmt.Sprint(again.GetSheetList()); got != "[Customers Rates Problems]" {
		t.Errorf("sheets %s", got)
	}
	if fillOf(t, again, "Customers", "C3") != "" || fillOf(t, again, "Customers", "D4") != workbook.ProblemFill || fillOf(t, again, "Customers", "C2") != "E2F0D9" {
		t.Error("fills of the second annotation")
	}
	if _, frame, _, _ := lookOf(t, again, "Customers", "C3"); frame != "" {
		t.Errorf("a corrected cell has the frame %s", frame)
	}
	if _, frame, line, _ := lookOf(t, again, "Customers", "D4"); frame != workbook.ProblemFrame || line != 2 {
		t.Errorf("a wrong cell has the frame %s %d", frame, line)
	}
}
