//go:build unix

package atomicfile

import (
	"errors"
	"io"
	"os"
	"syscall"
)

const (
	noFollow          = syscall.O_NOFOLLOW
	mustCloseToRename = false
)

// isHeldOpen reports whether err says that another program has the target open.
// Unix file systems return it only where they pass on the rules of another system.
func isHeldOpen(err error) bool {
	return errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.ETXTBSY)
}

// lockDir marks a staging directory as in use until its process ends. A file
// system without locks has no such mark.
func lockDir(dir string) (io.Closer, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := lockNow(d); errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(errTakenAway, d.Close())
	}
	return d, nil
}

// removeIfAbandoned removes a staging directory that no process uses.
func removeIfAbandoned(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	defer d.Close() // only then is it unlocked
	if lockNow(d) == nil {
		_ = os.RemoveAll(dir)
	}
}

func lockNow(d *os.File) error { return syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// syncDir writes a rename to disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil // this file system does not sync directories
	}
	return errors.Join(err, d.Close())
}
