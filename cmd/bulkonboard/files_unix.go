//go:build unix

package main

import "syscall"

// openFiles is how many files this process may have open. Go has raised it to
// what the system allows at its start.
func openFiles() (uint64, bool) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return uint64(limit.Cur), err == nil
}
