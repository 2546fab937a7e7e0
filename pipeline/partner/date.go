package partner

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxAge is how old an answer from a cache may be for its Date to be believed.
const maxAge = 7 * 24 * time.Hour

// answerDate is the partner's clock when the answer came: the Date header and,
// where a cache kept the answer for a while, its Age (RFC 9111, 5.1). It is zero
// if the headers are absent or unreadable.
func answerDate(h http.Header) time.Time {
	t := httpTime(h.Get("Date"))
	age := strings.TrimSpace(h.Get("Age"))
	if age == "" || t.IsZero() {
		return t
	}
	seconds, err := strconv.ParseUint(age, 10, 31)
	if err != nil || time.Duration(seconds)*time.Second > maxAge {
		return time.Time{}
	}
	return t.Add(time.Duration(seconds) * time.Second)
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
