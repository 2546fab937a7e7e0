package cli

import "os"

// isAlive reports whether a process runs: opening one that does not fails there.
func isAlive(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && p.Release() == nil
}
