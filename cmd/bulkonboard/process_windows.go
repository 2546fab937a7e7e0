package main

import "os"

// alive reports whether a process runs: opening one that does not fails there.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && p.Release() == nil
}
