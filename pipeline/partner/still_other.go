//go:build !unix

package partner

import (
	"net"
	"time"
)

func stillness(raw net.Conn) func(time.Time) bool { return stillByWaiting(raw) }
