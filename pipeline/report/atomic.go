package report

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

// Errors about a target. They come wrapped with its path.
var (
	ErrIsInput = errors.New("is the input file itself: give another name")
	ErrSymlink = errors.New("is a symbolic link, and is not followed: give the real name")
	ErrNotFile = errors.New("is not a regular file: give another name")
)

const (
	// staged is the name of the file that is being written, inside its
	// private directory beside the target: .<target>.<random>.tmp. The
	// directory is 0700, also holds what a workbook spills, and is locked, so
	// that the next writer knows a killed one's leavings from work in progress.
	staged = "staged"
	// maxNames bounds the search for a free name.
	maxNames = 99
	// maxBase keeps the staging name within the 255 bytes of file systems.
	maxBase = 150
)

// rowsError marks an error that came with the rows: it is the ledger's own
// and is passed on as it is.
type rowsError struct{ error }

func (e rowsError) Unwrap() error { return e.error }

// Probe finds out, before a run, whether path could be written after it, and
// leaves no trace. A file that another program holds open is no error: Write
// takes another name then.
func (o Output) Probe(path string) error {
	if err := o.probe(path); err != nil {
		return fmt.Errorf("report %s: %w", path, err)
	}
	return nil
}

func (o Output) probe(path string) error {
	exists, err := o.permit(path)
	if err != nil {
		return err
	}
	if exists {
		f, err := os.OpenFile(path, os.O_WRONLY|noFollow, 0)
		if err == nil {
			err = f.Close()
		} else if held(err) {
			err = nil
		}
		if err != nil {
			return plain(err)
		}
	}
	s, err := stage(path)
	if err != nil {
		return err
	}
	return s.drop()
}

// permit refuses a target that must not be replaced, and tells whether there
// is one.
func (o Output) permit(path string) (exists bool, err error) {
	fi, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, plain(err)
	}
	switch mode := fi.Mode(); {
	case mode&fs.ModeSymlink != 0:
		return true, ErrSymlink
	case !mode.IsRegular():
		return true, ErrNotFile
	}
	for _, in := range o.Inputs {
		// An input that is gone, or is standard input, cannot be overwritten.
		if other, err := os.Stat(in); err == nil && os.SameFile(fi, other) {
			return true, ErrIsInput
		}
	}
	return true, nil
}

// always lets any regular file be replaced.
func (o Output) always(string) (bool, error) { return true, nil }

// replace lets fill write a new file and puts it in the place of path, or of
// the first name after it (-2, -3, ...) that may be replaced and is not held
// open. It returns that name. The file is on the disk, whole, when it returns.
func (o Output) replace(path string, mayReplace func(string) (bool, error), fill func(*os.File) error) (string, error) {
	if _, err := o.permit(path); err != nil {
		return "", err
	}
	s, err := stage(path)
	if err != nil {
		return "", err
	}
	name := ""
	if err = fill(s.file); err == nil {
		if err = s.file.Sync(); err == nil {
			name, err = o.place(s, path, mayReplace)
		}
	}
	if dropped := s.drop(); err == nil {
		err = dropped
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return "", plain(err)
	}
	return name, nil
}

// place renames the staged file to the first name that takes it.
func (o Output) place(s *stagedFile, path string, mayReplace func(string) (bool, error)) (string, error) {
	rename := o.rename
	if rename == nil {
		rename = os.Rename
	}
	if err := s.settle(); err != nil {
		return "", err
	}
	for n := 1; n <= maxNames; n++ {
		name := numbered(path, n)
		exists, err := o.permit(name)
		if err != nil && n == 1 {
			return "", err
		}
		if err != nil {
			continue // what stands at a name of our own making only costs that name
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
		switch err := rename(s.file.Name(), name); {
		case err == nil:
			return name, nil
		case !held(err):
			return "", err
		}
	}
	return "", fmt.Errorf("it and its numbered names up to -%d are in use: close the program that has it open", maxNames)
}

// numbered puts -n before the extension; n = 1 is the name itself.
func numbered(path string, n int) string {
	if n == 1 {
		return path
	}
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + "-" + strconv.Itoa(n) + ext
}

// stagedFile is a file on its way to its name.
type stagedFile struct {
	dir    string
	guard  io.Closer // the lock on dir
	file   *os.File
	closed bool
}

// stage makes the private directory and the file in it, after clearing away
// what a killed process left there for the same target.
func stage(path string) (*stagedFile, error) {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	if len(base) > maxBase {
		base = strings.ToValidUTF8(base[:maxBase], "")
	}
	prefix := "." + base + "."
	sweep(dir, prefix)
	dir, err := os.MkdirTemp(dir, prefix+"*.tmp") // 0700
	if err != nil {
		if at := new(fs.PathError); errors.As(err, &at) { // which names a file that nobody asked for
			err = at.Err
		}
		return nil, fmt.Errorf("no file can be made in its directory: %w", err)
	}
	s := &stagedFile{dir: dir}
	if s.guard, err = lock(dir); err == nil {
		s.file, err = os.OpenFile(filepath.Join(dir, staged), os.O_RDWR|os.O_CREATE|os.O_EXCL|noFollow, 0o600)
	}
	if err != nil {
		s.closed = true
		return nil, errors.Join(plain(err), s.drop())
	}
	return s, nil
}

// settle closes the file where an open one cannot be renamed.
func (s *stagedFile) settle() error {
	if !closeBeforeRename {
		return nil
	}
	s.closed = true
	return s.file.Close()
}

// drop closes the file and removes the directory, with the file if that was
// not renamed.
func (s *stagedFile) drop() error {
	var err error
	if !s.closed {
		s.closed = true
		err = s.file.Close()
	}
	err = errors.Join(err, os.RemoveAll(s.dir))
	if s.guard != nil {
		err = errors.Join(err, s.guard.Close())
	}
	return err
}

// sweep removes staging directories whose writer is dead. That it cannot is no
// reason not to write the report.
func sweep(dir, prefix string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if name := e.Name(); e.IsDir() && strings.HasPrefix(name, prefix) && strings.HasSuffix(name, ".tmp") {
			if old := filepath.Join(dir, name); abandoned(old) {
				_ = os.RemoveAll(old)
			}
		}
	}
}

// hashFile is the hex SHA-256 of a regular file.
func hashFile(path string) (string, error) {
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

// plain takes the path off a file error: the caller names the target, and the
// staging directory means nothing to people.
func plain(err error) error {
	var rows rowsError
	if errors.As(err, &rows) {
		return err
	}
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
