//go:build unix

package report

import (
	"errors"
	"io"
	"os"
	"syscall"
)

const (
	noFollow          = syscall.O_NOFOLLOW
	closeBeforeRename = false // the file stays ours until it has its name
)

// held reports whether err says that another program has the target open.
// Unix file systems say so only where they pass on another system's rules.
func held(err error) bool {
	return errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.ETXTBSY)
}

// lock marks a staging directory as in use for as long as its process lives. A
// file system without locks goes without.
func lock(dir string) (io.Closer, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	_ = syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return d, nil
}

// abandoned reports whether nobody uses a staging directory any more.
func abandoned(dir string) bool {
	d, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer d.Close()
	return syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// syncDir puts a rename on the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil // this file system has no such thing
	}
	return errors.Join(err, d.Close())
}
