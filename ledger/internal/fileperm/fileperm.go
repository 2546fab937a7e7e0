// Package fileperm opens files that no other user of the machine may read or write, and
// refuses folders in which other users could replace them.
//
// A database reads and writes a file that another user has put under the name of one of
// its side files as if it were its own. So a file is opened only if we own it, and a
// folder is used only if no other user can add or rename files in it.
package fileperm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrNotPrivate is in every refusal of this package. The text says what to do.
var ErrNotPrivate = errors.New("not private")

// Check refuses a name under which there is anything but a regular file of ours
// with one name that no other user may open. A name that does not exist is accepted.
func Check(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return CheckFile(path, info)
}

// CheckFile is Check for what Lstat returned.
func CheckFile(path string, info fs.FileInfo) error {
	if err := CheckOwner(path, info); err != nil {
		return err
	}
	if n := links(info); n > 1 {
		return refuse("%s has %d names (hard links), and could be changed under another one; remove the others, or copy it: cp %s %s.copy", path, n, path, path)
	}
	return nil
}

// CheckOwner is CheckFile for a file that may have several names.
func CheckOwner(path string, info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode&fs.ModeSymlink != 0:
		return refuse("%s is a symbolic link; name the file itself", path)
	case !mode.IsRegular():
		return refuse("%s is not a regular file; move it away, and find out who made it", path)
	}
	return checkAccess(path, info)
}

// Open opens a file that exists. It follows no link, never waits for a pipe, and
// looks at what it has opened, not at what had the name a moment before.
func Open(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag&^(os.O_CREATE|os.O_TRUNC)|noFollow, 0)
	if err != nil {
		if info, failed := os.Lstat(path); failed == nil && !info.Mode().IsRegular() {
			return nil, CheckOwner(path, info)
		}
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = CheckFile(path, info)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Create makes a file, 0600 whatever the umask. fs.ErrExist if the name exists.
func Create(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag|os.O_CREATE|os.O_EXCL|noFollow, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(0o600); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// OpenOrCreate opens a file as Open does, or makes it.
func OpenOrCreate(path string, flag int) (*os.File, error) {
	for {
		f, err := Create(path, flag)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
		if f, err = Open(path, flag); !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
}

// SyncFolder makes the entries of a file's folder durable: that the file was made,
// or has its name.
func SyncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(ignoreUnsupported(d.Sync()), d.Close())
}

func refuse(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrNotPrivate)...)
}
