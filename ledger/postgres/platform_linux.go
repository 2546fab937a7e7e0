package postgres

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// limitSilence ends a connection when the server has not acknowledged for ten seconds
// what was sent to it.
func limitSilence(_, _ string, raw syscall.RawConn) error {
	var failed error
	err := raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int((10 * time.Second).Milliseconds()))
	})
	if err != nil {
		return err
	}
	if failed == unix.ENOPROTOOPT || failed == unix.EOPNOTSUPP { // a socket of this machine
		return nil
	}
	return failed
}

// hostClock is the clock of the host that never stops and cannot be set: it counts on
// while the machine sleeps.
type hostClock struct{}

func newHostClock() hostClock { return hostClock{} }

// elapsed returns the time since a moment that is always the same.
func (hostClock) elapsed() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		panic("CLOCK_BOOTTIME: " + err.Error()) // every Linux that Go runs on has it
	}
	return time.Duration(t.Nano())
}
