//go:build unix

package partner

import (
	"net"
	"syscall"
	"time"
)

// stillness returns what tells, at once, that the other end has sent nothing and
// has not closed.
func stillness(raw net.Conn) func(time.Time) bool {
	c, ok := raw.(syscall.Conn)
	if !ok {
		return stillByWaiting(raw)
	}
	fd, err := c.SyscallConn()
	if err != nil {
		return stillByWaiting(raw)
	}
	var (
		b    [1]byte
		came int
		fail error
	)
	peek := func(fd uintptr) bool { // Go's sockets never block
		came, fail = syscall.Read(int(fd), b[:])
		return true
	}
	return func(until time.Time) bool {
		if raw.SetDeadline(until) != nil {
			return false
		}
		for {
			if fd.Read(peek) != nil {
				return false
			}
			if fail != syscall.EINTR {
				return came < 0 && (fail == syscall.EAGAIN || fail == syscall.EWOULDBLOCK)
			}
		}
	}
}
