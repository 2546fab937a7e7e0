package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

type reportOptions struct {
	settings.TargetFlags
	inputSelection
	all     bool
	only    []string
	since   string
	noLinks bool
	format  settings.Choice // of standard output
	reports []string
}

func newReportCommand(con *term.Console) *cobra.Command {
	f := reportOptions{format: settings.Choice{Words: []string{string(report.CSV), string(report.XLSX), string(report.HTML), string(report.JSON)}}}
	c := &cobra.Command{
		Use:   "report [flags] [FILE...|-]",
		Short: "write reports from the ledger, at any time",
		Long: `Writes the report of the newest input, of another one, of a run, or of all
customers, also during a run. FILE ends in .csv, .xlsx, .html or .json; without one
the report is written next to the input, and with - to standard output.

A report has verification links unless you give --no-links: keep it as carefully as
passwords.`,
		Example: `  bulkonboard report staff.xlsx
  bulkonboard report --run last --only rejected,invalid -`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			f.reports = append(f.reports, args...)
			return runReport(c.Context(), con, c, &f)
		},
	}
	f.AddLedgerFlags(c)
	f.AddLinkLifeFlag(c.Flags())
	f.addFlags(c, "report")
	c.Flags().BoolVar(&f.all, "all", false, "report every customer once")
	c.Flags().StringSliceVar(&f.only, "only", nil, "report only rows with these `STATUS,...`")
	c.Flags().StringVar(&f.since, "since", "", "report only rows decided at or after `TIME` (RFC 3339, a date, or an age such as 24h)")
	c.Flags().BoolVar(&f.noLinks, "no-links", false, "leave out verification links")
	c.Flags().Var(&f.format, "format", "format of standard output (default csv)")
	c.Flags().StringArrayVar(&f.reports, "report", nil, "write to `FILE` (repeatable)")
	settings.HideOldOutput(c.Flags(), "report")
	return c
}

