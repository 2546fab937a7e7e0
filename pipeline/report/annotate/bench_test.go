package annotate

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
)

func benchmarkWrite(b *testing.B, kept bool) {
	const rows, problems = 8_000, 6
	header := []string{"firstName", "lastName", "email", "phoneNumber", "accountPurpose", "ipAddress", "terms", "program", "country", "city", "Limit"}
	cells := []string{"", "", "ann(at)example.com", "015112345678", "cards", "192.168.1.1", "nein", "Custody", "Germny", "Köln", "1"}
	a := Annotation{Sheet: "List", HeaderRow: 1, Header: header}
	dir := b.TempDir()
	if kept {
		f := excelize.NewFile()
		_ = f.SetSheetName("Sheet1", "List")
		s, _ := f.NewStreamWriter("List")
		toAny := func(list []string) (out []any) {
			for _, text := range list {
				out = append(out, text)
			}
			return out
		}
		_ = s.SetRow("A1", toAny(header))
		for i := range rows {
			_ = s.SetRow(fmt.Sprintf("A%d", i+2), toAny(cells))
		}
		_ = s.Flush()
		a.Workbook = filepath.Join(dir, "in.xlsx")
		if err := f.SaveAs(a.Workbook); err != nil {
			b.Fatal(err)
		}
	}
	a.Rows = func(yield func(Row, error) bool) {
		for i := range rows {
			row := Row{Number: i + 2, Cells: cells}
			for column := range problems {
				row.Marks = append(row.Marks, Mark{Column: column + 2, Field: header[column+2], Code: "required", Text: "is wrong. correct it"})
			}
			if !yield(row, nil) {
				return
			}
		}
	}
	for b.Loop() {
		if _, err := Write(b.Context(), atomicfile.Writer{}, filepath.Join(dir, "out.xlsx"), a); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteKept(b *testing.B)   { benchmarkWrite(b, true) }
func BenchmarkWriteCopied(b *testing.B) { benchmarkWrite(b, false) }
