package annotate

import (
	"fmt"
	"html"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
)

// guarded returns a workbook of three customers whose entries are checked in every
// way. change may add to it.
func guarded(t *testing.T, change func(*excelize.File)) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range [][]any{{"E-mail", "Terms", "Program", "ZIP", "City", "Notes"}, {"a@b.example", "ja", "x", 1, "Bonn", "n"}, {"b@b.example", "ja", "x", 2, "Köln", "n"}, {"c@b.example", "ja", "x", 3, "Kiel", "n"}} {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	check := func(ref, kind, formula, style string, shows bool) {
		dv := excelize.NewDataValidation(true)
		dv.Sqref, dv.Type, dv.Formula1, dv.ShowErrorMessage = ref, kind, formula, shows
		if style != "" {
			dv.ErrorStyle = &style
		}
		if err := f.AddDataValidation("Sheet1", dv); err != nil {
			t.Fatal(err)
		}
	}
	check("B2:B1048576", "list", `"ja,x &amp; y"`, "", true)
	check("C2:C4 C9", "list", `"custodial,non_custodial"`, "stop", true)
	check("D2:D4", "whole", "99999", "stop", true)
	check("E2:E4", "list", "$H$1:$H$3", "warning", true)
	check("F2:F4", "list", `"a,b"`, "stop", false)
	change(f)
	path := filepath.Join(booktest.Dir(t), "guarded.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func guardedList(path string, rows ...Row) Annotation {
	return Annotation{Workbook: path, Sheet: "Sheet1", HeaderRow: 1, Header: []string{"E-mail", "Terms", "Program", "ZIP", "City", "Notes"}, Rows: listed(rows...),
		Choices: map[string][]string{"terms": {"TRUE"}, "program": {"custodial", "non_custodial"}}}
}

func TestChecksGiveWay(t *testing.T) {
	every := Row{Number: 2, Marks: []Mark{bad(1, "terms", "x", "x"), bad(2, "program", "x", "x"), bad(3, "postalCode", "x", "x"), bad(4, "city", "x", "x"), bad(5, "notes", "x", "x")}}
	done, f := annotate(t, guardedList(guarded(t, func(*excelize.File) {}), every))
	if !reflect.DeepEqual(done.Widened, []string{"Terms"}) || !reflect.DeepEqual(done.Lifted, []string{"ZIP"}) || done.Protected {
		t.Errorf("%+v", done)
	}
	checks, err := f.GetDataValidations("Sheet1")
	if err != nil || len(checks) != 5 {
		t.Fatal(checks, err)
	}
	got := map[string]string{}
	for _, dv := range checks {
		got[dv.Sqref] = fmt.Sprint(html.UnescapeString(dv.Formula1), " ", dv.ShowErrorMessage)
	}
	want := map[string]string{"B2:B1048576": `"ja,x & y,TRUE" true`, "C2:C4 C9": `"custodial,non_custodial" true`, "D2:D4": "99999 false", "E2:E4": "$H$1:$H$3 true", "F2:F4": `"a,b" false`}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	text := fmt.Sprint(booktest.SheetRows(t, f, "Problems"))
	for _, said := range []string{`The drop-down list of "Terms" did not offer what must be entered`, `another check of "ZIP" could refuse`} {
		if !strings.Contains(text, said) {
			t.Errorf("%q is not in %s", said, text)
		}
	}
	if strings.Contains(text, `list of "Program"`) || strings.Contains(text, "protected") {
		t.Error(text)
	}
}

// Checks of cells that need no correction are left as they are.
func TestChecksAreKept(t *testing.T) {
	path := guarded(t, func(*excelize.File) {})
	done, f := annotate(t, guardedList(path, Row{Number: 2, Marks: []Mark{odd(1, "terms", "x", "x"), bad(0, "email", "x", "x"), odd(3, "postalCode", "x", "x")}}))
	checks, err := f.GetDataValidations("Sheet1")
	if err != nil || len(checks) != 5 || html.UnescapeString(checks[0].Formula1) != `"ja,x & y"` || !checks[2].ShowErrorMessage || done.Widened != nil || done.Lifted != nil {
		t.Errorf("%+v, %+v, %v", done, checks, err)
	}
}

func TestProtectionIsSaid(t *testing.T) {
	path := guarded(t, func(f *excelize.File) {
		if err := f.ProtectSheet("Sheet1", &excelize.SheetProtectionOptions{Password: "x", EditScenarios: true}); err != nil {
			t.Fatal(err)
		}
	})
	done, f := annotate(t, guardedList(path, Row{Number: 2, Marks: []Mark{bad(0, "email", "x", "x")}}))
	if text := fmt.Sprint(booktest.SheetRows(t, f, "Problems")); !done.Protected || !strings.Contains(text, "The sheet is protected. If a cell cannot be changed, choose Review, Unprotect Sheet") {
		t.Errorf("%+v, %s", done, text)
	}
}

// Of merged cells only the first one is seen, so that it has the marks.
func TestMarksInMergedCells(t *testing.T) {
	path := guarded(t, func(f *excelize.File) {
		for _, ref := range [][2]string{{"D2", "E2"}, {"A3", "A4"}} {
			if err := f.MergeCell("Sheet1", ref[0], ref[1]); err != nil {
				t.Fatal(err)
			}
		}
	})
	done, f := annotate(t, guardedList(path, Row{Number: 2, Marks: []Mark{bad(4, "city", "merged", "Unmerge")}},
		Row{Number: 3, Marks: []Mark{bad(0, "email", "merged", "Unmerge")}}, Row{Number: 4, Marks: []Mark{bad(0, "email", "merged", "Unmerge")}}))
	if done.Problems != 3 || done.Comments != 2 {
		t.Errorf("%+v", done)
	}
	for cell, want := range map[string]bool{"D2": true, "E2": false, "A3": true, "A4": false} {
		if got := fillOf(t, f, "Sheet1", cell) != ""; got != want {
			t.Errorf("%s is marked: %v, want %v", cell, got, want)
		}
	}
	notes := booktest.SheetComments(t, f, "Sheet1")
	if notes["D2"] == "" || notes["A3"] == "" || len(notes) != 2 {
		t.Error(notes)
	}
	rows := booktest.SheetRows(t, f, "Problems")
	if text := fmt.Sprint(rows); !strings.Contains(text, "[4 A3 ") || !strings.Contains(text, "[2 D2 ") {
		t.Error(text)
	}
}
