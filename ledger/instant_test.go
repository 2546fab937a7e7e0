package ledger

import (
	"testing"
	"time"
)

func TestTruncate(t *testing.T) {
	zone := time.FixedZone("", 3600)
	got := TruncateTime(time.Date(2024, 5, 6, 7, 8, 9, 123456789, zone))
	if want := time.Date(2024, 5, 6, 6, 8, 9, 123456000, time.UTC); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if got := TruncateTime(time.Time{}.In(zone)); got != (time.Time{}) {
		t.Errorf("the zero time is %v", got)
	}
	i := Instant{At: time.Unix(1, 2345), Offset: -1500 * time.Nanosecond, Certain: true}.Truncate()
	if i != (Instant{At: time.Unix(1, 2000).UTC(), Offset: -time.Microsecond, Certain: true}) {
		t.Errorf("%+v", i)
	}
	if i := (Instant{}).Truncate(); i != (Instant{}) {
		t.Errorf("the zero instant is %+v", i)
	}
}
