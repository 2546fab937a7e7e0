package session

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// Preview shows what run would do. Nothing is sent or kept.
func Preview(con *term.Console, c *cobra.Command, f *settings.RunFlags, args []string) (err error) {
	ctx := c.Context()
	s, err := newSession(con, c, f, args)
	if err != nil {
		return err
	}
	defer func() { err = s.closeAfter(err) }()
	started := time.Now()
	if err := s.open(ctx, args); err != nil {
		return s.refused(err)
	}
	plan, failed := pipeline.Preview(ctx, s.config(nil))
	if plan.Rows > 0 {
		s.reportPlan(plan)
	}
	code := exit.CodeOf(failed)
	if failed == nil && plan.Tally.Status[ledger.Invalid]+plan.Tally.Code[outputs.RepeatsCause()] > 0 {
		code = exit.Findings
	}
	if failed != nil {
		s.Sayf("bulkonboard: %v", failed)
	} else {
		s.Sayf("nothing was sent; this command does it:")
		s.Sayf("  %s", s.CommandLine(replacePlanByRun(s.Args)...))
	}
	s.logEnd(pipeline.Summary{Tally: plan.Tally}, failed, code)
	if s.flags.JSON {
		out := summaryOf(pipeline.Summary{Plan: plan, Currency: plan.Currency, Fee: plan.Fee, WalletFrom: plan.Wallet, Started: started, Finished: time.Now()}, failed)
		out.Money.Charged = ""
		out.Environment, out.Ledger, out.ExitCode = report.Text(s.to.Environment), report.Text(s.to.Ledger), int(code)
		left := plan.Send + plan.InDoubt
		out.Remaining = &left
		if err := out.Encode(s.Out); err != nil {
			return err
		}
	}
	if code == exit.OK {
		return nil
	}
	return exit.NewReportedError(code)
}

// replacePlanByRun is the command line with run in the place of plan.
func replacePlanByRun(args []string) []string {
	out := append([]string{}, args...)
	for i, a := range out {
		if a == "plan" {
			out[i] = "run"
			break
		}
	}
	return out
}
