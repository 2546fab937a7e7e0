package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// leftovers lists files that can still hold what was erased from a ledger: those
// beside it that carry its name, such as the simulated partner's users and an
// emergency file that was set aside, and the logs of the runs that it knows. A
// log that is no longer where its run wrote it is listed as it was named then.
func leftovers(ctx context.Context, l *sqlite.Ledger) ([]string, error) {
	info, err := l.Info(ctx)
	if err != nil {
		return nil, err
	}
	path := info.Path
	var files []string
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if rest, ok := strings.CutPrefix(e.Name(), filepath.Base(path)+"."); ok && rest != "lock" && rest != "emergency" {
			files = append(files, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	for r, err := range l.Log(ctx) {
		if err != nil {
			return nil, err
		}
		for _, word := range split(r.Settings) {
			name, ok := strings.CutPrefix(word, "--log-file=")
			if !ok || name == "" {
				continue
			}
			if _, err := os.Lstat(name); err != nil && filepath.IsAbs(name) {
				continue
			}
			files = append(files, filepath.Clean(name))
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}
