//go:build !windows

package main

import (
	"io/fs"
	"os"
	"syscall"
)

// trusted reports whether a file is ours and nobody else may write it.
func trusted(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid() && info.Mode().IsRegular() && info.Mode().Perm()&0o022 == 0
}

// loose reports whether others may read a file.
func loose(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

// alive reports whether a process of this machine runs.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return pid > 0 && (err == nil || err == syscall.EPERM)
}
