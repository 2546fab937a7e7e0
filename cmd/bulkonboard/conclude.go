package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// afterSignal is how long reports may take after a signal.
const afterSignal = 5 * time.Second

// conclude ends a run: reports, the run's end in the ledger, and what people
// and scripts are told. The ledger holds every outcome already.
func (s *session) conclude(ctx context.Context, sum pipeline.Summary, failed error) error {
	if sum.Plan.Rows > 0 {
		s.tellPlan(sum.Plan)
	}
	code := exit.OK
	if failed != nil {
		code = exit.CodeOf(failed)
		if code == exit.Usage && sum.Sent > 0 {
			code = exit.Failure // 2 promises that nothing was sent
		}
		if exit.StopReasonOf(failed) == pipeline.MaxDuration && sum.New[ledger.InsufficientBalance] > 0 {
			code = exit.Wallet // it waited for the balance until its time was over
		}
	}
	rctx, cancel := lingering(ctx, afterSignal)
	defer cancel()
	written, attention, reportErr := s.report(rctx, sum, failed)
	switch {
	case reportErr == nil:
	case rctx.Err() != nil:
		s.Sayf("the report was not written, to end in time; when you want it: %s", s.reportCommand())
	default:
		s.Sayf("bulkonboard: %v", reportErr)
		s.Sayf("  the ledger is whole; the report again: %s", s.reportCommand())
		if code != exit.Interrupted && code != exit.Ledger {
			code = exit.Failure
		}
	}
	if code == exit.OK {
		code = standingCode(sum, attention)
	}
	code = s.Stop.ExitCode(code)
	if sum.Run != 0 && !(exit.StopReasonOf(failed) == pipeline.LedgerFault) {
		end := ledger.RunEnd{At: time.Now(), ExitCode: int(code), StopReason: string(exit.StopReasonOf(failed)), Sent: sum.Sent,
			Created: sum.New[ledger.Created], WalletFrom: sum.WalletFrom.String(), WalletTo: sum.WalletTo.String()}
		if err := s.store.Finish(context.WithoutCancel(ctx), sum.Run, end); err != nil {
			failed = errors.Join(failed, err)
			if code != exit.Interrupted && code != exit.Terminated && code != exit.Failure {
				code = exit.Ledger
			}
		}
	}
	if sum.Batch.ID != 0 && (code == exit.OK || code == exit.Findings) {
		if _, err := s.store.Prune(context.WithoutCancel(ctx), s.flags.KeepRuns.N); err != nil {
			failed, code = errors.Join(failed, err), exit.Ledger
		}
	}
	s.gauges.end(sum, code)
	s.logEnd(sum, failed, code)
	s.tellEnd(sum, failed, written, code)
	return s.summed(sum, failed, written, code)
}

// summed prints the JSON summary, if it was asked for, and makes an exit code an
// error.
func (s *session) summed(sum pipeline.Summary, failed error, written []string, code exit.Code) error {
	if s.flags.JSON {
		out := summaryOf(sum, failed)
		out.Environment, out.Ledger = report.Text(s.to.Environment), report.Text(s.to.Ledger)
		out.Reports, out.ExitCode = append(out.Reports, written...), int(code)
		if err := out.Encode(s.Out); err != nil {
			return err
		}
	}
	if code == exit.OK {
		return nil
	}
	return exit.NewReportedError(code)
}

// notBegun prints the JSON summary, if it was asked for, of what could not
// begin: input or ledger cannot be used.
func notBegun(con *term.Console, err error, asked bool, to settings.Target) error {
	if !asked {
		return err
	}
	now := time.Now()
	out := summaryOf(pipeline.Summary{Started: now, Finished: now}, err)
	code := con.Stop.ExitCode(exit.CodeOf(err))
	switch {
	case errors.As(err, new(*source.Error)):
		out.StopReason = report.Text(pipeline.InputFault)
	case code == exit.Refused || code == exit.Ledger:
		out.StopReason = report.Text(pipeline.LedgerFault)
	case code == exit.Interrupted || code == exit.Terminated:
		out.StopReason = report.Text(pipeline.Interrupted)
	}
	out.Environment, out.Ledger, out.ExitCode = report.Text(to.Environment), report.Text(to.Ledger), int(code)
	return errors.Join(err, out.Encode(con.Out))
}

// standingCode is the exit code of a run that went to its end.
func standingCode(sum pipeline.Summary, attention int) exit.Code {
	st := sum.Tally.Status
	switch {
	case st[ledger.InsufficientBalance] > 0:
		return exit.Wallet
	case st[ledger.Pending] > 0:
		return exit.Partner
	case attention > 0, sum.Batch.ID == 0 && sum.OthersDoubt > 0:
		return exit.Findings
	}
	return exit.OK
}

