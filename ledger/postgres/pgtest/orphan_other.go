//go:build !linux

package pgtest

import "syscall"

// processAttributes are those of a server.
func processAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

// keepThread does nothing here.
func keepThread() func() { return func() {} }
