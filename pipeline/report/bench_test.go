package report

import (
	"errors"
	"io"
	"strconv"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// many yields n rows, one in a hundred of them with something wrong.
func many(n int) Rows {
	rows := sample()
	return func(yield func(ledger.Reported, error) bool) {
		for i := range n {
			r := rows[0]
			if i%100 == 0 {
				r = rows[i/100%len(rows)]
			}
			r.Number, r.Line = i+2, i+2
			if !yield(r, nil) {
				return
			}
		}
	}
}

// writeBare writes what the two large sheets of a workbook hold through
// excelize's stream writer, and does nothing else: what xlsx is measured against.

func writeBare(w io.Writer, scratch string, m Meta, rows Rows) error {
	f := excelize.NewFile(excelize.Options{TmpDir: scratch})
	if _, err := f.NewSheet("Sheet2"); err != nil {
		return err
	}
	all, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	links, err := f.NewStreamWriter("Sheet2")
	if err != nil {
		return err
	}
	t, n := newRowTable(m), 0
	var cells []any
	for r, err := range rows {
		if err != nil {
			return err
		}
		cells = cells[:0]
		for _, c := range t.rowCells(&r) {
			cells = append(cells, c)
		}
		n++
		at := "A" + strconv.Itoa(n)
		if err := all.SetRow(at, cells); err != nil {
			return err
		}
		if err := links.SetRow(at, []any{cells[colFile], cells[colRow], cells[colID], cells[colEmail], cells[colFirstName], cells[colLastName],
			cells[colURL], cells[colServiceID], cells[colDecided]}); err != nil {
			return err
		}
	}
	if err := errors.Join(all.Flush(), links.Flush()); err != nil {
		return err
	}
	return errors.Join(f.Write(w), f.Close())
}

func BenchmarkReport(b *testing.B) {
	for _, bench := range []struct {
		name   string
		format format
		rows   int
	}{
		{"csv", writeCSV, 100_000},
		{"json", writeJSON, 100_000},
		{"html", writeHTML, 100_000},
		{"xlsx", formats()[XLSX], 70_000},
		{"excelize", writeBare, 70_000},
	} {
		b.Run(bench.name, func(b *testing.B) {
			scratch := b.TempDir()
			for b.Loop() {
				if err := bench.format(io.Discard, scratch, meta(), many(bench.rows)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(bench.rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
