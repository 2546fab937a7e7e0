package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

const (
	noFollow          = 0 // links are refused by Lstat; making one needs privileges here
	mustCloseToRename = true
)

// isHeldOpen reports whether err says that another program has the target open, as
// Excel has every workbook that it shows.
func isHeldOpen(err error) bool {
	const (
		sharingViolation = syscall.Errno(32)
		lockViolation    = syscall.Errno(33)
	)
	return errors.Is(err, sharingViolation) || errors.Is(err, lockViolation) ||
		errors.Is(err, syscall.ERROR_ACCESS_DENIED) // returned for replacing an open file
}

// lockDir locks nothing: Windows does not remove an open file, which is the same
// mark.
func lockDir(string) (io.Closer, error) { return io.NopCloser(nil), nil }

// removeIfAbandoned removes a staging directory unless a process writes its staged file,
// which could not be removed then.
func removeIfAbandoned(dir string) {
	if os.Remove(filepath.Join(dir, staged)) == nil {
		_ = os.RemoveAll(dir)
	}
}

// syncDir does nothing: Windows has no sync of directories.
func syncDir(string) error { return nil }
