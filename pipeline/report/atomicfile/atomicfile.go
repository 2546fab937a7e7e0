// Package atomicfile replaces files whole or not at all. A new file is written
// in a private directory beside its target, synced, and renamed. A killed
// writer leaves the old file untouched, and its directory goes with the next
// write of the same name.
//
// Start at [Writer.Replace].
package atomicfile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Errors about a target. None of them holds its path.
var (
	ErrIsInput = errors.New("is the input file itself: choose another name")
	ErrSymlink = errors.New("is a symbolic link, which is not followed: name the file itself")
	ErrNotFile = errors.New("is not a regular file: choose another name")
)

// maxNames bounds the search for a free name.
const maxNames = 99

// Writer replaces files. The zero value refuses only symbolic links and what
// is no regular file. It is safe for concurrent use on different paths.
type Writer struct {
	// Inputs are the files of the sender. A target that is one of them, under
	// any name, is refused. A name that is no file, such as "-", is ignored.
	Inputs []string
	// Rename replaces os.Rename, for tests. Default nil: os.Rename.
	Rename func(from, to string) error
}

// Probe checks whether path could be written, and leaves no trace. A file that
// another program holds open is no error: Replace uses another name then.
func (w Writer) Probe(path string) error {
	exists, err := w.checkTarget(path)
	if err != nil {
		return err
	}
	if exists {
		f, err := os.OpenFile(path, os.O_WRONLY|noFollow, 0)
		if err == nil {
			err = f.Close()
		} else if isHeldOpen(err) || errors.Is(err, fs.ErrNotExist) { // gone meanwhile
			err = nil
		}
		if err != nil {
			return withoutPath(err)
		}
	}
	s, err := stage(path)
	if err != nil {
		return err
	}
	return s.drop()
}

// Replace lets fill write a new file, mode 0600, and renames it to path, or to
// the first of path-2, path-3, ... that mayReplace accepts and no program holds
// open. It returns that name. The file is on disk when Replace returns. The
// directory of the file that fill gets is private, and removed with all that
// fill leaves there.
//
// File errors about path or its staging directory come without the path; all
// other errors of fill are returned unchanged.
func (w Writer) Replace(path string, mayReplace func(string) (bool, error), fill func(*os.File) error) (string, error) {
	name := ""
	err := w.withStaged(path, func(s *stagedFile) error {
		if err := fill(s.file); err != nil {
			return err
		}
		err := s.file.Sync()
		if err == nil {
			name, err = w.renameToFree(s, path, mayReplace)
		}
		return err
	})
	if err == nil {
		err = withoutPath(syncDir(filepath.Dir(path)))
	}
	if err != nil {
		return "", err
	}
	return name, nil
}

// Publish replaces path by a file that other users read, mode 0644. Unlike
// Replace it does not sync the file, which is written again soon, and never uses
// another name.
func (w Writer) Publish(path string, fill func(*os.File) error) error {
	return w.withStaged(path, func(s *stagedFile) error {
		err := fill(s.file)
		if err == nil {
			err = s.file.Chmod(0o644)
		}
		if err == nil {
			err = s.closeBeforeRename()
		}
		if err == nil {
			err = w.rename(s.file.Name(), path)
		}
		return err
	})
}

// withStaged runs use with a staged file for path, and removes what use leaves.
func (w Writer) withStaged(path string, use func(*stagedFile) error) error {
	if _, err := w.checkTarget(path); err != nil {
		return err
	}
	s, err := stage(path)
	if err != nil {
		return err
	}
	if err = use(s); s.concerns(err, path) {
		err = withoutPath(err)
	}
	if dropped := s.drop(); err == nil {
		err = withoutPath(dropped)
	}
	return err
}

// checkTarget refuses a target that must not be replaced, and reports whether
// there is one.
func (w Writer) checkTarget(path string) (exists bool, err error) {
	fi, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, withoutPath(err)
	}
	switch mode := fi.Mode(); {
	case mode&fs.ModeSymlink != 0:
		return true, ErrSymlink
	case !mode.IsRegular():
		return true, ErrNotFile
	}
	for _, in := range w.Inputs {
		// An input that is gone, or is standard input, cannot be overwritten.
		if other, err := os.Stat(in); err == nil && os.SameFile(fi, other) {
			return true, ErrIsInput
		}
	}
	return true, nil
}

// ReplaceAny lets Replace replace any regular file.
func ReplaceAny(string) (bool, error) { return true, nil }

// ReplaceNone lets Replace write new files only.
func ReplaceNone(string) (bool, error) { return false, nil }

// renameToFree renames the staged file to the first name that is free for it.
func (w Writer) renameToFree(s *stagedFile, path string, mayReplace func(string) (bool, error)) (string, error) {
	if err := s.closeBeforeRename(); err != nil {
		return "", err
	}
	for n := 1; n <= maxNames; n++ {
		name := numbered(path, n)
		exists, err := w.checkTarget(name)
		if err != nil && n == 1 {
			return "", err
		}
		if err != nil {
			continue // the next number will do
		}
		if exists {
			ok, err := mayReplace(name)
			if err != nil {
				return "", err
			}
			if !ok {
				continue
			}
		}
		switch err := w.rename(s.file.Name(), name); {
		case err == nil:
			return name, nil
		case !isHeldOpen(err):
			return "", err
		}
	}
	return "", fmt.Errorf("it and its numbered names up to -%d are in use: close the program that has it open", maxNames)
}

func (w Writer) rename(from, to string) error {
	if w.Rename != nil {
		return w.Rename(from, to)
	}
	return os.Rename(from, to)
}

// numbered returns path with -n before its extension; for n = 1, path itself.
func numbered(path string, n int) string {
	if n == 1 {
		return path
	}
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + "-" + strconv.Itoa(n) + ext
}

// Hash returns the hex SHA-256 of a regular file. It does not follow a
// symbolic link.
func Hash(path string) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// withoutPath removes the path from a file error: the caller names the target,
// and the staging directory means nothing to the operator.
func withoutPath(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return fmt.Errorf("%s: %w", path.Op, path.Err)
	case errors.As(err, &link):
		return fmt.Errorf("%s: %w", link.Op, link.Err)
	}
	return err
}
