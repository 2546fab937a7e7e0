package report

import (
	"io"
	"testing"

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

func BenchmarkReport(b *testing.B) {
	for _, bench := range []struct {
		name   string
		format format
		rows   int
	}{
		{"csv", csvFormat{}, 100_000},
		{"json", jsonFormat{}, 100_000},
		{"html", htmlFormat{}, 100_000},
		{"xlsx", xlsxFormat{maxRows: sheetRows, maxLinks: sheetLinks}, 70_000},
	} {
		b.Run(bench.name, func(b *testing.B) {
			scratch := b.TempDir()
			for b.Loop() {
				if err := bench.format.write(b.Context(), io.Discard, scratch, meta(), many(bench.rows)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(bench.rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
