package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// hostileCells are what a sender may write so that a reader of our files runs it.
func hostileCells() []string {
	const payload = `1+cmd|'/C calc'!A0`
	cells := []string{
		"Jane;=cmd|'/C calc'!A0", "Jane; =1+1", "  =1+1", "\u00a0=1+1", "\u3000＝1+1", "\ufeff=1+1", "\u200b@SUM(A1)", "\u202e=1+1", "\x1b=1+1",
		`Jane;"=1+1"`, `Jane;""=1+1`, "Jane,-2+3", "Jane\t=1+1", "Jane\n=1+1", "Jane\r\n\t =1+1", "Jane|+1+1", "；＝1", "Jane;;=1;=2", "'=1", "''=1;'=1", "x;-5",
		payload + ";", "\t=1", "\r=1", "Jane\v=1", "Jane\u0085=1", "Jane\u2028=1", "﹦1", "=", ";", "|@", "Jane;'=1",
	}
	for _, sign := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} {
		for _, before := range []string{"", " ", "'", `"`, "\t", "Jane;", "Jane; ", "Jane,", "Jane|", "Jane\t", "Jane\n", "\x1b", "\u202a"} {
			cells = append(cells, before+sign+payload)
		}
	}
	return cells
}

// fieldsOf returns what a program finds in a file that it splits at this delimiter:
// once as one that knows a quotation mark only where a field begins, once as one that
// knows it anywhere, and once as one that knows none.
func fieldsOf(text string, delimiter rune) (fields []string) {
	for _, quotes := range []int{0, 1, 2} {
		var field strings.Builder
		quoted, begun := false, false
		end := func() {
			fields = append(fields, field.String())
			field.Reset()
			quoted, begun = false, false
		}
		for _, r := range strings.TrimPrefix(text, byteOrderMark) {
			switch {
			case r == '"' && (quotes == 1 || quotes == 0 && (quoted || !begun)):
				quoted = !quoted
			case (r == delimiter || r == '\n' || r == '\r') && !quoted:
				end()
				continue
			default:
				field.WriteRune(r)
			}
			begun = true
		}
		end()
	}
	return fields
}

// isFormula reports whether a spreadsheet program may calculate a field.
func isFormula(field string) bool {
	field = strings.TrimLeftFunc(field, func(r rune) bool { return unicode.IsSpace(r) || r == '"' || unicode.Is(unicode.Cf, r) })
	if field == "" {
		return false
	}
	if first := []rune(field)[0]; first == '+' || first == '-' {
		return strings.Trim(field[1:], "0123456789.") != "" && !strings.HasPrefix(strings.TrimLeft(field[1:], "0123456789."), `"`)
	}
	return strings.ContainsRune("=@＝＋－＠﹦﹢﹣﹫", []rune(field)[0])
}

// hostileFiles are all kinds of CSV that there are, each with these cells.
func hostileFiles(t *testing.T, cells []string) map[string]string {
	t.Helper()
	files := map[string]string{}
	read := func(name, path string, err error) {
		data, failed := os.ReadFile(path)
		if err != nil || failed != nil {
			t.Fatalf("%s: %v, %v", name, err, failed)
		}
		files[name] = string(data)
	}
	dir := t.TempDir()
	rejects, err := Output{}.Rejects(t.Context(), filepath.Join(dir, "rejects.csv"), RejectList{Header: cells}, rejected(nil, RejectRow{Cells: cells, Origin: cells[0], Status: ledger.Invalid, Problem: cells[1]}))
	read("rejects", rejects.Path, err)
	table, err := Output{}.Table(t.Context(), filepath.Join(dir, "table.csv"), CSV, cells, func(yield func([]string, error) bool) { yield(slices.Clone(cells), nil) })
	read("table", table, err)
	fields := make([]TemplateField, len(cells))
	for i, c := range cells {
		fields[i] = TemplateField{Name: c, Example: c}
	}
	template, err := Output{}.Template(t.Context(), filepath.Join(dir, "template.csv"), fields)
	read("template", template, err)
	var stream bytes.Buffer
	if err := StreamCSV(&stream, cells, func(row func(...string) error) error { return row(cells...) }); err != nil {
		t.Fatal(err)
	}
	files["stream"] = stream.String()
	var rows []ledger.Reported
	for i, c := range cells {
		rows = append(rows, ledger.Reported{Row: ledger.Row{Number: i + 2, Email: c, FirstName: c, LastName: c, SenderID: c, Carry: []string{c}}, Status: ledger.Created,
			Customer: ledger.Customer{ServiceID: c, URL: "https://x.example/" + c, Message: c, Code: c, Field: c}})
	}
	m := Meta{Batches: []ledger.Batch{{ID: 1, Files: []ledger.File{{Name: "=a;=b.csv", Sheet: "=c"}}, Carried: []string{"x;=1"}}}}
	files["report"] = string(write(t, CSV, m, func(yield func(ledger.Reported, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}))
	return files
}

// Whatever delimiter a program splits our files at, it finds no formula, and no
// character that a terminal obeys.
func TestHostileCells(t *testing.T) {
	for name, text := range hostileFiles(t, hostileCells()) {
		for _, delimiter := range ",;\t|；" {
			for _, field := range fieldsOf(text, delimiter) {
				if isFormula(field) {
					t.Errorf("%s split at %q has %.60q", name, delimiter, field)
				}
			}
		}
		if i := strings.IndexFunc(strings.TrimPrefix(text, byteOrderMark), func(r rune) bool { return r != '\t' && r != '\n' && r != '\r' && reporttext.IsUnsafe(r) }); i >= 0 {
			t.Errorf("%s has %q", name, text[max(0, i-10):min(len(text), i+20)])
		}
	}
}

// What the guard adds, the reader takes off, and what encoding/csv reads are the
// cells that were meant.
func TestHostileCellsAreReadBack(t *testing.T) {
	cells := hostileCells()
	r := csv.NewReader(strings.NewReader(hostileFiles(t, cells)["stream"]))
	records, err := r.ReadAll()
	if err != nil || len(records) != 2 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for _, record := range records {
		for i, field := range record {
			if got, want := reporttext.Unguard(field), strings.ReplaceAll(reporttext.Clean(cells[i]), "\r\n", "\n"); got != want {
				t.Errorf("%q is read as %q", want, got)
			}
		}
	}
}

// There is one writer of CSV: nothing else in the program makes one.
func TestHostileOneCSVWriter(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, filepath.Join(root, "samples")) {
			return err
		}
		seen++
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte("csv.NewWriter")) || bytes.Contains(data, []byte("csv.Writer")) {
			t.Errorf("%s writes CSV: it takes report.StreamCSV or Output.Table", path)
		}
		return err
	})
	if err != nil && !errors.Is(err, io.EOF) || seen < 100 {
		t.Errorf("%d files, %v", seen, err)
	}
}
