package ledgercmd

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// reportFiles are the reports that runs have noted, with the older ones that
// were kept beside them and what a killed run left.
func reportFiles(ctx context.Context, l *sqlite.Ledger) (all []string, err error) {
	names, err := l.LearntNames(ctx, outputs.ReportFactPrefix)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		all = append(all, withNumbered(strings.TrimPrefix(name, outputs.ReportFactPrefix))...)
	}
	return all, nil
}

// registeredFiles are the files of the registered batches, and the rejected rows
// beside them.
func registeredFiles(ctx context.Context, l *sqlite.Ledger) (all []string, err error) {
	batches, err := l.Batches(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range batches {
		for _, f := range b.Files {
			if f.Name == "" || f.Name == "-" {
				continue
			}
			path, err := filepath.Abs(f.Name)
			if err != nil {
				return nil, err
			}
			all = append(all, withNumbered(path)...)
			for _, rows := range []int{0, outputs.MaxRejectsXLSX + 1} {
				all = append(all, withNumbered(outputs.DefaultRejects(path, rows))...)
			}
		}
	}
	return all, nil
}

// withNumbered returns a file, those with -1, -2, ... before the extension, and
// the folders in which a new one of them was being written, as far as there are any.
func withNumbered(path string) (all []string) {
	folder, base := filepath.Split(path)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil // a folder that is gone has none
	}
	ext := filepath.Ext(base)
	for _, e := range entries {
		name := e.Name()
		number, numbered := strings.CutPrefix(strings.TrimSuffix(name, ext), strings.TrimSuffix(base, ext)+"-")
		if numbered && strings.HasSuffix(name, ext) {
			_, err := strconv.Atoi(number)
			numbered = err == nil
		}
		staging := e.IsDir() && strings.HasPrefix(name, "."+base+".") && strings.HasSuffix(name, ".tmp")
		if name == base || numbered && strings.HasSuffix(name, ext) || staging {
			all = append(all, filepath.Join(folder, name))
		}
	}
	return all
}
