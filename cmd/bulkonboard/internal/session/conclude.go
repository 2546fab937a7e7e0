package session

import (
	"context"
	"errors"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// SignalGrace is how long reports may take after a signal.
const SignalGrace = 5 * time.Second

// conclude ends a run: reports, the run's end in the ledger, and what operators
// and scripts read. The ledger holds every outcome already.
func (s *session) conclude(ctx context.Context, sum pipeline.Summary, failed error) error {
	if sum.Plan.Rows > 0 {
		s.reportPlan(ctx, sum.Plan)
	}
	code := exit.OK
	if failed != nil {
		code = exit.CodeOf(failed)
		if code == exit.Usage && sum.Sent > 0 {
			code = exit.Failure // 2 promises that nothing was sent
		}
		if code == exit.CodeOf(failed) && (sum.NoFunds || sum.New[ledger.InsufficientBalance] > 0) {
			code = exit.First(code, exit.Wallet) // such as --max-duration while it waited for the balance
		}
	}
	rctx, cancel := withGrace(ctx, SignalGrace)
	defer cancel()
	written, attention, reportErr := s.report(rctx, sum, failed)
	switch {
	case reportErr == nil:
	case rctx.Err() != nil:
		s.Sayf("the report was not written, to end in time; when you want it: %s", s.reportCommand())
	case exit.CodeOf(reportErr) == exit.Ledger:
		s.Sayf("bulkonboard: the report was not written: %v", reportErr)
		s.Sayf("  when the ledger can be read again: %s", s.reportCommand())
		code = exit.First(code, exit.Ledger)
	default:
		s.Sayf("bulkonboard: %v", reportErr)
		s.Sayf("  the ledger is whole; the report again: %s", s.reportCommand())
		if code != exit.Ledger { // 1 promises that the ledger is intact
			code = exit.First(code, exit.Failure)
		}
	}
	if code == exit.OK {
		code = finishedCode(sum, attention)
	}
	code = s.Stop.ExitCode(code)
	if sum.Run != 0 && exit.StopReasonOf(failed) != pipeline.LedgerFault {
		end := ledger.RunEnd{At: time.Now(), ExitCode: int(code), StopReason: string(exit.StopReasonOf(failed)), Sent: sum.Sent,
			Created: sum.New[ledger.Created], WalletFrom: sum.WalletFrom.String(), WalletTo: sum.WalletTo.String()}
		if err := s.store.Finish(context.WithoutCancel(ctx), sum.Run, end); err != nil {
			failed = errors.Join(failed, err)
			code = exit.First(code, exit.Ledger)
		}
	}
	if sum.Batch.ID != 0 && (code == exit.OK || code == exit.Findings) && !mayShare(s) { // senders of a shared ledger may not delete from it
		if _, err := s.store.Prune(context.WithoutCancel(ctx), s.flags.KeepRuns.N); err != nil {
			failed, code = errors.Join(failed, err), exit.Ledger
		}
	}
	s.gauges.writeEnd(sum, code)
	s.logEnd(sum, failed, code)
	(&runResult{s, sum, failed, code, written}).print(context.WithoutCancel(ctx)) // a signal has had its effect
	return s.finish(summaryOf(sum, failed), written, code, failed)
}

// finish prints the JSON summary, if it was asked for, and makes an exit code an
// error. failed is what stopped the command; nil if nothing did.
func (s *session) finish(out report.Summary, written []string, code exit.Code, failed error) error {
	if s.carried != nil {
		out.Plan = report.Text(s.carried.Plan.ID)
	}
	out.Environment, out.Ledger = report.Text(s.to.Environment), report.Text(s.to.Ledger)
	out.Reports, out.ExitCode = append(out.Reports, written...), int(code)
	s.alerts.SetSummary(out)
	s.guest.Ended(out, failed)
	if s.flags.JSON {
		if err := out.Encode(s.Out); err != nil {
			return err
		}
	}
	return exit.NewReportedError(code)
}

// ReportNotBegun prints the JSON summary, if it was asked for, of what could not
// begin: input or ledger cannot be used.
func ReportNotBegun(con *term.Console, err error, asked bool, to settings.Target) error {
	if !asked {
		return err
	}
	return errors.Join(err, notBegunSummary(con, err, to).Encode(con.Out))
}

// notBegunSummary returns the summary of what could not begin.
func notBegunSummary(con *term.Console, err error, to settings.Target) report.Summary {
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
	return out
}

// finishedCode returns the exit code of a run that went to its end.
func finishedCode(sum pipeline.Summary, attention int) exit.Code {
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

// withGrace returns a context that ends some time after ctx. The function that
// it returns must be called.
func withGrace(ctx context.Context, d time.Duration) (context.Context, func()) {
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
