package lists

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// largeList returns a list of n rows, a third of which have a problem.
func largeList(b *testing.B, n int) []byte {
	var rows [][]string
	for i := range n {
		cells := map[int]string{colFirst: fmt.Sprintf("Jane %d", i%300), colPhone: fmt.Sprintf("+1415555%04d", i%10000)}
		switch i % 10 {
		case 0:
			cells[colTerms] = "ja"
		case 1:
			cells[colPhone] = fmt.Sprintf("415555%04d", i%10000)
		case 2:
			cells[colCountry] = "Deutschland"
		}
		rows = append(rows, good(fmt.Sprint(i), fmt.Sprintf("c%d@company%d.com", i, i%50), cells))
	}
	return sheet(b, headings(), rows...)
}

func openLarge(b *testing.B) (*Store, api.List) {
	s := openStore(b, b.TempDir())
	return s, upload(b, s, "large.csv", largeList(b, 100_000))
}

// BenchmarkEdit corrects a cell among 100,000 rows and checks what it concerns.
func BenchmarkEdit(b *testing.B) {
	s, list := openLarge(b)
	revision := list.Revision
	emails := []string{"c50000@company0.com", "c7@company7.com"}
	for i := 0; b.Loop(); i++ {
		edited, err := s.EditCells(context.Background(), Editor{owner, revision}, list.ID, []api.CellEdit{{Row: 50002, Column: colEmail, From: emails[i%2], To: emails[(i+1)%2]}})
		if err != nil {
			b.Fatal(err)
		}
		if revision = edited.Revision; edited.State != api.ListChecked {
			b.Fatal(edited.State)
		}
	}
}

// BenchmarkLastRows shows the last rows of 100,000.
func BenchmarkLastRows(b *testing.B) {
	s, list := openLarge(b)
	for b.Loop() {
		if page, err := s.Rows(context.Background(), list.ID, Query{From: 99_900, N: 100}); err != nil || len(page.Rows) != 100 {
			b.Fatal(err)
		}
	}
}

// BenchmarkFind looks for a text in 100,000 rows.
func BenchmarkFind(b *testing.B) {
	s, list := openLarge(b)
	for i := 0; b.Loop(); i++ {
		if _, err := s.Rows(context.Background(), list.ID, Query{Find: fmt.Sprintf("c%d@", i%100_000), N: 100}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCheck uploads and checks 100,000 rows.
func BenchmarkCheck(b *testing.B) {
	file := largeList(b, 100_000)
	for b.Loop() {
		s := openStore(b, b.TempDir())
		list, err := s.Upload(context.Background(), owner, "large.csv", bytes.NewReader(file))
		if err != nil {
			b.Fatal(err)
		}
		s.checks.Wait()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB-kept")
		if err := s.Discard(owner, list.ID); err != nil {
			b.Fatal(err)
		}
	}
}
