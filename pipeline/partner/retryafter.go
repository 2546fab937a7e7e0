package partner

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

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
	if allDigits(v) {
		n, err := strconv.ParseUint(v, 10, 64)
		if err != nil || n > uint64(math.MaxInt64/time.Second) {
			return math.MaxInt64
		}
		return time.Duration(n) * time.Second
	}
	t := httpTime(v)
	if t.IsZero() {
		return 0
	}
	return max(0, t.Sub(now)) // Sub stops at the ends of Duration
}
