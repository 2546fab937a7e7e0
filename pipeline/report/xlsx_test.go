package report

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// workbook writes rows with these limits and opens the result.
func openReport(t *testing.T, limits workbookLimits, m Meta, rows Rows) (*excelize.File, []byte) {
	t.Helper()
	var out bytes.Buffer
	scratch := booktest.Dir(t)
	if err := limits.writeXLSX(&out, scratch, m, rows); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, out.Bytes()
}

func TestWorkbookSheets(t *testing.T) {
	f, data := openReport(t, workbookLimits{workbook.MaxRows, workbook.MaxLinks}, meta(), seq(nil, sample()...))
	if want := []string{"Summary", "Verification links", "Needs attention", "Duplicates", "Insufficient balance", "All rows"}; !slices.Equal(f.GetSheetList(), want) {
		t.Errorf("sheets are %q", f.GetSheetList())
	}
	column := func(name string, col int) string {
		var list []string
		for _, r := range booktest.SheetRows(t, f, name)[1:] {
			list = append(list, r[min(col, len(r)-1)])
		}
		return strings.Join(list, "|")
	}
	for _, tt := range []struct {
		sheet string
		col   int
		want  string
	}{
		{"Verification links", 6, "https://verify.example/inquiry?id=a|https://verify.example/inquiry?id=b"},
		{"Needs attention", 0, "link lost|link lost|ragged|ragged|E-mail: email form|not accepted by the partner|not accepted by the partner|unanswered|unanswered|changed since it was sent|changed since it was sent"},
		{"Needs attention", 7, "1 row|link_missing|1 row|invalid|1 row|1 row|rejected|1 row|in_doubt|1 row|created"},
		{"Duplicates", 1, "5|8"},
		{"Insufficient balance", 1, "11"},
	} {
		if got := column(tt.sheet, tt.col); got != tt.want {
			t.Errorf("%s, column %d: %s, want %s", tt.sheet, tt.col, got, tt.want)
		}
	}
	summary := fmt.Sprint(booktest.SheetRows(t, f, "Summary"))
	for _, want := range []string{"Onboarding report: staff.csv", "3 of 11 rows onboarded (27.3\u00a0%)", "1.50 USD", "staging", "E-mail: email form", "Top up the wallet"} {
		if !strings.Contains(summary, want) {
			t.Errorf("summary lacks %q: %s", want, summary)
		}
	}
	charts := 0
	for name, text := range parts(t, data) {
		if strings.HasPrefix(name, "xl/charts/chart") {
			charts++
		}
		if strings.HasPrefix(name, "xl/worksheets/sheet") && strings.Contains(text, "<f>") {
			t.Errorf("%s has a formula", name)
		}
	}
	if charts != 1 {
		t.Errorf("%d charts", charts)
	}
	for _, name := range f.GetSheetList()[1:] {
		panes, err := f.GetPanes(name)
		if err != nil || !panes.Freeze || panes.YSplit != 1 {
			t.Errorf("%s: header is not frozen (%v)", name, err)
		}
	}
	for cell, want := range map[string]excelize.CellType{"C2": excelize.CellTypeUnset, "D3": excelize.CellTypeInlineString, "N2": excelize.CellTypeInlineString} {
		if kind, err := f.GetCellType("All rows", cell); err != nil || kind != want {
			t.Errorf("cell %s has type %v, %v", cell, kind, err)
		}
	}
}

// parts are the files inside a workbook.
func parts(t *testing.T, data []byte) map[string]string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, file := range archive.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[file.Name] = string(text)
	}
	return all
}

// Full sheets go on in the next, and links beyond the limit are text.
func TestWorkbookLimits(t *testing.T) {
	const n = 12
	var rows []ledger.Reported
	for i := range n {
		r := sample()[0]
		r.Number = i + 2
		r.Customer.URL = fmt.Sprintf("https://verify.example/%d", i)
		rows = append(rows, r)
	}
	rows[1].Customer.URL = "javascript:alert(1)"
	rows[2].Customer.URL = "https://verify.example/" + strings.Repeat("x", 2100)
	f, _ := openReport(t, workbookLimits{6, 2}, meta(), seq(nil, rows...))
	var got []string
	for _, name := range []string{"Verification links", "Verification links (2)", "Verification links (3)", "All rows", "All rows (2)", "All rows (3)"} {
		list := booktest.SheetRows(t, f, name)
		links := 0
		for i := range list {
			if ok, target, err := f.GetCellHyperLink(name, fmt.Sprintf("G%d", i+1)); err != nil {
				t.Fatal(err)
			} else if ok {
				links++
				if target != list[i][6] || !strings.HasPrefix(target, "https://verify.example/") || len(target) > 2079 {
					t.Errorf("%s, row %d leads to %s", name, i+1, target)
				}
			}
		}
		if !strings.EqualFold(list[0][0], "file") {
			t.Errorf("%s has no header", name)
		}
		got = append(got, fmt.Sprint(len(list)-1, "/", links))
	}
	if want := []string{"5/2", "5/2", "2/2", "5/0", "5/0", "2/0"}; !slices.Equal(got, want) {
		t.Errorf("rows/links of the sheets: %q, want %q", got, want)
	}
}

func TestWorkbookWithoutRows(t *testing.T) {
	f, _ := openReport(t, workbookLimits{workbook.MaxRows, workbook.MaxLinks}, Meta{NoLinks: true}, seq(nil))
	if slices.Contains(f.GetSheetList(), "Verification links") {
		t.Error("sheet of links in a report without links")
	}
	if rows := booktest.SheetRows(t, f, "Needs attention"); rows[1][0] != "None." {
		t.Errorf("got %q", rows)
	}
	if rows := booktest.SheetRows(t, f, "Summary"); rows[1][0] != "No rows." {
		t.Errorf("got %q", rows)
	}
}

// Every row comes back from its group once, in order.
func TestGroups(t *testing.T) {
	p := newGroups(booktest.Dir(t))
	const rows, causes = 40_000, maxGroups + 20
	long := strings.Repeat("x", 700)
	for i := range rows {
		c := Cause{Status: ledger.Rejected, Code: fmt.Sprint("CODE_", i%causes)}
		if i%2 == 0 {
			c.Code = "COMMON"
		}
		if err := p.add(c, []string{c.Code, fmt.Sprint(i), "", long}); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	list := p.causes()
	for _, c := range list {
		last, n := -1, 0
		if err := p.eachRow(c, func(cells []string) error {
			var i int
			if _, err := fmt.Sscan(cells[1], &i); err != nil || i <= last || seen[cells[1]] || len(cells) != 4 || cells[3] != long {
				t.Fatalf("%v: row %q after %d", c, cells[:2], last)
			}
			last, n = i, n+1
			seen[cells[1]] = true
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if n != c.Count {
			t.Errorf("%v has %d rows", c, n)
		}
	}
	if len(seen) != rows || list[0].Code != "COMMON" || list[0].Count != rows/2 {
		t.Errorf("%d rows in %d groups, first %v", len(seen), len(list), list[0])
	}
	files, _ := filepath.Glob(filepath.Join(p.dir, "*"))
	if len(files) < 2 {
		t.Errorf("only %d files: the test is too small", len(files))
	}
	for _, f := range files {
		if fi, err := os.Stat(f); err != nil || fi.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", f, fi.Mode(), err)
		}
	}
}
