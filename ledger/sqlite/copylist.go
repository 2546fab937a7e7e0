package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
	"github.com/bulkonboard/bulkonboard/ledger/internal/fileperm"
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
		if end, beside := strings.CutPrefix(name, base); beside && (datafile.IsLeftover(end) || datafile.IsSetAside(end)) {
			all = append(all, path)
		} else if name != base && e.Type().IsRegular() && l.isCopy(ctx, path, l.id) {
			all = append(all, datafile.WithSideFiles(path)...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// isCopy reports whether a file is a ledger with this id, or one of which that
// cannot be found out: a damaged or older copy holds people, too.
func (l *database) isCopy(ctx context.Context, path, id string) bool {
	if fileperm.Check(path) != nil || !datafile.HasID(path, applicationID) {
		return false
	}
	if info, err := os.Stat(l.path); err == nil {
		if other, err := os.Stat(path); err != nil || os.SameFile(info, other) {
			return false
		}
	}
	var found string
	err := withConn(ctx, path, modeFileOnly, func(c *conn) error {
		if _, err := c.checkShape(ctx, l.steps); err != nil {
			return err
		}
		return c.QueryOne(ctx, "SELECT id FROM ledger", nil, &found)
	})
	return err != nil || found == id
}
