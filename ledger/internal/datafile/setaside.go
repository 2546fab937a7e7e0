package datafile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/fileperm"
)

// Copy copies a file to a new one, 0600. It replaces what an earlier call left.
func Copy(from, to string) (err error) {
	in, err := Open(from, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := fileperm.Create(to, os.O_WRONLY)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// SetAside renames a ledger and its side files. The ledger keeps its first name as well,
// so that there is always a ledger until the copy replaces it. It returns the new name,
// or "" if there was no ledger.
func SetAside(path, kept string) (string, error) {
	for _, end := range []string{"-wal", "-shm", "-journal", ".emergency"} {
		if err := os.Rename(path+end, kept+end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%s cannot be set aside: %w: %w", path+end, err, ledger.ErrWrite)
		}
	}
	err := os.Link(path, kept)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		err = os.Rename(path, kept) // a file system without links
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("%s cannot be set aside: %w: %w", path, err, ledger.ErrWrite)
	}
	return filepath.Clean(kept), nil
}

// TimeOf returns a moment as it is part of file names.
func TimeOf(t time.Time) string { return t.UTC().Format("20060102T150405.000000000") }

// IsReplaced reports whether another file than before is found under the same
// path of the same file system. Each is "device:file:path".
func IsReplaced(was, is string) bool {
	a, b := strings.SplitN(was, ":", 3), strings.SplitN(is, ":", 3)
	return len(a) == 3 && len(b) == 3 && a[0] == b[0] && a[1] != b[1] && a[2] == b[2]
}
