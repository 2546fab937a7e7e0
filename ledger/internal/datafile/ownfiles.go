package datafile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/fileperm"
)

// sideFiles returns the suffixes of all files that this package or SQLite opens in
// addition to a ledger. SQLite trusts them: it rolls a -journal back into the file, reads
// a -wal as the newest state, and uses a -shm as its index.
func sideFiles() []string {
	return []string{"-wal", "-shm", "-journal", ".lock", ".emergency", ".emergency.new",
		".new", ".new-wal", ".new-shm", ".new-journal",
		".restore", ".restore-wal", ".restore-shm", ".restore-journal"}
}

// CheckOwn refuses a ledger if another user of the machine has put a file in its place or
// in that of a side file, or could do so. It checks all names and changes nothing. The
// ledger itself need not exist.
func CheckOwn(path string) error {
	if err := fileperm.CheckFolder(filepath.Dir(path)); err != nil {
		return notOwn(path, err)
	}
	for _, end := range sideFiles() {
		if err := fileperm.Check(path + end); err != nil {
			return notOwn(path+end, err)
		}
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = fileperm.CheckFile(path, info)
	}
	if err != nil && info != nil && hasKeptName(path, info) {
		err = fileperm.CheckOwner(path, info)
	}
	return notOwn(path, err)
}

// notOwn adds ErrUnsafe to a refusal, and the path to other errors.
func notOwn(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fileperm.ErrNotPrivate):
		return fmt.Errorf("%w: %w", err, ledger.ErrUnsafe)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: its folder does not exist; make it: mkdir -m 700 %s: %w", path, filepath.Dir(path), err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// hasKeptName reports whether a ledger's second name is the one under which
// Restore was setting it aside when it was killed.
func hasKeptName(path string, info fs.FileInfo) bool {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return false
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, filepath.Base(path)+"-") && strings.HasSuffix(name, ".kept") {
			if other, err := e.Info(); err == nil && os.SameFile(info, other) {
				return true
			}
		}
	}
	return false
}

// Open opens a file that CheckOwn has accepted.
func Open(path string, flag int) (*os.File, error) {
	return os.OpenFile(path, flag|noFollow, 0)
}

// reasonOf returns what the system said, without the path that the caller names.
func reasonOf(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// ClaimSideFiles makes the side files that SQLite is about to open, 0600, so that no other
// user can have made them, and checks those that exist. It does not open an existing
// one, because closing it would release the locks that this process has on it. A reader
// accepts a folder in which no file can be made.
func ClaimSideFiles(path string, isReader bool) error {
	for _, end := range []string{"-wal", "-shm"} {
		f, err := fileperm.Create(path+end, os.O_RDWR)
		if errors.Is(err, fs.ErrExist) {
			continue // CheckOwn has looked at it
		}
		if err != nil && isReader {
			return nil
		}
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			return fmt.Errorf("%s cannot be made: %w: %w", path+end, err, ledger.ErrWrite)
		}
	}
	return nil
}