// lingering is a context that outlives ctx by a while.
func lingering(ctx context.Context, d time.Duration) (context.Context, func()) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	over := make(chan *time.Timer, 1)
	stop := context.AfterFunc(ctx, func() { over <- time.AfterFunc(d, cancel) })
	return out, func() {
		if !stop() {
			(<-over).Stop()
		}
		cancel()
	}
}

// report writes reports and rejects, and counts the rows that are new work for
// a person.
func (s *session) report(ctx context.Context, sum pipeline.Summary, failed error) (written []string, attention int, err error) {
	if s.in == nil || sum.Batch.ID == 0 {
		return nil, 0, nil
	}
	still, err := s.store.Snapshot(ctx) // reports agree, whatever webhooks come meanwhile
	if err != nil {
		return nil, 0, err
	}
	defer still.Close()
	counted := false
	perFile := make([]int, len(sum.Batch.Files))
	rows := func() report.Rows {
		all := still.Rows(ctx, ledger.Selection{Batch: sum.Batch.ID})
		if counted {
			return all
		}
		counted = true
		return func(yield func(ledger.Reported, error) bool) {
			for r, err := range all {
				if err == nil && outputs.NeedsReview(&r, s.flags.Strict) {
					attention++
				}
				if err == nil {
					perFile[r.File]++
					s.hosts.add(sum.Batch.Files[r.File].Name, &r)
				}
				if !yield(r, err) {
					return
				}
			}
		}
	}
	if err := s.store.Learn(ctx, pipeline.LearntLinksShown, "report", time.Now()); err != nil && exit.StopReasonOf(failed) != pipeline.LedgerFault {
		return nil, 0, err
	}
	meta := report.Meta{Version: version(), Environment: s.to.Environment, Ledger: s.to.Ledger, Run: sum.Run,
		Batches: []ledger.Batch{sum.Batch}, Started: sum.Started, Finished: sum.Finished,
		StopReason: string(exit.StopReasonOf(failed)), Money: moneyOf(sum)}
	if meta.KYC, err = s.store.HasKYC(ctx, sum.Batch.ID); err != nil {
		return nil, attention, err
	}
	if exit.StopReasonOf(failed) != pipeline.LedgerFault {
		s.outputs.Facts = s.store
	}
	written, err = s.outputs.Write(ctx, meta, rows)
	s.outputs.ReportKept(s.Console)
	if exit.StopReasonOf(failed) != pipeline.LedgerFault {
		err = errors.Join(err, s.hosts.remember(ctx, s.store))
	}
	for i := range perFile {
		if err == nil {
			sum.Batch.Files[i].Rows = perFile[i] // the slice is the summary's own
		}
	}
	if reason := exit.StopReasonOf(failed); reason == pipeline.InputFault {
		return written, attention, err // the input is not what it was: no third pass
	}
	if path := s.flags.Annotate; path != "" {
		note := outputs.NewAnnotation(s.in.Files()[0], s.flags.HeaderRow.N)
		note.Outcome, note.Rows = true, outputs.OutcomeRows(ctx, s.in, s.store, sum.Batch.ID)
		marked, failure := outputs.WriteAnnotated(s.Console, ctx, path, s.in, note)
		if failure == nil {
			written = append(written, marked)
		}
		err = errors.Join(err, failure)
	}
	st := sum.Tally.Status
	mend := st[ledger.Invalid] + st[ledger.Rejected] + sum.Tally.Code[outputs.RepeatsCause()]
	if mend == 0 {
		return written, attention, err
	}
	rejects, failure := s.outputs.WriteRejects(ctx, s.in, s.store, sum.Batch.ID, mend)
	return append(written, rejects...), attention, errors.Join(err, failure)
}

func (s *session) reportCommand() string {
	words := []string{"report", "--ledger", s.to.Ledger}
	if s.to.Environment == settings.Production || s.to.Environment == settings.Staging {
		words = append(words, "--env", s.to.Environment)
	}
	return s.CommandLine(words...)
}

