package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/plans"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
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
	cfg, draft := s.config(nil), &plans.Draft{}
	if s.flags.Save != "" || len(s.flags.PlanReports) > 0 {
		if err := plans.CheckReports(s.flags.PlanReports, s.to.Ledger, s.inputNames()); err != nil {
			return s.reportRefusal(err)
		}
		draft.Watch(&cfg, s.flags.Save != "", len(s.flags.PlanReports) > 0)
	}
	plan, failed := pipeline.Preview(ctx, cfg)
	if plan.Rows > 0 {
		s.reportPlan(ctx, plan)
		s.guest.Planned(plan)
	}
	saved, written, keepErr := s.keepPlan(ctx, draft, plan, failed)
	failed = errors.Join(failed, keepErr)
	code := s.Stop.ExitCode(plannedCode(plan, failed))
	s.reportFailure(failed)
	if saved.ID != "" {
		s.show(s.savedNext(saved, code))
	} else {
		s.show(s.planNext(plan, code, failed))
	}
	s.logEnd(pipeline.Summary{Tally: plan.Tally}, failed, code)
	out := summaryOf(pipeline.Summary{Plan: plan, Currency: plan.Currency, Fee: plan.Fee, WalletFrom: plan.Wallet, Started: started, Finished: time.Now()}, failed)
	out.Money.Charged = ""
	left := plan.Send + plan.InDoubt
	out.Remaining = &left
	out.Plan = report.Text(saved.ID)
	return s.finish(out, written, code, failed)
}

// keepPlan writes the reports of a plan, and saves it, as far as that was asked for.
// What run would refuse is not saved.
func (s *session) keepPlan(ctx context.Context, draft *plans.Draft, plan pipeline.Plan, failed error) (saved ledger.Plan, written []string, err error) {
	f := s.flags
	if plan.Rows == 0 || f.Save == "" && len(f.PlanReports) == 0 {
		return saved, nil, nil
	}
	if err := draft.CompareLast(ctx, s.known, plan.Batch); err != nil {
		return saved, nil, err
	}
	if written, err = draft.WriteReports(ctx, f.PlanReports, plan.Batch, s.inputNames()); err != nil || f.Save == "" || failed != nil {
		return saved, written, err
	}
	to, err := s.planTarget(ctx)
	if err != nil {
		return saved, written, err
	}
	record := s.guest.SignRecord(NewRunRecord(s.command))
	hands := plans.Hands{Maker: approval.Person{User: record.Who, Host: record.Host}, Editors: s.guest.OtherEditors()}
	for _, m := range s.made {
		draft.Decided = append(draft.Decided, m.String())
	}
	p, terms, err := draft.Save(ctx, s.store, to, hands, plan)
	if err != nil {
		return saved, written, err
	}
	record.Settings = "--save " + p.ID
	if err := RecordCommand(ctx, s.store, record); err != nil {
		return saved, written, err
	}
	if path := f.SaveFile(); path != "" {
		if err := plans.WriteFile(path, p); err != nil {
			return saved, written, err
		}
		written = append(written, path)
	}
	page := &term.Page{}
	s.guest.Saved(draft.Overlaps)
	plans.AddSaved(page, p.ID, &terms, draft.Overlaps)
	s.show(page)
	return p, written, nil
}

// RecordCommand writes a command that is over to the ledger's log.
func RecordCommand(ctx context.Context, l ledger.Runs, record ledger.Run) error {
	id, err := l.Begin(ctx, record)
	if err != nil {
		return err
	}
	return l.Finish(context.WithoutCancel(ctx), id, ledger.RunEnd{At: time.Now()})
}

// savedNext returns what to do with a plan that was saved.
func (s *session) savedNext(saved ledger.Plan, code exit.Code) *term.Page {
	p, ref := &term.Page{}, saved.ID
	part := p.Next()
	switch code {
	case exit.OK:
		part.Styled(term.Good, fmt.Sprintf("Nothing was sent (exit %d).", code))
	case exit.Wallet:
		part.Styled(term.Bad, fmt.Sprintf("Nothing was sent. The wallet does not cover every row (exit %d).", code))
	default:
		part.Styled(term.Attention, fmt.Sprintf("Nothing was sent. Some rows need a correction, and are no part of the plan (exit %d).", code))
	}
	part.Text("A second person approves the plan:")
	approve := []string{"approve", "--ledger", s.to.Ledger, ref}
	if path := s.flags.SaveFile(); path != "" {
		approve, ref = []string{"approve", "--key", "KEYFILE", path}, path
	}
	part.Command(s.CommandLine(approve...))
	part.Text("Then, to send:")
	part.Command(s.CommandLine(plans.RunArguments(s.Args, ref)...))
	return p
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
