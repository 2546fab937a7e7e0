//go:build unix

package fileperm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// noFollow also keeps an open from waiting for the other end of a pipe.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// checkAccess refuses a file of another user, and one that others may open.
func checkAccess(path string, info fs.FileInfo) error {
	if owner := ownerOf(info); owner != os.Geteuid() {
		return refuse("%s belongs to user %d; run as that user, or change its owner (chown)", path, owner)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return refuse("%s can be opened by others (mode %04o); allow only its owner: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	return nil
}

// ownerOf returns the number of the user, or -1 if the system does not say.
func ownerOf(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

func groupOf(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Gid)
	}
	return -1
}

// links returns how many names a file has.
func links(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Nlink)
	}
	return 1
}

// isOwn reports whether a folder belongs to us or to root, who can do anything.
func isOwn(info fs.FileInfo) bool {
	owner := ownerOf(info)
	return owner == os.Geteuid() || owner == 0
}

// describe returns owner and mode of a folder, for an error.
func describe(info fs.FileInfo) string {
	return fmt.Sprintf("user %d, group %d, mode %04o", ownerOf(info), groupOf(info), info.Mode().Perm())
}

// ignoreUnsupported drops the error of file systems that cannot sync a folder.
func ignoreUnsupported(err error) error {
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}
