//go:build !windows

package cli

import (
	"syscall"
)

// isAlive reports whether a process of this machine runs.
func isAlive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return pid > 0 && (err == nil || err == syscall.EPERM)
}
