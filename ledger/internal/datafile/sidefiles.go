package datafile

import (
	"os"
	"strings"
)

// IsLeftover reports whether the end of a name is that of a file in which a new or
// restored ledger is made: it is there after a command only if that was killed.
func IsLeftover(end string) bool {
	return strings.HasPrefix(end, ".new") || strings.HasPrefix(end, ".restore") || end == ".emergency.new"
}

// IsSetAside reports whether the end of a name is that of something set aside:
// -<time>.kept with what was beside it, .emergency-<time>.kept.
func IsSetAside(end string) bool {
	return (strings.HasPrefix(end, "-") || strings.HasPrefix(end, ".emergency-")) && strings.Contains(end, ".kept")
}

// WithSideFiles returns a file and what is beside it of the names that hold records.
func WithSideFiles(path string) []string {
	all := []string{path}
	for _, end := range []string{"-wal", "-journal", ".emergency"} {
		if _, err := os.Lstat(path + end); err == nil {
			all = append(all, path+end)
		}
	}
	return all
}