func runReport(ctx context.Context, con *term.Console, c *cobra.Command, f *reportOptions) (err error) {
	toStdout := slices.Contains(f.reports, subcommand.StandardOutput)
	switch {
	case toStdout && len(f.reports) > 1:
		return exit.UsageErrorf("- is standard output and cannot be combined with files")
	case !toStdout && f.format.Value != "":
		return exit.UsageErrorf("--format is for standard output; the name of a file says its format")
	case f.format.Value == string(report.XLSX) && con.Out.IsTerminal():
		return exit.NewUsageError(errors.New("a workbook cannot be shown on a terminal"), "name a FILE, or redirect standard output")
	}
	sel, err := f.parseSelection(time.Now())
	if err != nil {
		return err
	}
	l, info, err := session.OpenToRead(ctx, c, &f.TargetFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	batches, err := session.Inputs(ctx, l)
	if err != nil {
		return err
	}
	if len(batches) == 0 {
		return errNoInput()
	}
	meta := report.Meta{Version: session.Version(), Environment: info.Environment, Ledger: info.Path, Asked: time.Now(), NoLinks: f.noLinks}
	if meta.Batches, err = f.chooseBatches(ctx, l, batches, &sel); err != nil {
		return err
	}
	if err := f.describeRun(ctx, l, info, &meta, sel); err != nil {
		return err
	}
	life, err := session.ReadLinkLife(ctx, l, f.LinkLife)
	if err != nil {
		return err
	}
	meta.LinkLife, meta.LinkAges = life.ForReport(), session.ShowsLinkAges(meta.Batches, meta.Asked)
	if len(meta.Batches) == 1 && sqlite.IsPruned(meta.Batches[0]) && !sel.All {
		if meta.Batches[0].Rows == 0 {
			return exit.NewUsageError(errors.New("the ledger no longer has the rows of that input"), "--all reports every customer once; run --keep-runs keeps rows longer")
		}
		con.Sayf("warning: the ledger has only some rows of that input; --all reports every customer once")
	}
	if toStdout {
		return f.stream(ctx, con, l, meta, sel)
	}
	names := f.reports
	if len(names) == 0 {
		first := "-"
		if len(meta.Batches) == 1 && len(meta.Batches[0].Files) > 0 {
			first = meta.Batches[0].Files[0].Name
		}
		names = []string{outputs.DefaultReport(first, info.Environment)}
	}
	o, err := outputs.New(names, "", nil, info.Environment, info.Path)
	if err != nil {
		return err
	}
	for _, b := range batches {
		for _, file := range b.Files {
			if file.Name != "-" {
				o.Output.Inputs = append(o.Output.Inputs, file.Name)
			}
		}
	}
	if err := o.Probe(); err != nil {
		return err
	}
	if !f.noLinks {
		session.NoteLinksShown(ctx, con, info, "report")
	}
	o.Facts = outputs.ReadOnlyFacts(l)
	still, err := l.Snapshot(ctx) // reports of one command agree, whatever a run does meanwhile
	if err != nil {
		return err
	}
	defer still.Close()
	written, err := o.Write(ctx, meta, func() report.Rows { return selectRows(ctx, l, still, meta, sel) })
	o.ReportKept(con)
	for _, path := range written {
		con.Sayf("written: %s", path)
	}
	return err
}

// stream writes one report to standard output.
func (f *reportOptions) stream(ctx context.Context, con *term.Console, l session.Ledger, meta report.Meta, sel ledger.Selection) (err error) {
	if !f.noLinks {
		session.NoteLinksShown(ctx, con, ledger.Info{Path: meta.Ledger, Environment: meta.Environment}, "report")
	}
	still, err := l.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer still.Close()
	scratch, err := session.MakeScratch(ctx)
	if err != nil {
		return err
	}
	kind := report.Kind(cmp.Or(f.format.Value, string(report.CSV)))
	err = report.Stream(ctx, con.Out.DataWriter(), kind, scratch, meta, selectRows(ctx, l, still, meta, sel))
	return errors.Join(err, os.RemoveAll(scratch))
}

// selectRows returns the selected rows; those of one input say what became of them in
// its rejects file.
func selectRows(ctx context.Context, l session.Ledger, still *sqlite.Snapshot, meta report.Meta, sel ledger.Selection) report.Rows {
	if len(meta.Batches) != 1 || sel.All {
		return still.Rows(ctx, sel)
	}
	return outputs.FollowCorrections(ctx, l, still, meta.Batches[0], sel)
}

// describeRun fills in what the ledger knows of the run that the rows are of, or
// else of the newest of their input, and of the users.
func (f *reportOptions) describeRun(ctx context.Context, l session.Ledger, info ledger.Info, meta *report.Meta, sel ledger.Selection) (err error) {
	meta.Run = sel.Run
	if sel.All || len(meta.Batches) != 1 {
		meta.KYC, err = l.HasKYC(ctx, 0)
		return err
	}
	if meta.KYC, err = l.HasKYC(ctx, meta.Batches[0].ID); err != nil {
		return err
	}
	s := statusReport{info: info, batch: meta.Batches[0]}
	if err := s.readRuns(ctx, l, sel.Run); err != nil {
		return err
	}
	if err := s.findFee(ctx, l); err != nil {
		return err
	}
	meta.Run, meta.Started = s.lastOfBatch.ID, s.lastOfBatch.Started
	meta.Decided = settings.DecidedIn(s.lastOfBatch.Settings)
	meta.Money.Fee, meta.Money.Currency = report.Amount(s.fee.String()), report.Text(s.unit)
	if e := s.lastOfBatch.End; e != nil {
		meta.Finished, meta.StopReason = e.At, e.StopReason
		meta.Money.WalletBefore, meta.Money.WalletAfter = report.Amount(e.WalletFrom), report.Amount(e.WalletTo)
	}
	return nil
}

// parseSelection reads the flags that choose rows.
func (f *reportOptions) parseSelection(now time.Time) (ledger.Selection, error) {
	sel := ledger.Selection{All: f.all}
	if f.all && (f.input != "" || f.run != "") {
		return sel, exit.UsageErrorf("--input, --run and --all each choose the rows: use only one of them")
	}
	var err error
	if sel.Run, err = f.runID(); err != nil {
		return sel, err
	}
	for _, s := range f.only {
		st := ledger.Status(strings.TrimSpace(s))
		if !slices.Contains(ledger.Statuses(), st) {
			return sel, exit.NewUsageError(fmt.Errorf("--only: unknown status %q", s), "bulkonboard help statuses lists the statuses")
		}
		sel.Only = append(sel.Only, st)
	}
	if f.since != "" {
		at, err := readTime(f.since, now)
		if err != nil {
			return sel, err
		}
		sel.Since = at
	}
	return sel, nil
}

func readTime(text string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, exit.UsageErrorf("--since: write a time such as 2026-01-31T08:00:00Z, a date such as 2026-01-31, or an age such as 24h")
}
