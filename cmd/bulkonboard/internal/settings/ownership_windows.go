package settings

import (
	"errors"
	"io/fs"
	"os"
)

// errLink refuses a file that is a link, or was exchanged while it was opened.
var errLink = errors.New("it is a link")

// openWithoutLinks opens a file to be read, unless it is a link.
func openWithoutLinks(path string) (*os.File, error) { return openSame(path, os.O_RDONLY) }

// openForAppend opens a file to append to, and makes it if it is missing.
func openForAppend(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if !errors.Is(err, fs.ErrExist) {
		return f, err
	}
	return openSame(path, os.O_RDWR|os.O_APPEND)
}

// openSame opens what the name itself is. Windows has no flag that refuses links.
func openSame(path string, how int) (*os.File, error) {
	named, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, how, 0)
	if err != nil {
		return nil, err
	}
	opened, err := f.Stat()
	if err == nil && !os.SameFile(named, opened) {
		err = errLink
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// isLinkError reports whether an unfollowed opening failed because of a link.
func isLinkError(err error) bool { return errors.Is(err, errLink) }

// Windows has no owner bits to look at: what a file may be is left to its directory.

func ownedByUser(fs.FileInfo) bool       { return true }
func ownedByUserOrRoot(fs.FileInfo) bool { return true }
func nameCount(fs.FileInfo) int          { return 1 }
func writableByOthers(fs.FileInfo) bool  { return false }
func readableByOthers(fs.FileInfo) bool  { return false }
