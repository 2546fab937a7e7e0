package session

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// Preview shows what run would do. Nothing is sent or kept.
func Preview(con *term.Console, c *cobra.Command, f *settings.RunFlags, args []string) (err error) {
	ctx := c.Context()
	s, err := newSession(con, c, f, args)
	if err != nil {
		return ReportNotBegun(con, err, f.JSON, settings.TargetOf(c))
	}
	defer func() { err = s.closeAfter(err) }()
	started := time.Now()
	if err := s.open(ctx, args); err != nil {
		return s.reportRefusal(err)
	}
	plan, failed := pipeline.Preview(ctx, s.config(nil))
	if plan.Rows > 0 {
		s.reportPlan(plan)
	}
	code := s.Stop.ExitCode(plannedCode(plan, failed))
	s.reportFailure(failed)
	s.show(s.planNext(plan, code, failed))
	s.logEnd(pipeline.Summary{Tally: plan.Tally}, failed, code)
	out := summaryOf(pipeline.Summary{Plan: plan, Currency: plan.Currency, Fee: plan.Fee, WalletFrom: plan.Wallet, Started: started, Finished: time.Now()}, failed)
	out.Money.Charged = ""
	left := plan.Send + plan.InDoubt
	out.Remaining = &left
	return s.finish(out, nil, code)
}

// planNext returns what to do after a plan.
func (s *session) planNext(plan pipeline.Plan, code exit.Code, failed error) *term.Page {
	p := &term.Page{}
	part := p.Next()
	if failed != nil {
		AddExit(part, code)
		return p
	}
	if plan.Send+plan.InDoubt == 0 {
		part.Text(fmt.Sprintf("There is nothing to send (exit %d).", code))
		return p
	}
	switch code {
	case exit.Wallet:
		part.Styled(term.Bad, fmt.Sprintf("Nothing was sent. The wallet does not cover every row (exit %d).", code))
		part.Text("Top it up, or send what it covers. To send:")
	case exit.Partner:
		part.Styled(term.Bad, fmt.Sprintf("Nothing was sent. The partner did not say what the wallet holds (exit %d).", code))
		part.Text("Try again later. To send:")
	case exit.Findings:
		part.Styled(term.Attention, fmt.Sprintf("Nothing was sent. Some rows need a correction (exit %d).", code))
		part.Text("To send the others:")
	default:
		part.Styled(term.Good, fmt.Sprintf("Nothing was sent (exit %d).", code))
		part.Text("To send:")
	}
	part.Command(s.CommandLine(replacePlanByRun(s.Args)...))
	return p
}

// plannedCode returns the exit code of a plan: what run would stop at, or what
// needs a review.
func plannedCode(plan pipeline.Plan, failed error) exit.Code {
	code := exit.CodeOf(failed)
	if plan.Wallet.Known() && plan.Covered >= 0 && plan.Covered < plan.Send {
		code = exit.First(code, exit.Wallet)
	}
	if plan.Send > 0 && plan.WalletError != "" {
		code = exit.First(code, exit.Partner) // run would go on without the balance, or wait for the partner
	}
	if plan.Tally.Status[ledger.Invalid]+plan.Tally.Code[outputs.RepeatsCause()] > 0 {
		code = exit.First(code, exit.Findings)
	}
	return code
}

// replacePlanByRun returns a command line with run in the place of plan.
func replacePlanByRun(args []string) []string {
	out := slices.Clone(args)
	if i := slices.Index(out, "plan"); i >= 0 {
		out[i] = "run"
	}
	return out
}
