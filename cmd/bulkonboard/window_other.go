//go:build !windows

package main

// ownWindow is for Windows, where a file is dropped on a program.
func ownWindow() bool { return false }
