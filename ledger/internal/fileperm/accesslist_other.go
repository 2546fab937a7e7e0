//go:build unix && !linux

package fileperm

// hasAccessList reports false: access lists are not looked at here.
func hasAccessList(string) bool { return false }
