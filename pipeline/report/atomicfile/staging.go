package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	// staged is the name of the file that is being written, inside its
	// private directory beside the target: .<target>.<random>.tmp. The
	// directory is 0700, and locked, so that the next writer can tell a killed
	// writer's directory from one in use.
	staged = "staged"
	// maxBase keeps the staging name within the 255 bytes of file systems.
	maxBase = 150
)

// stagedFile is a file on its way to its name.
type stagedFile struct {
	dir    string
	lock   io.Closer // on dir
	file   *os.File
	closed bool
}

// maxStages bounds how often a staging directory is made again because another writer of
// the same target took it for one that was left behind, before it was locked.
const maxStages = 100

// errTakenAway says that another process has removed a staging directory, or is about to.
var errTakenAway = errors.New("another process has taken away the directory for it")

// stage creates the private directory and the file in it, after removing what
// killed processes left there for the same target.
func stage(path string) (s *stagedFile, err error) {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	if len(base) > maxBase {
		base = strings.ToValidUTF8(base[:maxBase], "")
	}
	prefix := "." + base + "."
	removeAbandoned(dir, prefix)
	for range maxStages {
		if s, err = tryStage(dir, prefix); !errors.Is(err, errTakenAway) {
			break
		}
	}
	return s, err
}

// tryStage returns errTakenAway if another writer was faster than the lock.
func tryStage(dir, prefix string) (*stagedFile, error) {
	dir, err := os.MkdirTemp(dir, prefix+"*.tmp") // 0700
	if err != nil {
		if at := new(fs.PathError); errors.As(err, &at) { // it names a file that nobody asked for
			err = at.Err
		}
		return nil, fmt.Errorf("cannot create a file in its directory: %w", err)
	}
	s := &stagedFile{dir: dir}
	if s.lock, err = lockDir(dir); err == nil {
		s.file, err = os.OpenFile(filepath.Join(dir, staged), os.O_RDWR|os.O_CREATE|os.O_EXCL|noFollow, 0o600)
	}
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = errTakenAway
		}
		s.closed = true
		return nil, errors.Join(withoutPath(err), s.drop())
	}
	return s, nil
}

// closeBeforeRename closes the file where an open one cannot be renamed.
func (s *stagedFile) closeBeforeRename() error {
	if !mustCloseToRename {
		return nil
	}
	s.closed = true
	return s.file.Close()
}

// concerns reports whether err is a file error about path or its staging
// directory.
func (s *stagedFile) concerns(err error, path string) bool {
	var at *fs.PathError
	var link *os.LinkError
	if errors.As(err, &at) {
		return at.Path == path || strings.HasPrefix(at.Path, s.dir)
	}
	return errors.As(err, &link)
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
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}

// removeAbandoned removes staging directories whose writer is dead. A failure
// is no reason not to write the file.
func removeAbandoned(dir, prefix string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if name := e.Name(); e.IsDir() && strings.HasPrefix(name, prefix) && strings.HasSuffix(name, ".tmp") {
			removeIfAbandoned(filepath.Join(dir, name))
		}
	}
}
