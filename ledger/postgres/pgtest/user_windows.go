package pgtest

import "syscall"

// serverUser returns how to start PostgreSQL's programs.
func serverUser(string) (*syscall.SysProcAttr, error) { return &syscall.SysProcAttr{}, nil }
