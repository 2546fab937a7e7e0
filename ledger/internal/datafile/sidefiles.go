package datafile

import (
	"os"
	"strings"
)

// IsLeftover reports whether the suffix is that of a file in which a new or restored
// ledger is made. It exists after a command only if the command was killed.
func IsLeftover(end string) bool {
	return strings.HasPrefix(end, ".new") || strings.HasPrefix(end, ".restore") || end == ".emergency.new"
}

// IsSetAside reports whether the suffix is that of a file that was set aside:
// -<time>.kept with its side files, .emergency-<time>.kept.
func IsSetAside(end string) bool {
	return (strings.HasPrefix(end, "-") || strings.HasPrefix(end, ".emergency-")) && strings.Contains(end, ".kept")
}

// WithSideFiles returns a file and those of its side files that hold records.
func WithSideFiles(path string) []string {
	all := []string{path}
	for _, end := range []string{"-wal", "-journal", ".emergency"} {
		if _, err := os.Lstat(path + end); err == nil {
			all = append(all, path+end)
		}
	}
	return all
}
