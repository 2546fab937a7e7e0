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

// sideFiles are the ends of all names that this package or SQLite opens beside a
// ledger. SQLite believes what it finds there: a -journal is rolled back into the
// file, a -wal is read as the newest state, and a -shm says where in it to look.
func sideFiles() []string {
	return []string{"-wal", "-shm", "-journal", ".lock", ".emergency", ".emergency.new",
		".new", ".new-wal", ".new-shm", ".new-journal",
		".restore", ".restore-wal", ".restore-shm", ".restore-journal"}
}

// CheckOwn refuses a ledger in whose place, or beside which, another user of the
// machine has put a file, or could. It is the one check of all names, and only
// looks at them. The file itself need not exist.
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

// ClaimSideFiles makes the files that SQLite is about to open beside a ledger,
// 0600, so that nobody else can have made them, and checks those that are there.
// One that exists is not opened: closing it would free the locks that this
// process has on it. A reader accepts a folder in which none can be made.
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
