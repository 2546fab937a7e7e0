package report_test

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// An annotated workbook is read again as the sender's own was.
func TestAnnotatedIsReadAgain(t *testing.T) {
	opt := source.Options{Sheet: "Customers", Fields: []source.Field{{Name: "email", Required: true}, {Name: "phoneNumber", Aliases: []string{"mobile"}}}}
	read := func(path string) (header []string, rows [][]string) {
		in, err := source.Open(t.Context(), []string{path}, nil, opt)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		pass, err := in.Rows(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer pass.Close()
		for buf := make([]source.Row, 4); ; {
			n, err := pass.Read(buf)
			if err == io.EOF {
				return in.Files()[0].Header, rows
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range buf[:n] {
				cells := slices.Clone(r.Cells)
				for len(cells) < 20 { // the issues behind the cells
					cells = append(cells, "")
				}
				rows = append(rows, append(cells, fmt.Sprint(r.Number, r.Issues)))
			}
		}
	}
	const sent = "testdata/customers-libreoffice.xlsx"
	header, rows := read(sent)
	a := report.Annotation{Workbook: sent, Sheet: "Customers", Header: header, Outcome: true,
		Rows: func(yield func(report.AnnotatedRow, error) bool) {
			for i := range rows {
				m := report.Mark{Column: i % 3, Field: "email", Code: "x", Text: "is wrong. correct it"}
				if !yield(report.AnnotatedRow{Number: i + 2, Status: "invalid", Marks: []report.Mark{m}}, nil) {
					return
				}
			}
		}}
	done, err := report.Output{}.Annotate(t.Context(), filepath.Join(t.TempDir(), "out.xlsx"), a)
	if err != nil {
		t.Fatal(err)
	}
	again, same := read(done.Path)
	if !slices.Equal(again, append(slices.Clone(header), report.OutcomeColumns()...)) || len(same) != len(rows) {
		t.Fatalf("headers %q, %d rows", again, len(same))
	}
	for i := range rows {
		was, is := rows[i], same[i]
		if !slices.Equal(is[:len(header)], was[:len(header)]) || is[20] != was[20] {
			t.Errorf("row %d was %q, is %q", i+2, was, is)
		}
	}
}
