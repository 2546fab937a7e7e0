//go:build !windows

package main

import (
	"os"
	"syscall"
)

// canLink reports whether this system makes links and pipes, and has modes.
func canLink() bool { return true }

func makePipe(path string) error { return syscall.Mkfifo(path, 0o600) }

// copyAs copies a file with these permissions, whatever the umask is.
func copyAs(path, from string, mode os.FileMode) error {
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err == nil {
		err = os.Chmod(path, mode)
	}
	return err
}
