package ledger

import "time"

// TruncateTime returns a time as every ledger stores it: in UTC, and truncated to
// microseconds, the precision of PostgreSQL. The zero time stays zero.
func TruncateTime(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

// Truncate returns the instant as every ledger stores it: both parts truncated to
// microseconds.
func (i Instant) Truncate() Instant {
	i.At, i.Offset = TruncateTime(i.At), i.Offset.Truncate(time.Microsecond)
	return i
}
