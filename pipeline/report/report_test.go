package report

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (run with -update to accept); got\n%s", path, got)
	}
}

// write writes the sample in one format and returns the file.
func write(t *testing.T, kind Kind, m Meta, rows Rows) []byte {
	t.Helper()
	path := filepath.Join(booktest.Dir(t), "r."+string(kind))
	written, err := Output{}.Write(t.Context(), path, kind, m, rows)
	if err != nil || written != path {
		t.Fatalf("Write = %q, %v", written, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func readCSV(t *testing.T, data []byte) [][]string {
	t.Helper()
	data, ok := bytes.CutPrefix(data, []byte("\xEF\xBB\xBF"))
	if !ok {
		t.Error("no byte-order mark")
	}
	records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func TestGolden(t *testing.T) {
	for _, kind := range []Kind{CSV, JSON, HTML} {
		golden(t, "sample."+string(kind), write(t, kind, meta(), seq(nil, sample()...)))
	}
}

func TestCells(t *testing.T) {
	records := readCSV(t, write(t, CSV, meta(), seq(nil, sample()...)))
	if len(records) != 1+len(sample()) {
		t.Fatalf("%d records", len(records))
	}
	col := func(name string) int {
		i := slices.Index(records[0], name)
		if i < 0 {
			t.Fatalf("no column %q in %q", name, records[0])
		}
		return i
	}
	for _, tt := range []struct {
		row       int
		col, want string
	}{
		{1, "file", "staff.csv"},
		{1, "row", "2"},
		{1, "verificationUrl", "https://verify.example/inquiry?id=a"},
		{1, "firstSentAt", "2026-03-01T09:00:01Z"},
		{1, "input.Email", "own@a"},
		{1, "branch", "Main St"},
		{1, "message", ""},
		{2, "firstName", `'=HYPERLINK("x")`},
		{2, "id", "-42"},
		{2, "Customer No", "'+49 30 1234"},
		{2, "branch", "line one\nline two\uFFFD[31m"},
		{2, "field", "phoneNumber; city; firstName"},
		{2, "code", "details_changed; details_changed; warn:looks_odd"},
		{5, "row", "8"},
		{5, "message", "same e-mail as row 2, other phoneNumber (line 11)"},
		{5, "idempotencyKey", ""}, {5, "attempts", ""}, {5, "httpStatus", ""}, {5, "firstSentAt", ""}, {5, "decidedAt", ""},
		{5, "verificationUrl", ""},
		{6, "field", "; email; postalCode"},
		{6, "code", "ragged; email_form; warn:zip_zero"},
		{6, "message", "7 columns, header has 9; no @ in it; leading zero lost? (line 12)"},
		{6, "attempts", "0"},
		{7, "message", "refused, said the partner"},
		{9, "file", "more.xlsx"},
		{9, "sheet", "Sheet 1"},
		{11, "status", "forgotten"},
		{11, "email", ""}, {11, "firstName", ""}, {11, "verificationUrl", ""}, {11, "serviceId", ""}, {11, "id", ""}, {11, "branch", ""},
	} {
		if got := records[tt.row][col(tt.col)]; got != tt.want {
			t.Errorf("row %d, %s = %q, want %q", tt.row, tt.col, got, tt.want)
		}
	}
	for i, r := range records[1:] {
		for j, text := range r {
			if reporttext.Guard(text) != text && !strings.HasPrefix(text, "'") {
				t.Errorf("record %d, column %s: %q is not guarded", i, records[0][j], text)
			}
		}
		if n := strings.Count(r[col("code")], "; "); n != strings.Count(r[col("field")], "; ") || n != strings.Count(r[col("message")], "; ") {
			t.Errorf("record %d: lists differ in length: %q", i, r)
		}
	}
}

// What one format says the others say too, cell by cell.
func TestFormatsAgree(t *testing.T) {
	m := meta()
	m.KYC = true
	records := readCSV(t, write(t, CSV, m, seq(nil, sample()...)))

	f, err := excelize.OpenReader(bytes.NewReader(write(t, XLSX, m, seq(nil, sample()...))))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := f.GetRows("All rows")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(records) {
		t.Fatalf("workbook has %d rows, CSV %d", len(got), len(records))
	}
	for i, want := range records {
		for len(got[i]) < len(want) {
			got[i] = append(got[i], "")
		}
		if i > 0 { // the same problems, in words for finance
			want = slices.Clone(want)
			for _, column := range []int{colField, colMessage} {
				if strings.Count(got[i][column], "; ") != strings.Count(want[column], "; ") || (got[i][column] == "") != (want[column] == "") {
					t.Errorf("row %d: workbook %q, CSV %q", i, got[i][column], want[column])
				}
				want[column] = got[i][column]
			}
		}
		if !slices.Equal(got[i], want) {
			t.Errorf("row %d: workbook\n%q, CSV\n%q", i, got[i], want)
		}
	}

	var doc struct {
		Schema int
		Meta   struct{ Carried []string }
		Rows   []map[string]any
	}
	if err := json.Unmarshal(write(t, JSON, m, seq(nil, sample()...)), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Schema != 1 || !slices.Equal(doc.Meta.Carried, records[0][colCarried:len(records[0])-len(CheckColumns())]) || len(doc.Rows) != len(records)-1 {
		t.Fatalf("JSON: schema %d, carried %q, %d rows", doc.Schema, doc.Meta.Carried, len(doc.Rows))
	}
	for i, row := range doc.Rows {
		for j, name := range records[0] {
			text := ""
			if row[name] != nil {
				text = fmt.Sprint(row[name])
			}
			if reporttext.Guard(text) != records[i+1][j] {
				t.Errorf("row %d, %s: JSON %q, CSV %q", i, name, text, records[i+1][j])
			}
		}
		if len(row) != len(records[0]) {
			t.Errorf("row %d has %d members", i, len(row))
		}
	}
}

func TestNoLinks(t *testing.T) {
	m := meta()
	m.NoLinks = true
	for _, kind := range []Kind{CSV, JSON} {
		if data := write(t, kind, m, seq(nil, sample()...)); bytes.Contains(data, []byte("verify.example")) {
			t.Errorf("%s has links", kind)
		}
	}
	f, err := excelize.OpenReader(bytes.NewReader(write(t, XLSX, m, seq(nil, sample()...))))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		if err != nil || strings.Contains(fmt.Sprint(rows), "verify.example") {
			t.Errorf("sheet %s has links (%v)", name, err)
		}
	}
}

// Rows of several batches keep their own files and carried columns.
func TestSeveralBatches(t *testing.T) {
	m := Meta{Batches: []ledger.Batch{
		{ID: 3, Files: []ledger.File{{Name: "old.csv"}}, Carried: []string{"x", "status"}},
		{ID: 5, Files: []ledger.File{{Name: "a/new.csv"}, {Name: "b/new.csv"}}, Carried: []string{"y", "x"}},
	}}
	row := func(batch int64, file int, carry ...string) ledger.Reported {
		return ledger.Reported{Row: ledger.Row{Number: 2, File: file, Carry: carry}, Customer: ledger.Customer{ID: 1, LastBatch: batch}, Status: ledger.Pending}
	}
	records := readCSV(t, write(t, CSV, m, seq(nil, row(3, 0, "1", "2"), row(5, 1, "3", "4"), row(4, 0, "5"))))
	var got []string
	for _, r := range records {
		got = append(got, r[colFile]+" "+strings.Join(r[colCarried:], "|"))
	}
	want := []string{"file x|input.status|y", "old.csv 1|2|", "b/new.csv 4||3", " ||"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// An error of the rows leaves the old report, and nothing else.
func TestErrorKeepsOldReport(t *testing.T) {
	for _, kind := range []Kind{CSV, JSON, XLSX, HTML} {
		dir := booktest.Dir(t)
		path := filepath.Join(dir, "r."+string(kind))
		if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		ending, end := context.WithCancel(t.Context())
		for _, tt := range []struct {
			ctx  context.Context
			rows iter.Seq2[ledger.Reported, error]
			want error
		}{
			{t.Context(), seq(errBroken, sample()...), errBroken},
			{ended, seq(nil, sample()...), context.Canceled},
			{ending, func(yield func(ledger.Reported, error) bool) {
				if yield(sample()[0], nil) {
					end() // with the last row
				}
			}, context.Canceled},
		} {
			written, err := Output{}.Write(tt.ctx, path, kind, meta(), tt.rows)
			if !errors.Is(err, tt.want) || written != "" {
				t.Errorf("%s: Write = %q, %v, want %v", kind, written, err, tt.want)
			}
			if data, _ := os.ReadFile(path); string(data) != "old" {
				t.Errorf("%s: old report is gone", kind)
			}
			onlyFiles(t, dir, filepath.Base(path))
		}
	}
}

func TestKindOf(t *testing.T) {
	for path, want := range map[string]Kind{"a.csv": CSV, "a.b.XLSX": XLSX, "x/y.html": HTML, "j.json": JSON, "a.xls": "", "csv": "", "": ""} {
		got, err := KindOf(path)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("KindOf(%q) = %q, %v", path, got, err)
		}
	}
}

// Of a person who was created from a mended row, the old complaint is no news;
// where the mended row is, is.
func TestCorrectedRow(t *testing.T) {
	row := sample()[0]
	row.From = ledger.Origin{File: "dir/mended.csv", Number: 7, Registered: time.Unix(0, 0)}
	row.Verdict, row.Changed = ledger.Invalid, []string{"phoneNumber"}
	row.Findings = []ledger.Finding{{Field: "phoneNumber", Code: "phone_no_country", Message: "has no country code"},
		{Field: "email", Code: "email_plus_tag", Message: "has a plus tag", Warning: true}}
	if _, code, message := listCells(problemsOf(&row, time.Time{})); code != "details_changed; warn:known_from; warn:email_plus_tag" || !strings.Contains(message, "that of row 7 of mended.csv, read 1970-01-01; ") {
		t.Errorf("created: %q, %q", code, message)
	}
	if _, _, message := listCells(problemsOf(&row, time.Unix(-1, 0))); !strings.Contains(message, "; created, as corrected in mended.csv row 7; ") {
		t.Errorf("created later: %q", message)
	}
	if _, _, message := listCells(problemsOf(&row, time.Unix(1, 0))); !strings.Contains(message, "that of row 7 of mended.csv") {
		t.Errorf("created earlier: %q", message)
	}
	row.Status = ledger.Duplicate
	if _, code, _ := listCells(problemsOf(&row, time.Time{})); code != "details_changed; warn:known_from; warn:phone_no_country; warn:email_plus_tag" {
		t.Errorf("of another: %q", code)
	}
}
