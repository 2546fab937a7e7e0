package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
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
	input   string
	run     string
	all     bool
	only    []string
	since   string
	noLinks bool
	reports []string
}

func newReportCommand(con *term.Console) *cobra.Command {
	var f reportOptions
	c := &cobra.Command{
		Use:   "report [flags]",
		Short: "write reports from the ledger, at any moment",
		Long: `Writes the report of the newest input, of another one, of a run, or of all customers,
also during a run. A report has verification links unless
--no-links is given: keep it as carefully as passwords.`,
		Args: subcommand.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runReport(c.Context(), con, c, &f) },
	}
	f.AddLedgerFlags(c)
	c.Flags().StringVar(&f.input, "input", "", "rows of the input `FILE`")
	c.Flags().StringVar(&f.run, "run", "", "rows of the input of run `ID`, or last")
	c.Flags().BoolVar(&f.all, "all", false, "every customer once")
	c.Flags().StringSliceVar(&f.only, "only", nil, "rows of these `STATUS,...` only")
	c.Flags().StringVar(&f.since, "since", "", "rows decided at or after `TIME` (RFC 3339, a date, or 24h)")
	c.Flags().BoolVar(&f.noLinks, "no-links", false, "leave out verification links")
	c.Flags().StringArrayVar(&f.reports, "report", nil, "report `FILE`: .csv .xlsx .html .json (repeatable)")
	return c
}

func runReport(ctx context.Context, con *term.Console, c *cobra.Command, f *reportOptions) (err error) {
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
		return exit.UsageErrorf("the ledger holds no input yet")
	}
	meta := report.Meta{Version: session.Version(), Environment: info.Environment, Ledger: info.Path, Asked: time.Now(), NoLinks: f.noLinks}
	if meta.Batches, err = f.chooseBatches(ctx, l, batches, &sel); err != nil {
		return err
	}
	if err := f.describeRun(ctx, l, info, &meta, sel); err != nil {
		return err
	}
	if len(meta.Batches) == 1 && sqlite.IsPruned(meta.Batches[0]) && !sel.All {
		if meta.Batches[0].Rows == 0 {
			return exit.NewUsageError(errors.New("the rows of that input are no longer kept"), "--all reports every customer once; --keep-runs keeps rows longer")
		}
		con.Sayf("warning: only some rows of that input are still kept; --all reports every customer once")
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
	written, err := o.Write(ctx, meta, func() report.Rows { return still.Rows(ctx, sel) })
	o.ReportKept(con)
	for _, path := range written {
		con.Sayf("written: %s", path)
	}
	return err
}

// describeRun fills in what the ledger knows of the run that the rows are of, or
// else of the newest of their input, and of the users.
func (f *reportOptions) describeRun(ctx context.Context, l *sqlite.Ledger, info ledger.Info, meta *report.Meta, sel ledger.Selection) (err error) {
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
	given := 0
	for _, is := range []bool{f.input != "", f.run != "", f.all} {
		if is {
			given++
		}
	}
	if given > 1 {
		return sel, exit.UsageErrorf("--input, --run and --all each choose the rows: give one of them")
	}
	for _, s := range f.only {
		st := ledger.Status(strings.TrimSpace(s))
		if !slices.Contains(ledger.Statuses(), st) {
			return sel, exit.NewUsageError(fmt.Errorf("--only: there is no status %q", s), "bulkonboard help statuses lists them")
		}
		sel.Only = append(sel.Only, st)
	}
	if f.run != "" && f.run != "last" {
		id, err := strconv.ParseInt(f.run, 10, 64)
		if err != nil || id < 1 {
			return sel, exit.NewUsageError(errors.New("--run takes the number of a run, or last"), "bulkonboard ledger log lists them")
		}
		sel.Run = id
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

// chooseBatches completes the selection by what is in the ledger, and returns the
// batches that its rows come from.
func (f *reportOptions) chooseBatches(ctx context.Context, l *sqlite.Ledger, batches []ledger.Batch, sel *ledger.Selection) ([]ledger.Batch, error) {
	switch {
	case sel.All:
		return batches, nil
	case f.input != "":
		i := slices.IndexFunc(batches, session.MatchesFile(f.input))
		if i < 0 {
			return nil, exit.NewUsageError(fmt.Errorf("no run has read %s as it is now", f.input), "bulkonboard ledger log lists the inputs")
		}
		sel.Batch = batches[i].ID
		return batches[i : i+1], nil
	case f.run == "last" || sel.Run != 0:
		for r, err := range l.Log(ctx) {
			if err != nil {
				return nil, err
			}
			if r.Batch == 0 || sel.Run != 0 && r.ID != sel.Run {
				continue
			}
			sel.Run = r.ID
			i := slices.IndexFunc(batches, func(b ledger.Batch) bool { return b.ID == r.Batch })
			if i < 0 {
				break
			}
			return batches[i : i+1], nil
		}
		return nil, exit.NewUsageError(errors.New("there is no such run with an input"), "bulkonboard ledger log lists them")
	}
	sel.Batch = batches[0].ID
	return batches[:1], nil
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
	return time.Time{}, exit.UsageErrorf("--since takes a time such as 2026-01-31T08:00:00Z, a date such as 2026-01-31, or a span such as 24h")
}
