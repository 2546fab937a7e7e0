package lists

import (
	"os"

	"golang.org/x/sys/windows"
)

// lockFile locks an open file until it is closed. It fails if another process has.
func lockFile(f *os.File) error {
	return windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
}
