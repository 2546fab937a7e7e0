//go:build !windows

package lists

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockFile locks an open file until it is closed. It fails if another process has.
func lockFile(f *os.File) error {
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
}
