package ledgercmd

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// findLeftovers lists the files that can still hold what was erased from a ledger,
// as far as the ledger knows of them or they are beside it. It is the one list:
// whatever else comes to hold customers is added here.
func findLeftovers(ctx context.Context, l session.Ledger) ([]string, error) {
	var files []string
	for _, list := range []func(context.Context, session.Ledger) ([]string, error){filesNamedAfter, backupFiles, runLogs, reportFiles, registeredFiles} {
		more, err := list(ctx, l)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// filesNamedAfter returns the files beside the ledger that carry its name, such as
// the simulated partner's users.
func filesNamedAfter(ctx context.Context, l session.Ledger) (files []string, err error) {
	info, err := l.Info(ctx)
	if _, isFile := l.(*sqlite.Ledger); err != nil || !isFile {
		return nil, err
	}
	folder, base := filepath.Split(info.Path)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if rest, ok := strings.CutPrefix(e.Name(), base+"."); ok && rest != "lock" && rest != "emergency" {
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	return files, nil
}

// backupFiles returns backups, ledgers that were set aside, and what a killed command left.
func backupFiles(ctx context.Context, l session.Ledger) ([]string, error) {
	if file, ok := l.(*sqlite.Ledger); ok {
		return file.Copies(ctx)
	}
	return nil, nil
}

// runLogs returns the logs of the runs that the ledger knows. A log that is no
// longer where its run wrote it is listed as it was named then.
func runLogs(ctx context.Context, l session.Ledger) (files []string, err error) {
	for r, err := range l.Log(ctx) {
		if err != nil {
			return nil, err
		}
		for _, word := range term.SplitWords(r.Settings) {
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
	return files, nil
}

// printLeftovers names the files, and who else may hold them.
func printLeftovers(con *term.Console, files []string) {
	if len(files) > 0 {
		con.Sayf("These files may still contain these customers. Delete the files, or the customers in them:")
		for _, path := range files {
			con.Sayf("  %s", path)
		}
	}
	con.Sayf("Reports, backups and inputs in other places are not listed. The partner may still have these users: have them deleted there as well.")
}

// reportFiles returns the reports that runs have noted, with the older ones that
// were kept beside them and what a killed run left.
func reportFiles(ctx context.Context, l session.Ledger) (all []string, err error) {
	names, err := l.FactNames(ctx, outputs.ReportFactPrefix)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		all = append(all, withNumbered(strings.TrimPrefix(name, outputs.ReportFactPrefix))...)
	}
	return all, nil
}

// registeredFiles returns the files of the registered batches, and the rejected rows
// beside them.
func registeredFiles(ctx context.Context, l session.Ledger) (all []string, err error) {
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
