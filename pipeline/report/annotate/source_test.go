package annotate_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/report/annotate"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// readBack reads a list: the file, and each row with its number, cells and issues
// as far as the headers go.
func readBack(t *testing.T, path, sheet string, width int) (source.File, []annotate.Row, []string, error) {
	t.Helper()
	in, err := source.Open(t.Context(), []string{path}, nil, source.Options{Sheet: sheet, Fields: []source.Field{{Name: "email"}}})
	if err != nil {
		return source.File{}, nil, nil, err
	}
	defer in.Close()
	file := in.Files()[0]
	pass, err := in.Rows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer pass.Close()
	var rows []annotate.Row
	var shown []string
	for buf := make([]source.Row, 4); ; {
		n, err := pass.Read(buf)
		if errors.Is(err, io.EOF) {
			return file, rows, shown, nil
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range buf[:n] {
			rows = append(rows, annotate.Row{Number: r.Number, Cells: slices.Clone(r.Cells), Status: "invalid", Link: "https://verify.example/a",
				Marks: []annotate.Mark{{Text: "is wrong. Correct it"}, {Column: len(file.Header) - 1, Text: "is odd. Look", Warning: true}}})
			shown = append(shown, fmt.Sprintf("%d %q %v", r.Number, r.Cells[:min(width, len(r.Cells))], r.Issues))
		}
	}
}

// Annotated workbooks of LibreOffice, gnumeric and openpyxl are read again as
// the sender's own were, and one that was copied has the same cells as text.
func TestAnnotatedIsReadAgain(t *testing.T) {
	paths, err := filepath.Glob("../../source/testdata/xlsx/*.xlsx")
	if err != nil || len(paths) == 0 {
		t.Fatal("no workbooks", err)
	}
	done := 0
	for _, path := range append(paths, "testdata/customers-libreoffice.xlsx") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			const all = 1 << 20
			file, rows, was, err := readBack(t, path, "", all)
			if err != nil {
				t.Skip("no list of customers: ", err)
			}
			done++
			width := len(file.Header)
			for _, workbook := range []string{path, ""} {
				out, err := annotate.Write(t.Context(), atomicfile.Writer{}, filepath.Join(booktest.Dir(t), "out.xlsx"), annotate.Annotation{
					Workbook: workbook, Sheet: file.Sheet, Header: file.Header, Outcome: true,
					Rows: func(yield func(annotate.Row, error) bool) {
						for _, r := range rows {
							if !yield(r, nil) {
								return
							}
						}
					}})
				if err != nil || out.Copy || out.Comments == 0 {
					t.Fatalf("%+v, %v", out, err)
				}
				again, same, is, err := readBack(t, out.Path, file.Sheet, width)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(again.Header, append(slices.Clone(file.Header), "onboard_status", "onboard_link", "onboard_problem")) {
					t.Errorf("headers %q", again.Header)
				}
				if filepath.Base(path) == "openpyxl-mixed.xlsx" { // its column D holds formulas without values
					for i := range 2 {
						was[i] = strings.Replace(was[i], `" "" "`, `" "#N/A" "`, 1)
					}
				}
				if workbook != "" && !slices.Equal(is, was) {
					t.Errorf("rows were\n%q\nare\n%q", was, is)
				}
				for i := range same {
					if workbook == "" && !slices.Equal(same[i].Cells[:width], rows[i].Cells) {
						t.Errorf("row %d was %q, is %q", rows[i].Number, rows[i].Cells, same[i].Cells)
					}
				}
			}
		})
	}
	if done < 5 {
		t.Errorf("only %d workbooks were annotated", done)
	}
}

// A kept workbook is marked from the rows with marks alone, and only if it is
// still the one that was read.
func TestAnnotateMarkedRows(t *testing.T) {
	const path = "testdata/customers-libreoffice.xlsx"
	file, rows, _, err := readBack(t, path, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	listed := func(list ...annotate.Row) iter.Seq2[annotate.Row, error] {
		return func(yield func(annotate.Row, error) bool) {
			for _, r := range list {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
	marked := annotate.Row{Number: 4, Marks: []annotate.Mark{{Column: 2, Field: "email", Code: "x", Text: "is wrong"}}}
	for _, sum := range []string{file.SHA256, strings.Repeat("0", 64)} {
		out, err := annotate.Write(t.Context(), atomicfile.Writer{}, filepath.Join(booktest.Dir(t), "out.xlsx"), annotate.Annotation{
			Workbook: path, Sheet: file.Sheet, Header: file.Header, Rows: listed(rows...), Marked: listed(marked), SHA256: sum})
		if changed := sum != file.SHA256; err != nil || out.Copy != changed || (out.Problems == 1) == changed {
			t.Errorf("%s: %+v, %v", sum, out, err)
		}
	}
}
