package ledgercmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

func newRestoreCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	c := &cobra.Command{
		Use:   "restore [flags] BACKUP [REPORT...]",
		Short: "put a copy of the ledger back, and take over what newer reports know",
		Long: `Puts BACKUP in the ledger's place. The ledger that is there now is kept under
another name, and BACKUP stays as it is. Then every REPORT of bulkonboard (.csv,
.xlsx, .json) is read, the newest first: the users, service ids and links that the
copy lacks are taken over.

The copy does not know what was sent after it was made. So the next run waits until
the partner has forgotten every idempotency key of that time, reads the partner's
list once, and calls no customer created in that time a duplicate. Those whom no report
knows are in_doubt (created_in_gap): decide each with ledger resolve, or all whose
names and times agree with run --gap ours.`,
		Example: `  bulkonboard ledger restore --env production --ledger prod.db prod-2024-05-06.db staff.report.csv`,
		Args:    subcommand.NeedArgs("a BACKUP", "bulkonboard ledger backup makes one; any whole copy of the ledger will do"),
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
	open := func(ctx context.Context) (*sqlite.Ledger, error) {
		l, kept, err := sqlite.Restore(ctx, opt, backup)
		if kept != "" {
			con.Sayf("the ledger that was there is kept as %s", kept)
		}
		if err == nil {
			con.Sayf("put back: %s", opt.Path)
		}
		return l, err
	}
	return withLogEntry(con, c, strings.Join(settings, ", "), open, func(ctx context.Context, l *sqlite.Ledger, e *logEntry) error {
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
