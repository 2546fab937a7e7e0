package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// readerFlags choose a ledger to read beside a run.
type readerFlags struct{ targetFlags }

func (r *readerFlags) flags(f *cobra.Command) { r.placeFlags(f.Flags()) }

// open opens the ledger to be read. With --ledger alone it may be of any environment.
func (r *readerFlags) open(ctx context.Context, c *cobra.Command) (*sqlite.Ledger, ledger.Info, error) {
	to, err := r.resolve(levels(c))
	if err != nil {
		return nil, ledger.Info{}, err
	}
	level := levels(c)
	environment := to.environment
	if r.ledger != "" && level("env")+level("sandbox")+level("base-url") == 0 {
		environment = ""
	}
	l, err := sqlite.Open(ctx, sqlite.Options{Path: to.ledger, Environment: environment, ReadOnly: true, Command: c.Name()})
	if err != nil {
		return nil, ledger.Info{}, err
	}
	info, err := l.Info(ctx)
	if err != nil {
		return nil, info, errors.Join(err, l.Close())
	}
	info.Path = to.ledger
	return l, info, nil
}

func (a *app) statusCommand() *cobra.Command {
	var f readerFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "status [flags]",
		Short: "how far, what failed and why, what it cost, when it ends, what to do next",
		Long:  "Reads the ledger, also beside a run that is sending, and says how the newest input stands.",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.runStatus(c.Context(), c, &f, asJSON)
		},
	}
	f.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON summary on standard output")
	configFlag(c)
	return c
}

func (a *app) runStatus(ctx context.Context, c *cobra.Command, f *readerFlags, asJSON bool) (err error) {
	l, info, err := f.open(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	newest, err := newestRun(ctx, l)
	if err != nil {
		return err
	}
	batches, err := l.Batches(ctx)
	if err != nil {
		return err
	}
	w := a.err
	fmt.Fprintf(w, "%s, ledger %s\n", info.Environment, info.Path)
	if len(batches) == 0 {
		fmt.Fprintln(w, "no input has been registered yet")
		if asJSON {
			return report.Summary{Environment: report.Text(info.Environment), Ledger: report.Text(info.Path), Input: []report.InputFile{}, Problems: []report.Cause{}, Reports: []string{}}.Encode(a.out)
		}
		return nil
	}
	b := batches[0]
	tally, err := l.Tally(ctx, ledger.Selection{Batch: b.ID})
	if err != nil {
		return err
	}
	left := tally.Status[ledger.Pending] + tally.Status[ledger.InsufficientBalance] + tally.Status[ledger.InDoubt]
	for _, file := range b.Files {
		fmt.Fprintf(w, "input: %s, %s\n", printable(displayFile(file.Name)), rowsText(file.Rows))
	}
	fmt.Fprintf(w, "%s\n", countsText(tally.Status))
	for _, line := range causeLines(tally, report.Advice) {
		fmt.Fprintf(w, "  %s\n", line)
	}
	if err := a.tellFunnel(ctx, l, b.ID); err != nil {
		return err
	}
	tellRun(w, newest, left)
	if !asJSON {
		return nil
	}
	known, changed := tally.Known, tally.Changed
	out := report.Summary{Environment: report.Text(info.Environment), Ledger: report.Text(info.Path),
		Input: report.Inputs([]ledger.Batch{b}), Rows: &tally.Rows, Counts: report.Counts(tally.Status), Problems: causesOf(tally),
		Known: &known, Changed: &changed, Remaining: &left, Reports: []string{}}
	if newest.ID != 0 {
		out.Run, out.StartedAt = &newest.ID, report.Moment{Time: newest.Started}
		if e := newest.End; e != nil {
			out.FinishedAt, out.StopReason, out.Sent = report.Moment{Time: e.At}, report.Text(e.StopReason), &e.Sent
			out.Money = report.Money{WalletBefore: report.Amount(e.WalletFrom), WalletAfter: report.Amount(e.WalletTo)}
			out.ExitCode = e.ExitCode
		}
	}
	return out.Encode(a.out)
}

// newestRun is the newest run that sends; zero if there was none.
func newestRun(ctx context.Context, l *sqlite.Ledger) (ledger.Run, error) {
	for r, err := range l.Log(ctx) {
		if err != nil {
			return ledger.Run{}, err
		}
		if r.Command == "run" {
			return r, nil
		}
	}
	return ledger.Run{}, nil
}

// tellRun says how the newest run stands, and what to do next.
func tellRun(w *stream, r ledger.Run, left int) {
	switch {
	case r.ID == 0:
	case r.End == nil:
		fmt.Fprintf(w, "run %d: under way or killed, since %s\n", r.ID, localTime(r.Started))
	default:
		fmt.Fprintf(w, "run %d: ended %s with exit %d: %s; %s sent, %s created\n", r.ID, localTime(r.End.At), r.End.ExitCode,
			lastLine(exitCode(r.End.ExitCode)), number(r.End.Sent), number(r.End.Created))
		if r.End.WalletFrom != "" {
			fmt.Fprintf(w, "wallet: %s before it, %s after\n", r.End.WalletFrom, r.End.WalletTo)
		}
	}
	if left > 0 {
		fmt.Fprintf(w, "%s left: run the same input again\n", rowsText(left))
	}
}

func localTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
