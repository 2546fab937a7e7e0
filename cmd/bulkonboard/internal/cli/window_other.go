//go:build !windows

package cli

// hasOwnWindow is for Windows, where a file is dropped on a program.
func hasOwnWindow() bool { return false }
