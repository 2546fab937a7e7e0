package partner

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answerDate is the partner's clock when the answer arrived, zero if the Date
// header is absent or unreadable. An answer from a cache says how old it is (Age,
// RFC 9111, 5.1), which is added; an age of more than a year is no age.
func answerDate(h http.Header) time.Time {
	t := httpTime(h.Get("Date"))
	if age, err := strconv.Atoi(h.Get("Age")); err == nil && age > 0 && age < 365*24*60*60 && !t.IsZero() {
		t = t.Add(time.Duration(age) * time.Second)
	}
	return t
}

// httpTime reads the forms of RFC 9110, 5.6.7, and those that name UTC, or the
// offset, where it wants GMT. Other zones by name are no time: what they mean is
// not sure. The zero time is none.
func httpTime(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, name := range []string{" UTC", " Z", " +0000", " +00:00"} {
		if rest, found := strings.CutSuffix(s, name); found {
			s = rest + " GMT"
		}
	}
	if t, err := http.ParseTime(s); err == nil && (strings.HasSuffix(s, " GMT") || !strings.Contains(s, ",")) {
		return t.UTC()
	}
	if t, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", s); err == nil {
		return t.UTC()
	}
	if t, err := time.Parse("Mon, 2 Jan 2006 15:04:05 GMT", s); err == nil {
		return t.UTC()
	}
	return time.Time{}
}

// retryAfter reads the Retry-After header (RFC 9110, 10.2.3): whole seconds, or
// a date, which is compared with the answer's own Date so that our clock does
// not matter; without one, with now. Of several headers the longest counts. It
// is 0 for a moment past, for garbage and for none; it is never negative, and
// is cut only where a Duration ends (292 years).
func retryAfter(h http.Header, now time.Time) time.Duration {
	asked := h["Retry-After"]
	if len(asked) == 0 {
		return 0
	}
	if d := answerDate(h); !d.IsZero() {
		now = d
	}
	var longest time.Duration
	for _, v := range asked {
		longest = max(longest, parseRetryAfter(strings.Trim(v, " \t"), now))
	}
	return longest
}

func parseRetryAfter(v string, now time.Time) time.Duration {
	if v == "" {
		return 0
	}
	if strings.Trim(v, "0123456789") == "" {
		const most = int64(math.MaxInt64 / time.Second)
		var n int64
		for _, c := range []byte(v) {
			n = n*10 + int64(c-'0')
			if n > most {
				return math.MaxInt64
			}
		}
		return time.Duration(n) * time.Second
	}
	t := httpTime(v)
	if t.IsZero() {
		return 0
	}
	return max(0, t.Sub(now)) // Sub stops at the ends of Duration
}
