package partner

import (
	"math"
	"net/http"
	"testing"
	"time"
)

// TestRetryAfter is fault 19.
func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	const date = "Sun, 22 Nov 2026 10:00:00 GMT" // ten hours behind our clock
	for _, tt := range []struct {
		name, date string
		values     []string
		want       time.Duration
	}{
		{"none", date, nil, 0},
		{"seconds", date, []string{"7"}, 7 * time.Second},
		{"seconds with space", date, []string{" 7\t"}, 7 * time.Second},
		{"zero", date, []string{"0"}, 0},
		{"leading zeros", date, []string{"0007"}, 7 * time.Second},
		{"10^9", date, []string{"1000000000"}, 1e9 * time.Second},
		{"10^30", date, []string{"1000000000000000000000000000000"}, math.MaxInt64},
		{"date against the answer's", date, []string{"Sun, 22 Nov 2026 10:02:00 GMT"}, 2 * time.Minute},
		{"date, no Date", "", []string{"Sun, 22 Nov 2026 20:02:00 GMT"}, 2 * time.Minute},
		{"date, garbled Date", "yesterday", []string{"Sun, 22 Nov 2026 20:02:00 GMT"}, 2 * time.Minute},
		{"past", date, []string{"Sun, 22 Nov 2026 09:00:00 GMT"}, 0},
		{"the same moment", date, []string{date}, 0},
		{"date in UTC by name", "Sun, 22 Nov 2026 10:00:00 UTC", []string{"Sun, 22 Nov 2026 10:02:00 UTC"}, 2 * time.Minute},
		{"date with an offset", "Sun, 22 Nov 2026 10:00:00 +0000", []string{"Sun, 22 Nov 2026 11:02:00 +0100"}, 2 * time.Minute},
		{"date in another zone by name", date, []string{"Sun, 22 Nov 2026 10:02:00 EST"}, 0},
		{"old forms of date", date, []string{"Sunday, 22-Nov-26 10:00:09 GMT"}, 9 * time.Second},
		{"far future", date, []string{"Fri, 31 Dec 9999 23:59:59 GMT"}, math.MaxInt64},
		{"negative", date, []string{"-5"}, 0},
		{"fraction", date, []string{"1.5"}, 0},
		{"sign", date, []string{"+5"}, 0},
		{"unit", date, []string{"5s"}, 0},
		{"garbage", date, []string{"soon"}, 0},
		{"empty", date, []string{""}, 0},
		{"several", date, []string{"3", "soon", "9", "5"}, 9 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{"Date": {tt.date}, "Retry-After": tt.values}
			if got := retryAfter(h, now); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestDateForms: whatever names UTC is read, and an answer from a cache is as
// old as it says, if that can be read.
func TestDateForms(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		date, age string
		want      time.Time
	}{
		{"Sun, 22 Nov 2026 10:00:00 GMT", "", at},
		{"Sun, 22 Nov 2026 10:00:00 UTC", "", at},
		{"Sun, 22 Nov 2026 10:00:00 Z", "", at},
		{"Sun, 22 Nov 2026 12:00:00 +0200", "", at},
		{"Sunday, 22-Nov-26 10:00:00 GMT", "", at},
		{"Sun Nov 22 10:00:00 2026", "", at},
		{"Sun, 22 Nov 2026 10:00:00 GMT", "3000", at.Add(50 * time.Minute)},
		{"Sun, 22 Nov 2026 10:00:00 GMT", "0", at},
		{"Sun, 22 Nov 2026 10:00:00 GMT", "-5", time.Time{}},
		{"Sun, 22 Nov 2026 10:00:00 GMT", "99999999999", time.Time{}},
		{"Sun, 22 Nov 2026 10:00:00 GMT", "old", time.Time{}},
		{"Sun, 22 Nov 2026 10:00:00 EST", "", time.Time{}},
		{"Sunday, 22-Nov-26 10:00:00 EST", "", time.Time{}},
		{"", "3000", time.Time{}},
		{"yesterday", "3000", time.Time{}},
	} {
		if got := answerDate(http.Header{"Date": {tt.date}, "Age": {tt.age}}); !got.Equal(tt.want) {
			t.Errorf("%q, age %q: %v, want %v", tt.date, tt.age, got, tt.want)
		}
	}
}

// FuzzRetryAfter: never negative, whatever comes, and digits are accepted.
func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "7", "-1", "1000000000", "99999999999999999999", "Sun, 22 Nov 2026 10:00:00 GMT", "soon"} {
		f.Add(s, "Sun, 22 Nov 2026 10:00:00 GMT")
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, v, date string) {
		got := retryAfter(http.Header{"Retry-After": {v}, "Date": {date}}, time.Unix(0, 0))
		if got < 0 {
			t.Errorf("%v", got)
		}
		if allDigits(v) && len(v) < 10 && got%time.Second != 0 {
			t.Errorf("%v is not whole seconds", got)
		}
	})
}

// TestRetryAfterOfEveryAnswer is fault 11: a 503 may carry one too.
func TestRetryAfterOfEveryAnswer(t *testing.T) {
	for _, status := range []string{"429 Busy", "503 Down", "403 No"} {
		w := startWire(t, always("HTTP/1.1 "+status+"\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\nRetry-After: Sun, 22 Nov 2026 10:00:30 GMT\r\nContent-Length: 0\r\n\r\n"))
		c := newClient(t, Config{BaseURL: w.URL})
		a := c.Create(t.Context(), testIdem, jane())
		if a.RetryAfter != 30*time.Second || !a.Date.Equal(time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: %v, %v", status, a.RetryAfter, a.Date)
		}
	}
}
