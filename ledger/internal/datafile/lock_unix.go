//go:build unix

package datafile

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const noFollow = syscall.O_NOFOLLOW

// PlaceOf returns "device:file:path" of a file, or "" where the file system does not
// keep the numbers of its files.
func PlaceOf(path string) string {
	info, err := os.Lstat(path)
	if err != nil || !keepsFileNumbers(path) {
		return ""
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d:%d:%s", st.Dev, st.Ino, path)
}

// flock acquires the lock without waiting. The kernel releases it when the process ends.
func flock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ledger.ErrLocked
		}
		return err
	}
}
