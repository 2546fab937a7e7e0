package source

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// saveSheet writes rows to a sheet named S.
func saveSheet(t *testing.T, name string, rows ...[]any) string {
	t.Helper()
	f := excelize.NewFile()
	if err := f.SetSheetName("Sheet1", "S"); err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if err := f.SetSheetRow("S", table.CellName(1, i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), name)
	if err := errors.Join(f.SaveAs(path), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWorkbook(t *testing.T) {
	rows := [][]any{{"First name", "Nachname", "e-mail", "Kunde", nil}, {"a", "b", "c", "17"}, {}, {"d", "e", nil, nil, nil, "note"}, {"first name", "NACHNAME", "e-mail", "kunde"}}
	for i := range 30 {
		rows = append(rows, []any{"x", "y", "z", i})
	}
	path := saveSheet(t, "a.xlsx", rows...)
	in, err := open(t, Options{ID: "kunde"}, nil, path)
	if err != nil {
		t.Fatal(err)
	}
	if f := in.Files()[0]; f.Kind != "xlsx" || f.Sheet != "S" || len(f.Header) != 4 {
		t.Errorf("%+v", f)
	}
	got, err := readPass(t, in)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 32 {
		t.Fatalf("%d rows", len(got))
	}
	for i, want := range []struct {
		number int
		values []string
		id     string
		codes  string
	}{
		{2, []string{"a", "b", "c", "", ""}, "17", ""},
		{4, []string{"d", "e", "", "", ""}, "", "warn:columns_beyond"},
		{6, []string{"x", "y", "z", "", ""}, "0", ""},
	} {
		row := got[i]
		if row.Number != want.number || row.Line != 0 || !reflect.DeepEqual(row.Values, want.values) || row.ID != want.id || codes(row) != want.codes || len(row.Cells) != 4 {
			t.Errorf("got %+v\nwant %+v", row, want)
		}
	}
	again, err := readPass(t, in) // the workbook is opened anew for it
	if err != nil || !reflect.DeepEqual(again, got) {
		t.Errorf("the second pass: %v\n%+v", err, again)
	}
	if err := os.WriteFile(path, []byte("PK\x03\x04"), 0o600); err != nil {
		t.Fatal(err)
	}
	if rows, err := readPass(t, in); !errors.Is(err, ErrChanged) || len(rows) > 0 {
		t.Error(len(rows), err)
	}
}

func TestWorkbookChangedBeforeFirstPass(t *testing.T) {
	rows := [][]any{{"firstName", "lastName", "email"}}
	for range 30 { // more than one batch
		rows = append(rows, []any{"a", "b", "c"})
	}
	path := saveSheet(t, "a.xlsx", rows...)
	in, err := open(t, Options{}, nil, path)
	if err != nil {
		t.Fatal(err)
	}
	rows[30] = []any{"a", "b", "d"}
	other := saveSheet(t, "b.xlsx", rows...)
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	if rows, err := readPass(t, in); !errors.Is(err, ErrChanged) || len(rows) > 0 {
		t.Error(len(rows), err)
	}
}

func TestWorkbookRefused(t *testing.T) {
	for name, c := range map[string]struct {
		rows [][]any
		want Error
	}{
		"line 2":  {[][]any{{"firstName", "lastName", "email"}}, Error{Reason: "no customer rows"}},
		"line 27": {[][]any{{"Customers"}, {}, {}, {"firstName", "lastName", "email"}, {"a", "b", "c"}}, Error{Row: 1, Hint: "--header-row 4"}},
		"line 28": {[][]any{{"firstName", "lastName", "email", "Email"}, {"a", "b", "c"}}, Error{Row: 1, Column: 4, Reason: "same name"}},
		"line 29": {[][]any{{"firstName", "lastName", "emial"}, {"a", "b", "c"}}, Error{Row: 1, Reason: `"emial"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, Options{}, nil, saveSheet(t, "a.xlsx", c.rows...))
			refused(t, err, c.want)
			var e *Error
			if errors.As(err, &e) && e.Sheet != "S" {
				t.Errorf("%v: names no sheet", e)
			}
		})
	}
}