// tellEnd prints what happened, what is left, where the report is, and the
// command that continues.
func (s *session) tellEnd(sum pipeline.Summary, failed error, written []string, code exit.Code) {
	if failed != nil {
		s.Sayf("bulkonboard: %v", failed)
		for _, hint := range exit.HintsOf(failed) {
			s.Sayf("  %s", hint)
		}
		if hint := s.unusedProxy(failed); hint != "" {
			s.Sayf("  %s", hint)
		}
	}
	if sum.Batch.ID != 0 {
		s.Sayf("%s: %s", term.Count(sum.Tally.Rows, "row"), countsText(sum.Tally.Status))
		for _, cause := range causeLines(sum.Tally, report.Advice) {
			s.Sayf("  %s", cause)
		}
		if n := sum.Tally.Changed; n > 0 {
			s.Sayf("  %s with other details than were sent; nothing was sent again (details_changed in the report)", term.Count(n, "row"))
		}
		done := fmt.Sprintf("this run: %s sent, %s created", term.Number(sum.Sent), term.Number(sum.New[ledger.Created]))
		if sum.AlreadyDone > 0 {
			done += fmt.Sprintf("; %s were done before", term.Number(sum.AlreadyDone))
		}
		if m := moneyOf(sum); m.Charged != "" && sum.New[ledger.Created] > 0 {
			done += strings.TrimRight(fmt.Sprintf("; charged about %s %s", m.Charged, m.Currency), " ")
		}
		s.Sayf("%s", done)
	}
	for _, line := range s.hosts.lines() {
		s.Sayf("%s", line)
		if s.flags.LogFlags.IsOn() { // else it would be shown twice
			s.log.Warn(strings.TrimPrefix(line, "warning: "))
		}
	}
	if sum.Unconfirmed > 0 {
		s.Sayf("%s", unconfirmedText(sum))
	}
	s.tellOthers(sum)
	if sum.Sent > 0 && sum.WalletFrom.Known() && sum.WalletTo.Known() {
		s.Sayf("wallet: %s before, %s after", strings.TrimSpace(sum.WalletFrom.String()+" "+sum.Currency), strings.TrimSpace(sum.WalletTo.String()+" "+sum.Currency))
	}
	if w := feeWarning(sum); w != "" {
		s.Sayf("%s", w)
	}
	for _, path := range written {
		s.Sayf("written: %s", path)
	}
	s.Sayf("%s (exit %d)", exit.LastLine(code), code)
	left := sum.Remaining
	if sum.Batch.ID == 0 {
		left = sum.Plan.Send + sum.Plan.InDoubt
	}
	if left > 0 || code != exit.OK && code != exit.Findings {
		if sum.Batch.ID != 0 || sum.Plan.Rows > 0 {
			s.Sayf("%s left", term.Count(left, "row"))
		}
		if exit.StopReasonOf(failed) == pipeline.MaxNew {
			// The same command would be refused again.
			s.Sayf("check that this is the right file; if it is, raise --max-new: %s %s new", term.Count(sum.Plan.New, "row"), term.IsOrAre(sum.Plan.New))
			return
		}
		s.Sayf("this command continues:")
		s.Sayf("  %s", s.ContinueCommand())
	}
}

// unconfirmedText says how many users the partner's list has not confirmed, and why.
func unconfirmedText(sum pipeline.Summary) string {
	text := fmt.Sprintf("%s not yet confirmed by the partner's list", term.Count(sum.Unconfirmed, "user"))
	if sum.ListError != "" {
		text += ": " + sum.ListError
	}
	return text + ". The next run asks again"
}

// tellOthers names the inputs that must be run again for what is left of them:
// those of rows in doubt, and without an input of our own also of rows unsent.
func (s *session) tellOthers(sum pipeline.Summary) {
	if sum.OthersDoubt > 0 {
		s.Sayf("%s in doubt through other inputs", term.Count(sum.OthersDoubt, "row"))
	}
	left := ledger.Query{Status: []ledger.Status{ledger.InDoubt}, NotBatch: sum.Batch.ID}
	if s.in == nil {
		left.Status = append(left.Status, ledger.Pending, ledger.InsufficientBalance)
	} else if sum.OthersDoubt == 0 {
		return
	}
	ctx := context.Background() // the last words; a signal has had its effect
	count := map[int64]int{}
	for c, err := range s.store.Customers(ctx, left) {
		if err != nil {
			s.Sayf("warning: the inputs to run again are not known: %v", err)
			return
		}
		count[c.LastBatch]++
	}
	batches, err := s.store.Batches(ctx)
	if err != nil {
		s.Sayf("warning: the inputs to run again are not known: %v", err)
		return
	}
	for _, b := range batches {
		if n := count[b.ID]; n > 0 {
			var names []string
			for _, f := range b.Files {
				names = append(names, f.Name)
			}
			s.Sayf("  %s of this input, which must be run again: %s", term.Count(n, "row"), s.QuoteWords(term.FileArguments(names)...))
		}
	}
}
