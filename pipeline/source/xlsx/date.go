package xlsx

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// dateText returns a date serial as ISO 8601. Days count from 1900, where the
// number 60 is a 29 February that never was, or from 1904. ok is false outside
// the dates that spreadsheet programs show.
func dateText(stored []byte, kind formatKind, from1904 bool) (string, bool) {
	if _, _, ok := cutNumber(stored); !ok {
		return "", false
	}
	serial, err := strconv.ParseFloat(string(stored), 64)
	if err != nil || serial < 0 || serial >= 2_958_466 {
		return "", false
	}
	seconds := int64(math.Round(serial * 86_400)) // rounded: a second has no exact binary fraction
	days, rest := seconds/86_400, seconds%86_400
	clock := fmt.Sprintf("%02d:%02d:%02d", rest/3600, rest/60%60, rest%60)
	if kind == kindElapsed {
		return fmt.Sprintf("%02d:%02d:%02d", seconds/3600, rest/60%60, rest%60), true
	}
	if days == 0 && (kind == kindClock || !from1904 && rest > 0) {
		return clock, true
	}
	first := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case from1904:
		first = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case days < 60:
		first = first.AddDate(0, 0, 1)
	}
	date := first.AddDate(0, 0, int(days)).Format("2006-01-02")
	if !from1904 && days == 60 {
		date = "1900-02-29"
	}
	if !from1904 && days == 0 {
		date = "1900-01-00"
	}
	if rest > 0 {
		date += "T" + clock
	}
	return date, true
}
