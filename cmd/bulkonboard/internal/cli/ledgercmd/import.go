package ledgercmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func newImportCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	create := false
	c := &cobra.Command{
		Use:   "import [flags] FILE",
		Short: "import customers who are already onboarded, so that they are not sent again",
		Long: `Reads a report of bulkonboard (.csv, .xlsx, .json), or a CSV file of another program
with the columns email, serviceId and verificationUrl. Customers who are new to the
ledger become created (with serviceId and link), link_missing (with serviceId only) or
duplicate (with neither). What the ledger knows better does not change. Rows of a
report with any other status are skipped.`,
		Args: subcommand.NeedArg("a FILE: a report, or a CSV with email, serviceId and verificationUrl"),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		opt, err := ledgerOptions(c, &f)
		if err != nil {
			return err
		}
		// The file is read in full before anything is written.
		im := &importer{path: args[0], environment: opt.Environment}
		if err := im.checkFile(c.Context()); err != nil {
			return err
		}
		opt.Create = create || opt.Environment != settings.Production
		err = withLogEntry(con, c, args[0]+" sha256 "+im.sum, openWith(&f, opt), func(ctx context.Context, l session.Ledger, e *logEntry) error { return im.importInto(ctx, l, e) })
		if err == nil {
			im.report(con)
		}
		return err
	}
	f.AddLedgerFlags(c)
	c.Flags().BoolVar(&create, "new-ledger", false, "create the production ledger if it is missing")
	return c
}
