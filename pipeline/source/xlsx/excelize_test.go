package xlsx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"
)

// TestSameAsExcelize: whatever excelize wrote, its rows and ours are the same.
func TestSameAsExcelize(t *testing.T) {
	text := rapid.OneOf(rapid.StringMatching(`[ -~]{0,12}`), rapid.SampledFrom([]string{"", " ", "é", "山田", "a\nb", "<&>", "_x0041_", "=1+1", "'x", "0017", "😀"}))
	value := rapid.OneOf(
		rapid.Map(text, func(s string) any { return s }),
		rapid.Map(rapid.Int64Range(-999_999_999_999_999, 999_999_999_999_999), func(n int64) any { return n }),
		rapid.Map(rapid.Int64Range(-99_999, 99_999), func(n int64) any { return float64(n) / 8 }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
	)
	name := t.TempDir() + "/a.xlsx"
	rapid.Check(t, func(r *rapid.T) {
		f := excelize.NewFile()
		rows := rapid.SliceOfN(rapid.SliceOfN(value, 0, 6), 1, 12).Draw(r, "rows")
		for i, row := range rows {
			if err := f.SetSheetRow("Sheet1", "A"+strconv.Itoa(i+1), &row); err != nil {
				r.Fatal(err)
			}
		}
		want, err := f.GetRows("Sheet1", excelize.Options{RawCellValue: true})
		if err != nil {
			r.Fatal(err)
		}
		if err := f.SaveAs(name); err != nil {
			r.Fatal(err)
		}
		got, _, err := readAll(name, choice{sheet: "Sheet1"})
		if err != nil {
			r.Fatal(err)
		}
		at := 0
		for i, cells := range want {
			for j, cell := range cells {
				if b, ok := rows[i][j].(bool); ok {
					cell = strings.ToUpper(strconv.FormatBool(b)) // as a sheet shows it; excelize gives the stored 1
				}
				cells[j] = cell
			}
			if !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
				continue // blank rows are left out
			}
			for len(cells) > 0 && cells[len(cells)-1] == "" {
				cells = cells[:len(cells)-1]
			}
			if at == len(got) || got[at].Number != i+1 || !slices.Equal(got[at].Cells, cells) || len(got[at].Issues) > 0 {
				r.Fatalf("row %d: got %v, want %q", i+1, fmt.Sprint(got[at:]), cells)
			}
			at++
		}
		if at != len(got) {
			r.Fatalf("more rows than excelize reads: %v", got[at:])
		}
	})
}
