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
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
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

func rejectRows() []RejectRow {
	return []RejectRow{
		{[]string{"a@", "5", "'+49 30", "invalid", "old", "0123"}, "17", ledger.Invalid, "email: no host; add one"},
		{[]string{"b@example.com", "", "=1+1", "", "", " x\ny "}, "18", ledger.Rejected, "=refused"},
		{[]string{"short"}, "21", ledger.Invalid, strings.Repeat("a very long tale ", 20)},
	}
}

func TestRejectsRoundTrip(t *testing.T) {
	want := [][]string{
		{"e-mail", "phone", "zip", "onboard_row", "onboard_status", "onboard_problem"},
		{"a@", "'+49 30", "0123", "17", "invalid", "email: no host; add one"},
		{"b@example.com", "=1+1", " x\ny ", "18", "rejected", "=refused"},
		{"short", "", "", "21", "invalid", strings.Repeat("a very long tale ", 20)},
	}
	for _, name := range []string{"r.csv", "r.xlsx"} {
		path := filepath.Join(booktest.Dir(t), name)
		done, err := Output{}.Rejects(t.Context(), path, rejectsHeader, rejected(nil, rejectRows()...))
		if err != nil || done.Path != path || done.Rows != 3 {
			t.Fatalf("%s: %+v, %v", name, done, err)
		}
		if is, err := atomicfile.Hash(path); err != nil || is != done.SHA256 {
			t.Errorf("%s: hash %s, told %s", name, is, done.SHA256)
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
			for j, text := range got[i] {
				if reporttext.Guard(reporttext.Unguard(text)) != text {
					t.Errorf("%s: cell %q is not guarded", name, text)
				}
				got[i][j] = reporttext.Unguard(text)
			}
			if !slices.Equal(got[i], want[i]) {
				t.Errorf("%s: row %d is %q, want %q", name, i, got[i], want[i])
			}
		}
		onlyFiles(t, filepath.Dir(path), name)
	}
}

func readSheet(t *testing.T, path, sheet string) [][]string {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if list := f.GetSheetList(); len(list) != 1 || list[0] != sheet {
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
		done, err := out.Rejects(t.Context(), path, rejectsHeader, rejected(nil, rejectRows()...))
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
		if done, err := (Output{}).Rejects(t.Context(), filepath.Join(dir, name), rejectsHeader, rejected(nil)); err != nil || done != (Rejected{}) {
			t.Errorf("%s: no rows: %+v, %v", name, done, err)
		}
		if done, err := (Output{}).Rejects(t.Context(), filepath.Join(dir, name), rejectsHeader, rejected(errBroken, rejectRows()...)); !errors.Is(err, errBroken) || done != (Rejected{}) {
			t.Errorf("%s: broken rows: %+v, %v", name, done, err)
		}
		onlyFiles(t, dir)
	}
	if _, err := (Output{}).Rejects(t.Context(), "r.html", nil, rejected(nil)); err == nil {
		t.Error("html rejects")
	}
}

func TestRejectsCutCell(t *testing.T) {
	dir := booktest.Dir(t)
	row := RejectRow{Cells: []string{strings.Repeat("x", limits.CellShown+1)}, Origin: "2", Status: ledger.Invalid}
	if _, err := (Output{}).Rejects(t.Context(), filepath.Join(dir, "r.xlsx"), []string{"a"}, rejected(nil, row)); err != nil {
		t.Fatal(err)
	}
	if got := readSheet(t, filepath.Join(dir, "r.xlsx"), "Rejects"); !strings.Contains(got[1][3], "cut off") || len(got[1][0]) != limits.CellShown {
		t.Errorf("cell of %d characters, problem %q", len(got[1][0]), got[1][3])
	}
}
