package postgres

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// BenchmarkLedgers reports registrations and pairs of intent and answer a second, in
// PostgreSQL and in a file, in one run. BULKONBOARD_BENCH_ROWS sets the size.
func BenchmarkLedgers(b *testing.B) {
	n := 50_000
	if text := os.Getenv("BULKONBOARD_BENCH_ROWS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	cluster := shared.Start(b, "shared_buffers=256MB", "max_wal_size=4GB")
	for name, open := range map[string]func(*testing.B) ledger.Ledger{
		"postgres": func(b *testing.B) ledger.Ledger { return openNew(b, cluster) },
		"sqlite": func(b *testing.B) ledger.Ledger {
			l, err := sqlite.Open(b.Context(), sqlite.Options{Path: filepath.Join(b.TempDir(), "l.db"), Environment: "sandbox", Create: true})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = l.Close() })
			return l
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				l := open(b)
				began := time.Now()
				batch := registerRows(b, l, "one", n, func(i int) ledger.Row { return rowOf(i, "a") })
				b.ReportMetric(float64(n)/time.Since(began).Seconds(), "registered/s")
				run := beginRun(b, l, batch.ID)
				began = time.Now()
				sendRows(b, l, batch.ID, run, 0, n/2)
				b.ReportMetric(float64(n/2)/time.Since(began).Seconds(), "sent/s")
			}
		})
	}
}
