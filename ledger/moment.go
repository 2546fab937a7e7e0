package ledger

import "time"

// Stored returns a moment as every ledger gives it back: in UTC and cut to whole
// microseconds, which is what PostgreSQL keeps and people can read. The zero
// time stays zero.
func Stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

// Stored returns the instant as every ledger gives it back: both parts cut to
// whole microseconds.
func (i Instant) Stored() Instant {
	i.At, i.Offset = Stored(i.At), i.Offset.Truncate(time.Microsecond)
	return i
}
