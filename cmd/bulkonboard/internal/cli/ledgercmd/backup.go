package ledgercmd

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

func newBackupCommand(con *term.Console) *cobra.Command {
	return withLedger(&cobra.Command{
		Use:   "backup [flags] FILE",
		Short: "write a whole copy, also during a run; it holds every link",
		Args:  subcommand.NeedArg("a FILE that does not exist yet"),
	}, func(ctx context.Context, l *sqlite.Ledger, args []string) error {
		return runBackup(ctx, con, l, args[0])
	})
}

func runBackup(ctx context.Context, con *term.Console, l *sqlite.Ledger, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return exit.UsageErrorf("%s exists already, and is not overwritten", path)
	}
	if err := l.Backup(ctx, path); err != nil {
		return err
	}
	con.Sayf("written: %s", path)
	return nil
}
