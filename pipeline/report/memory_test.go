package report

import (
	"io"
	"runtime"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// peak is the most memory that is in use while a report of n rows is written.
// What the collector could free is not counted.
func peak(t *testing.T, f format, n int) (bytes uint64) {
	t.Helper()
	rows := func(yield func(ledger.Reported, error) bool) {
		seen := 0
		for r, err := range many(n) {
			if seen++; seen%10_000 == 0 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				bytes = max(bytes, m.HeapAlloc)
			}
			if !yield(r, err) {
				return
			}
		}
	}
	if err := f(io.Discard, t.TempDir(), meta(), rows); err != nil {
		t.Fatal(err)
	}
	return bytes
}

// Three times the rows take no more memory: what is long goes to the disk.
func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	for name, f := range formats() {
		short, long := peak(t, f, 20_000), peak(t, f, 60_000)
		t.Logf("%s: %d KB for 20,000 rows, %d KB for 60,000", name, short>>10, long>>10)
		if long > short+short/4+4<<20 {
			t.Errorf("%s takes %d KB for 20,000 rows and %d KB for 60,000", name, short>>10, long>>10)
		}
	}
}

// BenchmarkMillion writes a million rows as a workbook, and tells what the
// process has taken from the system for it:
//
//	go test ./pipeline/report -run '^$' -bench Million -benchtime 1x
func BenchmarkMillion(b *testing.B) {
	const rows = 1_000_000
	scratch := b.TempDir()
	for b.Loop() {
		if err := formats()[XLSX](io.Discard, scratch, meta(), many(rows)); err != nil {
			b.Fatal(err)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "peak-MB")
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}
