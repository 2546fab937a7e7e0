package xlsx

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"testing"

	"github.com/xuri/excelize/v2"
)

// writeTenColumns writes a customer sheet of ten columns: texts inside their
// cells, two numbers, a boolean.
func writeTenColumns(tb testing.TB, rows int) string {
	tb.Helper()
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		tb.Fatal(err)
	}
	for i := 1; i <= rows; i++ {
		n := fmt.Sprint(i)
		row := []any{"First " + n, "Last " + n, "user" + n + "@example.com", 14155550000 + i, "purpose", "203.0.113.7", true, "custodial", "Main street " + n, 1000 + i%9000}
		if err := w.SetRow("A"+n, row); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	name := filepath.Join(tb.TempDir(), "ten.xlsx")
	if err := f.SaveAs(name); err != nil {
		tb.Fatal(err)
	}
	return name
}

// BenchmarkXLSX reads a sheet of ten columns: opening with its survey, and the
// pass that hands out the rows, as one.
func BenchmarkXLSX(b *testing.B) {
	const rows = 20_000
	name := writeTenColumns(b, rows)
	b.ReportAllocs()
	for b.Loop() {
		r, err := openFile(name, choice{})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for {
			if _, err := r.Next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if err := r.Close(); err != nil || n != rows {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkXLSXPass is the pass over the rows alone, without the survey.
func BenchmarkXLSXPass(b *testing.B) {
	const rows = 20_000
	name := writeTenColumns(b, rows)
	b.ReportAllocs()
	var n int
	for b.Loop() {
		b.StopTimer()
		r, err := openFile(name, choice{})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		for {
			if _, err := r.Next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
}
