//go:build !linux

package pgtest

import "syscall"

// processAttributes are those of a server.
func processAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

// keepThread does nothing here.
func keepThread() func() { return func() {} }

// childrenOf returns nothing: the server's processes end once they miss it.
func childrenOf(int) []int { return nil }
