package webtest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// workbook is a list as a finance team hands it over: a cover sheet, a title, headings
// in row 4, merged and crossed-out rows.
const workbook = "../../../cmd/bulkonboard/testdata/office/Kundenliste_Q4.xlsx"

// A workbook with a cover sheet and a title row reaches the grid without a question,
// and the grid shows the sheet: its headings, rows, numbers and cells, in order.
func testWorkbook(t *testing.T, b *Browser) {
	s := startSite(t, nil)
	x := b.openTab(t, s)
	x.UploadFile(workbook)
	x.waitSelected()
	x.WaitText(".foot .sum", "6 ready · 194 to correct = 200")
	x.ClickText(".file button", "Show the others")
	x.ClickText(".chip", "All rows")
	x.WaitFor(CellAt(5, "Lfd. Nr.") + `?.textContent === "1"`)
	book, err := excelize.OpenFile(workbook)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	sheet, err := book.GetRows("Kunden", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	heads := Evaluate[[]string](x, `[...document.querySelectorAll("[role=columnheader]")].slice(1).map((n) => n.title)`)
	if want := sheet[3]; !slices.Equal(heads, want) {
		t.Errorf("headings are %q, want %q", heads, want)
	}
	type shown struct {
		Number string   `json:"number"`
		Cells  []string `json:"cells"`
	}
	rows := Evaluate[[]shown](x, `[...document.querySelectorAll(".rows .line:not([hidden])")].map((n) => ({number: n.firstChild.textContent, cells: [...n.children].slice(1).map((c) => c.textContent)}))`)
	if len(rows) < 15 {
		t.Fatalf("%d rows are shown", len(rows))
	}
	compared := 0
	for i, row := range rows[:15] {
		line := sheet[i+4]
		for c, cell := range row.Cells {
			// Formulas, dates and numbers are compared by the tests of the reader.
			if c < len(line) && !strings.ContainsAny(line[c], "0123456789") {
				compared++
				if cell != strings.TrimSpace(line[c]) && cell != line[c] {
					t.Errorf("row %s, column %d: %q, want %q", row.Number, c, cell, line[c])
				}
			}
		}
	}
	if compared < 100 {
		t.Errorf("only %d cells were compared", compared)
	}
	// Dropped again, it is recognised.
	x.OpenPage("/")
	x.UploadFile(workbook)
	x.ClickText(".notice a", "Open that list")
	x.WaitText(".foot .sum", "= 200")
}

// Markup in the name of a file or a sheet, in headings and in cells is shown as it is, on
// every screen, and makes no element.
func testMarkup(t *testing.T, b *Browser) {
	const markup = `<img src=x onerror=alert(1)>` // fits into the name of a sheet
	path := filepath.Join(t.TempDir(), markup+".xlsx")
	book := excelize.NewFile()
	defer book.Close()
	heads := []any{"firstName", "lastName", "email", "phoneNumber", "accountPurpose", "ipAddress", "isTermsOfServiceAccepted", "program", markup}
	row := []any{markup, markup, markup, markup, markup, markup, markup, markup, markup}
	for _, err := range []error{book.SetSheetName("Sheet1", markup), book.SetSheetRow(markup, "A1", &heads), book.SetSheetRow(markup, "A2", &row), book.SaveAs(path)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	x := b.openTab(t, startSite(t, nil))
	x.UploadFile(path)
	x.WaitText(".foot .sum", "= 1")
	x.ClickText(".file button", "Show the others")
	x.WaitFor(CellAt(2, "firstName") + "?.textContent === " + Quote(markup))
	x.WaitFor(CellAt(2, markup) + "?.textContent === " + Quote(markup))
	x.OpenCard("program")
	x.WaitText(".choice", markup)
	list := x.Path()
	for _, screen := range []string{"/", list + "#check", list + "#columns", list + "#file"} {
		x.OpenPage(screen)
		x.WaitText("#main", markup)
		if n := Evaluate[int](x, `document.querySelectorAll("img, main script, [onerror]").length`); n != 0 {
			t.Errorf("%s: markup of the list made %d elements: %s", screen, n, fmt.Sprint(x.TextOf("#main")))
		}
	}
}
