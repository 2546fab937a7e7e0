//go:build !linux

package postgres

import (
	"syscall"
	"time"
)

// limitSilence leaves it to keep-alive packets to find out that a server is gone.
func limitSilence(_, _ string, _ syscall.RawConn) error { return nil }

// hostClock is the time since it was made, by two clocks, one of which may stop while the
// machine sleeps and the other of which can be set.
type hostClock struct{ began time.Time }

func newHostClock() hostClock { return hostClock{time.Now()} }

// elapsed returns the time since the clock was made, by the clock that says more.
func (c hostClock) elapsed() time.Duration {
	now := time.Now()
	return max(now.Sub(c.began), now.Round(0).Sub(c.began.Round(0)))
}
