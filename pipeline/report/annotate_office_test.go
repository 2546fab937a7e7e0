package report

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
)

// throughOffice opens a workbook in LibreOffice and saves it as .xlsx.
func throughOffice(t *testing.T, path string) string {
	t.Helper()
	office, err := exec.LookPath("soffice")
	if err != nil || testing.Short() {
		t.Skip("needs LibreOffice, and some seconds")
	}
	dir := booktest.Dir(t)
	cmd := exec.CommandContext(t.Context(), office, "-env:UserInstallation=file://"+filepath.ToSlash(filepath.Join(dir, "profile")),
		"--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", filepath.Join(dir, "out"), path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("LibreOffice does not run here: %v, %s", err, out)
	}
	saved := filepath.Join(dir, "out", filepath.Base(path))
	if _, err := os.Stat(saved); err != nil {
		t.Fatal(err)
	}
	return saved
}

// What LibreOffice makes of an annotated workbook has the sender's values, our
// marks, and can be annotated again without anything piling up.
func TestAnnotateThroughLibreOffice(t *testing.T) {
	a := annotation()
	a.Outcome = true
	done, err := Output{}.Annotate(t.Context(), filepath.Join(booktest.Dir(t), "out.xlsx"), a)
	if err != nil {
		t.Fatal(err)
	}
	saved := throughOffice(t, done.Path)
	raw := func(f *excelize.File, sheet string) string {
		rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%q", rows)
	}
	ours, theirs := open(t, done.Path), open(t, saved)
	for _, sheet := range []string{"Customers", "Rates", "Problems"} {
		if was, is := raw(ours, sheet), raw(theirs, sheet); was != is {
			t.Errorf("%s was\n%s\nis\n%s", sheet, was, is)
		}
	}
	if got := fillOf(t, theirs, "Customers", "C3"); got != problemFill {
		t.Errorf("fill %q", got)
	}
	notes := commentsOf(t, theirs, "Customers")
	if !strings.Contains(notes["D4"], "Correct this: Mobile (phoneNumber)") || !strings.Contains(notes["C3"], "asked her on Monday") || len(notes) != 9 {
		t.Errorf("comments %q", notes)
	}
	if ok, to, err := theirs.GetCellHyperLink("Problems", "B20"); err != nil || !ok || !strings.Contains(to, "Customers") {
		t.Errorf("link leads to %q (%t, %v)", to, ok, err)
	}
	a.Workbook, a.Header = saved, sheetOf(t, theirs, "Customers")[0]
	a.Rows = listed(AnnotatedRow{Number: 4, Marks: []Mark{bad(3, "phoneNumber", "x", "is wrong. correct it")}})
	_, again := annotate(t, a)
	notes = commentsOf(t, again, "Customers")
	if len(notes) != 3 || !strings.Contains(notes["A2"], "first customer") || !strings.HasSuffix(notes["C3"], "|asked her on Monday") || !strings.Contains(notes["D4"], "Is wrong.") {
		t.Errorf("comments of the second annotation %q", notes)
	}
	if got := fmt.Sprint(again.GetSheetList()); got != "[Customers Rates Problems]" {
		t.Errorf("sheets %s", got)
	}
	if fillOf(t, again, "Customers", "C3") != "" || fillOf(t, again, "Customers", "D4") != problemFill || fillOf(t, again, "Customers", "C2") != "E2F0D9" {
		t.Error("fills of the second annotation")
	}
}

// The template keeps its lists, text columns and notes in LibreOffice.
func TestTemplateThroughLibreOffice(t *testing.T) {
	written, err := Output{}.Template(t.Context(), filepath.Join(booktest.Dir(t), "list.xlsx"), templateFields())
	if err != nil {
		t.Fatal(err)
	}
	f := open(t, throughOffice(t, written))
	if rules, err := f.GetDataValidations("Customers"); err != nil || len(rules) != 2 {
		t.Errorf("%d lists, %v", len(rules), err)
	}
	if notes := commentsOf(t, f, "Customers"); len(notes) != len(templateFields()) {
		t.Errorf("notes %q", notes)
	}
	if got := sheetOf(t, f, "Customers")[1][3]; got != "+14155550123" {
		t.Errorf("phone of the example %q", got)
	}
}
