package ledgercmd

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

func newBackupCommand(con *term.Console) *cobra.Command {
	return withLedger(&cobra.Command{
		Use:   "backup [flags] FILE|-",
		Short: "write a complete copy of the ledger, also during a run",
		Long: `Writes a complete copy of the ledger, also during a run. It holds names, e-mails and
verification links: keep it as carefully as passwords. With - the copy goes to
standard output, for a program that encrypts or uploads it.

A ledger in PostgreSQL is backed up with the database: the command says how, and what
that means, and copies nothing (exit 2).`,
		Example: `  bulkonboard ledger backup --ledger prod.db prod-2026-01-31.db
  bulkonboard ledger backup --ledger prod.db - | age -r KEY > prod.db.age`,
		Args: subcommand.NeedArg("a FILE that does not exist yet, or -"),
	}, func(ctx context.Context, l session.Ledger, args []string) error {
		file, isFile := l.(*sqlite.Ledger)
		if !isFile {
			return errBackupOfServer(l)
		}
		if args[0] == subcommand.StandardOutput {
			return streamBackup(ctx, con, file)
		}
		return runBackup(ctx, con, file, args[0])
	})
}

// errBackupOfServer says how a ledger in PostgreSQL is backed up, and what that means.
func errBackupOfServer(l session.Ledger) error {
	hints := []string{"back up the database instead:"}
	if of, ok := l.(interface{ Schema() string }); ok {
		hints = append(hints,
			"pg_dump --format=custom --schema="+of.Schema()+" DATABASE writes one moment; what is sent later is not in it",
			"a base backup with a WAL archive (PITR) can go to any moment; what was not archived yet is lost",
			"after pg_restore, PITR or a failover that lost commits, run bulkonboard ledger adopt before anything is sent: then users created since are not called duplicates, but links may be lost",
			"ledger copy is no backup: it moves the ledger and closes this one")
	}
	return exit.NewUsageError(errors.New("ledger backup copies a ledger in a file, and this one is in PostgreSQL: no copy was made"), hints...)
}

func runBackup(ctx context.Context, con *term.Console, l *sqlite.Ledger, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return exit.UsageErrorf("%s already exists and is not overwritten", path)
	}
	if err := l.Backup(ctx, path); err != nil {
		return err
	}
	con.Sayf("written: %s", path)
	return nil
}

// streamBackup writes the copy to standard output, by way of a private directory.
func streamBackup(ctx context.Context, con *term.Console, l *sqlite.Ledger) (err error) {
	if con.Out.IsTerminal() {
		return exit.NewUsageError(errors.New("a backup cannot be shown on a terminal"), "name a FILE, or redirect standard output")
	}
	dir, err := os.MkdirTemp("", "bulkonboard-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "backup.db")
	if err := l.Backup(ctx, path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(con.Out.DataWriter(), f)
	return errors.Join(err, f.Close())
}
