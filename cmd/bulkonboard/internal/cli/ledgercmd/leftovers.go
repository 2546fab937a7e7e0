package ledgercmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// findLeftovers lists the files that can still hold what was erased from a ledger,
// as far as the ledger knows of them or they are beside it. It is the one list:
// whatever else comes to hold people is added here.
func findLeftovers(ctx context.Context, l *sqlite.Ledger) ([]string, error) {
	var files []string
	for _, list := range []func(context.Context, *sqlite.Ledger) ([]string, error){filesNamedAfter, backupFiles, runLogs, reportFiles, registeredFiles} {
		more, err := list(ctx, l)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// filesNamedAfter are the files beside the ledger that carry its name, such as
// the simulated partner's users.
func filesNamedAfter(ctx context.Context, l *sqlite.Ledger) (files []string, err error) {
	info, err := l.Info(ctx)
	if err != nil {
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

// backupFiles are backups, ledgers that were set aside, and what a killed command left.
func backupFiles(ctx context.Context, l *sqlite.Ledger) ([]string, error) { return l.Copies(ctx) }

// runLogs are the logs of the runs that the ledger knows. A log that is no
// longer where its run wrote it is listed as it was named then.
func runLogs(ctx context.Context, l *sqlite.Ledger) (files []string, err error) {
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
		fmt.Fprintln(con.Err, "These files may still hold them. Delete them, or what they hold of these people:")
		for _, path := range files {
			fmt.Fprintf(con.Err, "  %s\n", term.Printable(path))
		}
	}
	fmt.Fprintln(con.Err, "Reports, backups and inputs in other places are not listed. The partner may still have these users: have them deleted there, too.")
}
