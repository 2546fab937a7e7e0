package pgtest

import "syscall"

// serverUser returns how to start PostgreSQL's programs.
func serverUser(string) (*syscall.SysProcAttr, error) { return &syscall.SysProcAttr{}, nil }

// freeSpace returns 0: there is no folder in memory.
func freeSpace(string) uint64 { return 0 }
