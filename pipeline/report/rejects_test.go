package report

import (
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/report/annotate"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

func rejected(err error, rows ...RejectRow) iter.Seq2[RejectRow, error] {
	return func(yield func(RejectRow, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
		if err != nil {
			yield(RejectRow{}, err)
		}
	}
}

var rejectsHeader = []string{"e-mail", "Onboard_Row", "phone", "onboard_status", "onboard_problem ", "zip"}

func rejectsList() RejectList {
	return RejectList{Header: rejectsHeader, Hidden: []int{2}, Headings: finance.Headings{"email": "e-mail", "postalCode": "zip"}}
}

func rejectRows() []RejectRow {
	return []RejectRow{
		{Cells: []string{"a@", "5", "'+49 30", "invalid", "old", "0123"}, Origin: "17", Status: ledger.Invalid, Problem: "email: no host; add one", Marks: []annotate.Mark{
			{Column: 0, Field: "email", Code: "email_host", Text: "has no host. add one"},
			{Column: 5, Field: "postalCode", Code: "postal_zero_lost", Text: "is too short", Warning: true},
			{Column: 3, Code: "other", Text: "is in a column of ours"},
		}},
		{Cells: []string{"b@example.com", "", "=1+1", "", "", " x\ny "}, Origin: "18", Status: ledger.Rejected, Problem: "=refused"},
		{Cells: []string{"short"}, Origin: "21", Status: ledger.Invalid, Problem: strings.Repeat("a very long tale ", 20)},
	}
}

// A workbook has our columns first and its cells as they are; a CSV file has
// them last, and guards its cells.
func TestRejectsRoundTrip(t *testing.T) {
	ours := [][]string{{"onboard_row", "onboard_status", "onboard_problem"}, {"17", "invalid", "email: no host; add one"}, {"18", "rejected", "=refused"},
		{"21", "invalid", strings.Repeat("a very long tale ", 20)}}
	theirs := [][]string{{"e-mail", "phone", "zip"}, {"a@", "'+49 30", "0123"}, {"b@example.com", "=1+1", " x\ny "}, {"short"}}
	for _, name := range []string{"r.csv", "r.xlsx"} {
		path := filepath.Join(booktest.Dir(t), name)
		done, err := Output{}.Rejects(t.Context(), path, rejectsList(), rejected(nil, rejectRows()...))
		if err != nil || done.Path != path || done.Rows != 3 {
			t.Fatalf("%s: %+v, %v", name, done, err)
		}
		if is, err := atomicfile.Hash(path); err != nil || is != done.SHA256 {
			t.Errorf("%s: hash %s, want %s", name, is, done.SHA256)
		}
		var got [][]string
		if name == "r.csv" {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got = readCSV(t, data)
		} else {
			got = readSheet(t, path, "Rejects")
		}
		for i := range got {
			want := slices.Concat(ours[i], theirs[i])
			if name == "r.csv" {
				want = append(append(slices.Clone(theirs[i]), make([]string, 3-len(theirs[i]))...), ours[i]...)
				for j, text := range got[i] {
					if reporttext.Guard(reporttext.Unguard(text)) != text {
						t.Errorf("%s: cell %q is not guarded", name, text)
					}
					got[i][j] = reporttext.Unguard(text)
				}
			}
			if !slices.Equal(got[i], want) {
				t.Errorf("%s: row %d is %q, want %q", name, i, got[i], want)
			}
		}
		onlyFiles(t, filepath.Dir(path), name)
	}
}

// The workbook is marked like an annotated one, and laid out for work.
func TestRejectsLook(t *testing.T) {
	path := filepath.Join(booktest.Dir(t), "r.xlsx")
	if _, err := (Output{}).Rejects(t.Context(), path, rejectsList(), rejected(nil, rejectRows()...)); err != nil {
		t.Fatal(err)
	}
	f := booktest.OpenBook(t, path)
	if panes, err := f.GetPanes("Rejects"); err != nil || !panes.Freeze || panes.YSplit != 1 || panes.XSplit != 3 {
		t.Errorf("panes %+v, %v", panes, err)
	}
	if name := f.GetSheetName(f.GetActiveSheetIndex()); name != "Rejects" {
		t.Errorf("the workbook opens on %s", name)
	}
	for column, want := range map[string]bool{"C": true, "D": true, "E": false, "F": true} {
		if shown, err := f.GetColVisible("Rejects", column); err != nil || shown != want {
			t.Errorf("column %s is shown: %t, %v", column, shown, err)
		}
	}
	if width, err := f.GetColWidth("Rejects", "C"); err != nil || width < 40 || width > 80 {
		t.Errorf("problems are %v wide, %v", width, err)
	}
	for cell, want := range map[string]string{"D2": workbook.ProblemFill, "F2": workbook.WarningFill, "A2": workbook.ProblemFill, "E2": "", "D3": ""} {
		id, err := f.GetCellStyle("Rejects", cell)
		if err != nil {
			t.Fatal(err)
		}
		style, err := f.GetStyle(id)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(style.Fill.Color, ""); got != want {
			t.Errorf("%s is filled %q, want %q", cell, got, want)
		}
	}
	comments := booktest.SheetComments(t, f, "Rejects")
	if !strings.HasSuffix(comments["D2"], "Correct this: e-mail\nThis cell has no host. Add one.\n") || !strings.Contains(comments["F2"], "Please check: zip\n") || len(comments) != 3 {
		t.Errorf("comments %q", comments)
	}
	for row := range 5 {
		if height, err := f.GetRowHeight("Rejects", row+1); err != nil || height > 25 {
			t.Errorf("row %d is %v high, %v", row+1, height, err)
		}
	}
	for _, cell := range []string{"C4", "F3"} {
		id, err := f.GetCellStyle("Rejects", cell)
		if err != nil {
			t.Fatal(err)
		}
		if style, err := f.GetStyle(id); err != nil || style.Alignment.WrapText {
			t.Errorf("%s wraps, %v", cell, err)
		}
	}
}

func readSheet(t *testing.T, path, sheet string) [][]string {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if list := f.GetSheetList(); len(list) != 2 || list[0] != sheet || list[1] != "Problems" {
		t.Errorf("sheets are %q", list)
	}
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		for j := range rows[i] {
			at, _ := excelize.CoordinatesToCellName(j+1, i+1)
			kind, err := f.GetCellType(sheet, at)
			if err != nil || rows[i][j] != "" && kind != excelize.CellTypeInlineString {
				t.Errorf("cell %s has type %v, %v", at, kind, err)
			}
			id, _ := f.GetCellStyle(sheet, at)
			if style, err := f.GetStyle(id); err != nil || style.NumFmt != 49 {
				t.Errorf("cell %s is not in text format, %v", at, err)
			}
		}
	}
	return rows
}

// What somebody has worked on is never overwritten.
func TestRejectsKeepsEditedFile(t *testing.T) {
	dir := booktest.Dir(t)
	path := filepath.Join(dir, "staff.rejects.csv")
	recorded := map[string]string{}
	out := Output{Recorded: func(path string) (string, bool) { hash, ok := recorded[path]; return hash, ok }}
	write := func() string {
		t.Helper()
		done, err := out.Rejects(t.Context(), path, rejectsList(), rejected(nil, rejectRows()...))
		if err != nil {
			t.Fatal(err)
		}
		recorded[done.Path] = done.SHA256
		return filepath.Base(done.Path)
	}
	if got := write(); got != "staff.rejects.csv" {
		t.Errorf("first: %s", got)
	}
	if got := write(); got != "staff.rejects.csv" {
		t.Errorf("untouched: %s", got)
	}
	put(t, path, "corrected by hand")
	if got := write(); got != "staff.rejects-2.csv" {
		t.Errorf("edited: %s", got)
	}
	if got := write(); got != "staff.rejects-2.csv" {
		t.Errorf("edited, second untouched: %s", got)
	}
	delete(recorded, filepath.Join(dir, "staff.rejects-2.csv"))
	if got := write(); got != "staff.rejects-3.csv" {
		t.Errorf("not recorded: %s", got)
	}
	if data, _ := os.ReadFile(path); string(data) != "corrected by hand" {
		t.Error("corrections are lost")
	}
	out.Recorded = nil
	if got := write(); got != "staff.rejects-4.csv" {
		t.Errorf("no record at all: %s", got)
	}
}

func TestRejectsNothingToWrite(t *testing.T) {
	for _, name := range []string{"r.csv", "r.xlsx"} {
		dir := booktest.Dir(t)
		if done, err := (Output{}).Rejects(t.Context(), filepath.Join(dir, name), rejectsList(), rejected(nil)); err != nil || done != (Rejected{}) {
			t.Errorf("%s: no rows: %+v, %v", name, done, err)
		}
		if done, err := (Output{}).Rejects(t.Context(), filepath.Join(dir, name), rejectsList(), rejected(errBroken, rejectRows()...)); !errors.Is(err, errBroken) || done != (Rejected{}) {
			t.Errorf("%s: broken rows: %+v, %v", name, done, err)
		}
		onlyFiles(t, dir)
	}
	if _, err := (Output{}).Rejects(t.Context(), "r.html", RejectList{}, rejected(nil)); err == nil {
		t.Error("html rejects")
	}
}

func TestRejectsCutCell(t *testing.T) {
	dir := booktest.Dir(t)
	row := RejectRow{Cells: []string{strings.Repeat("x", limits.CellShown+1)}, Origin: "2", Status: ledger.Invalid}
	if _, err := (Output{}).Rejects(t.Context(), filepath.Join(dir, "r.xlsx"), RejectList{Header: []string{"a"}}, rejected(nil, row)); err != nil {
		t.Fatal(err)
	}
	if got := readSheet(t, filepath.Join(dir, "r.xlsx"), "Rejects"); !strings.Contains(got[1][2], "cut off") || len(got[1][3]) != limits.CellShown {
		t.Errorf("cell of %d characters, problem %q", len(got[1][3]), got[1][2])
	}
}
