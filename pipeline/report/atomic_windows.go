package report

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

const (
	noFollow          = 0 // links are refused by Lstat; making one needs privileges here
	closeBeforeRename = true
)

// held reports whether err says that another program has the target open, as
// Excel does with every workbook that it shows.
func held(err error) bool {
	const (
		sharingViolation = syscall.Errno(32)
		lockViolation    = syscall.Errno(33)
	)
	return errors.Is(err, sharingViolation) || errors.Is(err, lockViolation) ||
		errors.Is(err, syscall.ERROR_ACCESS_DENIED) // what replacing an open file gives
}

// lock needs no lock: an open file cannot be removed here, which tells the same.
func lock(string) (io.Closer, error) { return io.NopCloser(nil), nil }

// abandoned reports whether nobody writes the staged file of dir any more, by
// removing it.
func abandoned(dir string) bool { return os.Remove(filepath.Join(dir, staged)) == nil }

// syncDir does nothing: directories have no sync of their own here.
func syncDir(string) error { return nil }
