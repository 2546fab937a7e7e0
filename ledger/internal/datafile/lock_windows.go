//go:build windows

package datafile

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/windows"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const noFollow = 0

// flock acquires the lock without waiting. The system releases it when the process ends.
// The locked byte is far behind the text, so that others can read which process holds it.
func flock(f *os.File) error {
	at := windows.Overlapped{OffsetHigh: math.MaxInt32}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return ledger.ErrLocked
	}
	return err
}

// PlaceOf returns "": the numbers of files are not looked at on Windows.
func PlaceOf(string) string { return "" }
