//go:build !windows

package cli

// hasOwnWindow reports whether the window closes with the program, which only
// Windows does.
func hasOwnWindow() bool { return false }
