package cli

import (
	"math"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// The pace is that of the last days, from the first decision to the last, or to
// now while a run goes on; too few decisions tell nothing.
func TestRecentPace(t *testing.T) {
	now := time.Date(2026, 5, 8, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		rows    int
		every   time.Duration
		until   time.Time
		running bool
		want    float64 // a day
	}{
		"a row a minute":            {61, time.Minute, now, true, 1440},
		"ended two hours ago":       {61, time.Minute, now.Add(-2 * time.Hour), false, 1440},
		"stalled while it runs":     {61, time.Minute, now.Add(-time.Hour), true, 720},
		"too few":                   {9, time.Minute, now, true, 0},
		"in no time":                {100, time.Millisecond, now, false, 0},
		"all of it long ago":        {100, time.Minute, now.Add(-8 * 24 * time.Hour), false, 0},
		"a few days with a pause":   {20, 8 * time.Hour, now, false, 3},
		"what is older is left out": {30, 8 * time.Hour, now, false, 3},
	} {
		t.Run(name, func(t *testing.T) {
			var of sqlite.Decided // of the last days, as the ledger counts them
			for i := range test.rows {
				at := test.until.Add(-time.Duration(i) * test.every)
				if at.Before(now.AddDate(0, 0, -paceDays)) {
					break
				}
				if of.Rows++; of.Rows == 1 {
					of.Last = at
				}
				of.First = at
			}
			if got := perDay(of, now, test.running); math.Abs(got-test.want) > test.want/100 {
				t.Errorf("%.1f rows a day, want %.1f", got, test.want)
			}
		})
	}
}
