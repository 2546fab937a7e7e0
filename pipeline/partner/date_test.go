package partner

import (
	"net/http"
	"testing"
	"time"
)

func TestAnswerDate(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, date, age string
		want            time.Time
	}{
		{"as the standard has it", "Sun, 22 Nov 2026 10:00:00 GMT", "", at},
		{"UTC", "Sun, 22 Nov 2026 10:00:00 UTC", "", at},
		{"from a cache", "Sun, 22 Nov 2026 10:00:00 GMT", "3000", at.Add(50 * time.Minute)},
		{"from a cache, UTC", "Sun, 22 Nov 2026 10:00:00 UTC", " 3000 ", at.Add(50 * time.Minute)},
		{"through a cache", "Sun, 22 Nov 2026 10:00:00 GMT", "0", at},
		{"RFC 850", "Sunday, 22-Nov-26 10:00:00 GMT", "", at},
		{"another zone", "Sun, 22 Nov 2026 10:00:00 CET", "", time.Time{}},
		{"only UTC", " UTC", "", time.Time{}},
		{"none", "", "", time.Time{}},
		{"only an age", "", "10", time.Time{}},
		{"an age that is none", "Sun, 22 Nov 2026 10:00:00 GMT", "old", time.Time{}},
		{"an age below 0", "Sun, 22 Nov 2026 10:00:00 GMT", "-5", time.Time{}},
		{"a month old", "Sun, 22 Nov 2026 10:00:00 GMT", "2592000", time.Time{}},
		{"older than the world", "Sun, 22 Nov 2026 10:00:00 GMT", "99999999999999999999", time.Time{}},
	} {
		h := http.Header{}
		if tt.date != "" {
			h.Set("Date", tt.date)
		}
		if tt.age != "" {
			h.Set("Age", tt.age)
		}
		if got := answerDate(h); !got.Equal(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestWalletFromACache: the partner's clock is that of now, not of when the cache
// stored the answer.
func TestWalletFromACache(t *testing.T) {
	w := startWire(t, always("HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\nAge: 3000\r\nConnection: close\r\n\r\n"+
		`{"status":"success","data":{"balance":1,"currency":"USD"}}`))
	got, err := newClient(t, Config{BaseURL: w.URL}).Wallet(t.Context())
	if want := time.Date(2026, 11, 22, 10, 50, 0, 0, time.UTC); err != nil || !got.Date.Equal(want) {
		t.Errorf("%v, %v", got.Date, err)
	}
}
