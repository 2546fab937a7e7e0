package ledgercmd

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
)

func newExportCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	noLinks := false
	c := &cobra.Command{
		Use:   "export [flags] FILE|-",
		Short: "write everything but secrets as JSON lines, also during a run",
		Long: `Writes everything in the ledger, one JSON object on each line, each with its "type":
ledger, fact, run, input, row, customer, plan. The ledger's hashes and their secrets are left
out. The export holds names, e-mails and verification links: keep it as carefully as
passwords. Each export is recorded in the log.`,
		Args: subcommand.NeedArg("a FILE that does not exist yet, or -"),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		opt, err := ledgerOptions(c, &f)
		if err != nil {
			return err
		}
		opt.Concurrent = true
		err = withLogEntry(con, c, settings.DescribeSettings(c), openWith(&f, opt), func(ctx context.Context, l session.Ledger, _ *logEntry) error {
			return runExport(ctx, con, l, args[0], noLinks)
		})
		if !errors.Is(err, ledger.ErrMoved) {
			return err
		}
		return session.ReadLedger(c, &f, func(ctx context.Context, l session.Ledger, _ ledger.Info) error {
			session.ReportNotices(con, l) // it is closed for writing, and so is its log
			return runExport(ctx, con, l, args[0], noLinks)
		})
	}
	f.AddLedgerFlags(c)
	c.Flags().BoolVar(&noLinks, "no-links", false, "leave out verification links, and answers that may contain one")
	return c
}

func runExport(ctx context.Context, con *term.Console, l session.Ledger, path string, noLinks bool) (err error) {
	w, err := subcommand.OpenOutput(con, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	e := &exporter{to: json.NewEncoder(w), noLinks: noLinks}
	e.to.SetEscapeHTML(false)
	if err := l.Walk(ctx, e); err != nil {
		return err
	}
	saved, err := l.Plans(ctx)
	if err != nil {
		return err
	}
	for _, p := range saved {
		if err := e.plan(p); err != nil {
			return err
		}
	}
	if path != subcommand.StandardOutput {
		con.Sayf("written: %s, %s lines", path, term.Number(e.lines))
	}
	return nil
}
