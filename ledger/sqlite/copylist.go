package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
	"github.com/bulkonboard/bulkonboard/ledger/internal/private"
)

// Copies lists the files in the ledger's folder that hold, or may hold, what the
// ledger held at some time, sorted: backups, what Restore and adopt set aside,
// answers that did not fit, and what a killed command left. None of them is
// touched by Forget. The ledger itself, its log and its emergency file, which
// Forget overwrites, are not among them.
func (l *Ledger) Copies(ctx context.Context) ([]string, error) {
	folder, base := filepath.Split(l.path)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, l.classify(err)
	}
	var all []string
	for _, e := range entries {
		name := e.Name()
		path := filepath.Join(folder, name)
		if end, beside := strings.CutPrefix(name, base); beside && (isLeft(end) || isKept(end)) {
			all = append(all, path)
		} else if name != base && e.Type().IsRegular() && l.isCopy(ctx, path) {
			all = append(all, sideFilesOf(path)...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// isLeft reports whether the end of a name is that of a file in which a new or
// restored ledger is made: it is there after a command only if that was killed.
func isLeft(end string) bool {
	return strings.HasPrefix(end, ".new") || strings.HasPrefix(end, ".restore") || end == ".emergency.new"
}

// isKept reports whether the end of a name is that of something set aside:
// -<time>.kept with what was beside it, .emergency-<time>.kept.
func isKept(end string) bool {
	return (strings.HasPrefix(end, "-") || strings.HasPrefix(end, ".emergency-")) && strings.Contains(end, ".kept")
}

// sideFilesOf returns a file and what is beside it of the names that hold records.
func sideFilesOf(path string) []string {
	all := []string{path}
	for _, end := range []string{"-wal", "-journal", ".emergency"} {
		if _, err := os.Lstat(path + end); err == nil {
			all = append(all, path+end)
		}
	}
	return all
}

// isCopy reports whether a file is a ledger with our id, or one of which that
// cannot be found out: a damaged or older copy holds people, too.
func (l *Ledger) isCopy(ctx context.Context, path string) bool {
	if private.Check(path) != nil || !datafile.HasID(path, applicationID) {
		return false
	}
	if info, err := os.Stat(l.path); err == nil {
		if other, err := os.Stat(path); err != nil || os.SameFile(info, other) {
			return false
		}
	}
	var id string
	err := withConn(ctx, path, modeFileOnly, func(c *conn) error {
		if _, err := c.checkShape(ctx, l.steps); err != nil {
			return err
		}
		return c.QueryOne(ctx, "SELECT id FROM ledger", nil, &id)
	})
	return err != nil || id == l.id
}
