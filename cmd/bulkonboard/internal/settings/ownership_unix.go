//go:build !windows

package settings

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// openWithoutLinks opens a file to be read. It neither follows a link nor waits
// for the other end of a pipe.
func openWithoutLinks(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
}

// openForAppend opens a file to append to, and makes it if it is missing. It neither
// follows a link nor waits for the other end of a pipe.
func openForAppend(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
}

// isLinkError reports whether an unfollowed opening failed because of a link.
func isLinkError(err error) bool {
	return errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EMLINK) // FreeBSD says EMLINK
}

// ownedByUser reports whether a file belongs to the user of this process.
func ownedByUser(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

// ownedByUserOrRoot reports whether only the user of this process or the
// administrator owns a file.
func ownedByUserOrRoot(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && (int(st.Uid) == os.Geteuid() || st.Uid == 0)
}

// nameCount returns how many names a file has.
func nameCount(info fs.FileInfo) int {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return int(st.Nlink)
}

// writableByOthers reports whether the group or other users may write a file.
func writableByOthers(info fs.FileInfo) bool { return info.Mode().Perm()&0o022 != 0 }

// readableByOthers reports whether the group or other users may do anything with a file.
func readableByOthers(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }
