package annotate

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
)

// benchmarkWrite marks 8,000 rows with six problems each. The whole command,
// validate --annotate, then needs less than twice the CPU of a plain validate of
// the list: 1.9 times on two cores, for a workbook as for a CSV file. More than
// half of what a kept workbook needs here is the copy without active content, by
// package inert.
func benchmarkWrite(b *testing.B, kept bool) {
	const rows, problems = 8_000, 6
	header := []string{"firstName", "lastName", "email", "phoneNumber", "accountPurpose", "ipAddress", "terms", "program", "country", "city", "Limit"}
	cells := []string{"", "", "ann(at)example.com", "015112345678", "cards", "192.168.1.1", "nein", "Custody", "Germny", "Köln", "1"}
	a := Annotation{Sheet: "List", HeaderRow: 1, Header: header}
	dir := b.TempDir()
	if kept {
		a.Workbook = filepath.Join(dir, "in.xlsx")
		if err := saveList(a.Workbook, header, cells, rows); err != nil {
			b.Fatal(err)
		}
	}
	a.Rows = func(yield func(Row, error) bool) {
		for i := range rows {
			row := Row{Number: i + 2, Cells: cells}
			for column := range problems {
				row.Marks = append(row.Marks, Mark{Column: column + 2, Field: header[column+2], Code: "required", Text: "is wrong. Correct it"})
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

// saveList saves a workbook with a header and so many equal rows.
func saveList(path string, header, cells []string, rows int) error {
	f := excelize.NewFile()
	if err := f.SetSheetName("Sheet1", "List"); err != nil {
		return err
	}
	s, err := f.NewStreamWriter("List")
	if err != nil {
		return err
	}
	toAny := func(list []string) (out []any) {
		for _, text := range list {
			out = append(out, text)
		}
		return out
	}
	err = s.SetRow("A1", toAny(header))
	for i := 0; err == nil && i < rows; i++ {
		err = s.SetRow(fmt.Sprintf("A%d", i+2), toAny(cells))
	}
	if err != nil {
		return err
	}
	if err := s.Flush(); err != nil {
		return err
	}
	return f.SaveAs(path)
}
