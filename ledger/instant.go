package ledger

import "time"

// TruncateTime returns a moment as every ledger gives it back: in UTC and cut to whole
// microseconds, which is what PostgreSQL keeps and people can read. The zero
// time stays zero.
func TruncateTime(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

// Truncate returns the instant as every ledger gives it back: both parts cut to
// whole microseconds.
func (i Instant) Truncate() Instant {
	i.At, i.Offset = TruncateTime(i.At), i.Offset.Truncate(time.Microsecond)
	return i
}
