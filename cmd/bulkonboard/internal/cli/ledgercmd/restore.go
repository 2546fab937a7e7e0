package ledgercmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

func newRestoreCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	c := &cobra.Command{
		Use:   "restore [flags] BACKUP [REPORT...]",
		Short: "restore the ledger from a backup, and import what newer reports know",
		Long: `Replaces the ledger by BACKUP. The current ledger is kept under another name, and
BACKUP does not change. Then every REPORT of bulkonboard (.csv, .xlsx, .json) is read,
the newest first: the users, serviceIds and links that the backup lacks are imported.

The backup does not know what was sent after it was made. So the next run waits until
the partner has forgotten every idempotency key of that time, reads the partner's
user list once, and reports no customer created in that time as a duplicate. Customers
whom no report shows are in_doubt (created_in_gap): decide each with ledger resolve, or
all whose names and times match with run --gap ours.`,
		Example: `  bulkonboard ledger restore --env production --ledger prod.db prod-2024-05-06.db staff.report.csv`,
		Args:    subcommand.NeedArgs("a BACKUP", "bulkonboard ledger backup makes one; any complete copy of the ledger will do"),
	}
	c.RunE = func(c *cobra.Command, args []string) error { return runRestore(con, c, &f, args[0], args[1:]) }
	f.AddLedgerFlags(c)
	return c
}

func runRestore(con *term.Console, c *cobra.Command, f *settings.TargetFlags, backup string, reports []string) error {
	opt, err := ledgerOptions(c, f)
	if err != nil {
		return err
	}
	if err := session.RequireFile(opt.Path, "ledger restore", "restore the schema with pg_restore, or the server with its point-in-time recovery"); err != nil {
		return err
	}
	// A mistake in a report must cost nothing: all are read before anything is moved.
	var all []*importer
	settings := []string{backup}
	for _, path := range reports {
		im := &importer{path: path, environment: opt.Environment, onlyReport: true}
		if err := im.checkFile(c.Context()); err != nil {
			return err
		}
		all = append(all, im)
		settings = append(settings, path+" sha256 "+im.sum)
	}
	open := func(ctx context.Context) (session.Ledger, error) {
		l, kept, err := sqlite.Restore(ctx, opt.InFile(), backup)
		if kept != "" {
			con.Sayf("the previous ledger is kept as %s", kept)
		}
		if err == nil {
			con.Sayf("restored: %s", opt.Path)
		}
		return l, err
	}
	return withLogEntry(con, c, strings.Join(settings, ", "), open, func(ctx context.Context, l session.Ledger, e *logEntry) error {
		for _, im := range all {
			if err := im.importInto(ctx, l, e); err != nil {
				return err
			}
			fmt.Fprintf(con.Err, "%s: ", term.Printable(im.path))
			im.report(con)
		}
		return nil
	})
}
