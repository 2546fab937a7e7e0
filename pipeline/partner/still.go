package partner

import (
	"errors"
	"net"
	"os"
	"time"
)

// stillByWaiting tells, by reading for a moment, that the other end has sent
// nothing and has not closed. A byte that is read is lost, but one that came
// unasked makes the connection unfit anyway.
func stillByWaiting(raw net.Conn) func(time.Time) bool {
	return func(until time.Time) bool {
		if raw.SetReadDeadline(time.Now().Add(time.Millisecond)) != nil {
			return false
		}
		var b [1]byte
		n, err := raw.Read(b[:])
		return n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && raw.SetDeadline(until) == nil
	}
}
