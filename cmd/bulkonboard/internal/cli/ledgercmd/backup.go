package ledgercmd

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

func newBackupCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	c := &cobra.Command{
		Use:   "backup [flags] FILE",
		Short: "write a whole copy, also beside a run; it holds every link",
		Args:  subcommand.OneArg("backup", "a FILE that does not exist yet"),
		RunE: withLedger(&f, func(ctx context.Context, l *sqlite.Ledger, args []string) error {
			if _, err := os.Lstat(args[0]); err == nil {
				return exit.UsageErrorf("%s exists already, and is not overwritten", args[0])
			}
			if err := l.Backup(ctx, args[0]); err != nil {
				return err
			}
			fmt.Fprintf(con.Err, "written: %s\n", term.Printable(args[0]))
			return nil
		}),
	}
	f.AddLedgerFlags(c.Flags())
	settings.AddConfigFlag(c)
	return c
}
