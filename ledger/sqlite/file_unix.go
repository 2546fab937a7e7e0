//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const noFollow = syscall.O_NOFOLLOW

// checkPrivate refuses symlinks, what is no plain file, files of another user
// and files that others may open.
func checkPrivate(path string, info fs.FileInfo) error {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a symbolic link; name the file itself: %w", path, ledger.ErrUnsafe)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a plain file: %w", path, ledger.ErrUnsafe)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d; run as that user, or take the file over (chown): %w", path, st.Uid, ledger.ErrUnsafe)
	}
	if loose := info.Mode().Perm() &^ 0o700; loose != 0 {
		return fmt.Errorf("%s can be opened by others (mode %04o) and holds personal data; chmod 600 it: %w", path, info.Mode().Perm(), ledger.ErrUnsafe)
	}
	return nil
}

// placeOf is "device:file:path" of a file, or "" where the file system does not
// keep the numbers of its files.
func placeOf(path string) string {
	info, err := os.Lstat(path)
	if err != nil || !keepsFileNumbers(path) {
		return ""
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d:%d:%s", st.Dev, st.Ino, path)
}

// ignoreUnsupported drops the error of file systems that cannot sync a directory.
func ignoreUnsupported(err error) error {
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}

// flock takes the lock without waiting. The kernel frees it with the process.
func flock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ledger.ErrLocked
		}
		return err
	}
}
