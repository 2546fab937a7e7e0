package kyccmd

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
)

func newImportCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	var partnerID string
	c := &cobra.Command{
		Use:   "import [flags] FILE|-",
		Short: "record webhook events that an endpoint of your own has saved, or pipes in",
		Long: `Reads webhook events that your own endpoint received and verified: one JSON object
after another, or an array. Order and repeats do not matter. No API key is needed.`,
		Args: subcommand.NeedArg("a FILE of webhook events, or -"),
		RunE: func(c *cobra.Command, args []string) error { return runImport(con, c, &f, partnerID, args[0]) },
	}
	f.AddLedgerFlags(c)
	addPartnerIDFlag(c.Flags(), &partnerID)
	return c
}

func runImport(con *term.Console, c *cobra.Command, f *settings.TargetFlags, partnerID, path string) (err error) {
	ctx, in := c.Context(), con.In
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return exit.UsageErrorf("%s: %w", path, term.PlainError(err))
		}
		defer file.Close()
		in = file
	}
	l, err := openShared(ctx, con, c, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return l.WithRecord(ctx, session.NewRunRecord(settings.CommandName(c)), func(ctx context.Context) error {
		partnerID, err := partnerIDOf(ctx, l, partnerID)
		if err != nil {
			return err
		}
		skipped := skippedEvents{}
		out, err := kyc.Import(ctx, kyc.ImportConfig{Ledger: l, PartnerID: partnerID, Skipped: func(name string, why error) { skipped.add(name, why) }}, in)
		fmt.Fprintf(con.Err, "%s of identity checks, %s of them new; %s of other kinds; %s unreadable\n",
			term.Count(out.Events, "event"), term.Number(out.News), term.Number(out.Others), term.Number(out.Bad))
		skipped.report(con.Err)
		if errors.Is(err, kyc.ErrMalformed) {
			return exit.UsageErrorf("%s: %w", term.FileLabel(path), err)
		}
		if err == nil && out.Bad > 0 {
			return exit.NewReportedError(exit.Findings)
		}
		return err
	})
}
