//go:build unix

package settings

import (
	"syscall"
)

// openFileLimit returns how many files this process may have open. Go has raised it to
// what the system allows at its start.
func openFileLimit() (uint64, bool) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return uint64(limit.Cur), err == nil //nolint:unconvert // FreeBSD has it signed
}
