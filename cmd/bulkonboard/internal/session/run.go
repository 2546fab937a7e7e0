package session

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/alerts"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/plans"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// watchProgress hands the figures of a run on to the display and the metrics.
func (s *session) watchProgress(p *term.ProgressView) func(pipeline.Progress) {
	pauses, waits := s.logPauses(), s.alerts.WatchWaits()
	return func(now pipeline.Progress) {
		p.Update(now)
		s.guest.Progress(now)
		s.progress.update(now)
		s.gauges.keepProgress(now)
		pauses(now)
		waits(now)
	}
}

// runWithDisplay does the work while the display and the metrics go on. Both
// end with it.
func (s *session) runWithDisplay(ctx context.Context, p *term.ProgressView, work func()) error {
	shown, end := context.WithCancel(context.WithoutCancel(ctx))
	var all errgroup.Group
	all.Go(func() error {
		if !s.flags.NoProgress && !s.flags.IsJSON() {
			p.Show(shown, s.Err, s.Err.IsTerminal() && !s.flags.Quiet && s.Env["TERM"] != "dumb")
		}
		return nil
	})
	all.Go(func() error {
		s.gauges.keepWritten(shown)
		return nil
	})
	all.Go(func() error {
		s.alerts.KeepSending(shown)
		return nil
	})
	all.Go(func() error {
		s.progress.keepWriting(shown)
		return nil
	})
	all.Go(func() error {
		defer end()
		work()
		return nil
	})
	return all.Wait()
}

// Run checks and submits the input of run, or without input settles what a
// look-up can settle.
func Run(con *term.Console, c *cobra.Command, f *settings.RunFlags, args []string) (err error) {
	ctx := c.Context()
	told, err := OpenAlerts(con, c, &f.NotifyFlags, f.Proxy.Text)
	if err != nil {
		return ReportNotBegun(con, err, f.JSON, settings.TargetOf(c))
	}
	s, err := newSession(con, c, f, args)
	if err != nil {
		told.SetSummary(notBegunSummary(con, err, settings.TargetOf(c)))
		return ReportNotBegun(con, err, f.JSON, settings.TargetOf(c))
	}
	s.alerts = told
	defer func() { err = s.closeAfter(err) }()
	if err := s.open(ctx, args); err != nil {
		return s.reportRefusal(err)
	}
	s.alerts.SetSummary(s.begunSummary())
	if err := s.findOlderCopy(ctx); err != nil {
		return s.reportRefusal(err)
	}
	if err := saveLinkLife(ctx, s.store, s.flags.LinkLife); err != nil {
		return err
	}
	if s.gauges, err = s.newGauges(ctx); err != nil {
		return err
	}
	p := &term.ProgressView{}
	cfg := s.config(p)
	cfg.Confirm = s.confirm
	if s.carried != nil {
		cfg.Approve, cfg.Origin.Plan = s.carried.Approve, s.carried.Plan.ID
		if cfg.Money.Fee, err = s.carried.FeeFor(ctx, cfg.Money.Fee); err != nil {
			return s.reportRefusal(err)
		}
		cfg.Money.FeeRose = s.carried.CheckFee
	}
	if term.IsTerminal(s.In) {
		cfg.AcceptInvalid = s.acceptInvalid
	}
	var sum pipeline.Summary
	var failed error
	err = s.runWithDisplay(ctx, p, func() {
		if s.in == nil {
			sum, failed = pipeline.Settle(ctx, cfg)
		} else {
			sum, failed = pipeline.Run(ctx, cfg)
		}
	})
	if err != nil {
		return err
	}
	return s.conclude(ctx, sum, failed)
}

// planTarget returns to whom and how this command sends.
func (s *session) planTarget(ctx context.Context) (plans.Target, error) {
	info, err := s.known.Info(ctx)
	to := plans.Target{Environment: s.to.Environment, Host: s.to.Environment, KeyPrint: s.origin().KeyPrint, Account: info.Account, Keep: s.flags.KeepBalance.String()}
	if s.to.BaseURL != "" {
		to.Host = settings.HostOf(s.to.BaseURL)
	}
	if !s.flags.Rate.Unlimited {
		to.Rate = s.flags.Rate.PerSecond
	}
	return to, err
}

// loadPlan finds the plan that the command is to carry out. Where two persons have to
// approve, nothing that sends goes on without one.
func (s *session) loadPlan(ctx context.Context) error {
	if s.flags.Plan == "" {
		if s.store == nil || s.in == nil || s.command == "plan" {
			return nil
		}
		return plans.CheckPolicy(ctx, s.store)
	}
	to, err := s.planTarget(ctx)
	if err != nil {
		return err
	}
	if s.carried, err = plans.Load(ctx, s.store, &s.flags.PlanFlags, to); err == nil {
		s.showNote("Plan", s.carried.Plan.ID+", "+plans.DecisionText(s.carried.Plan))
	}
	return err
}

// begunSummary returns what is known before the input is checked.
func (s *session) begunSummary() report.Summary {
	out := report.Summary{Environment: report.Text(s.to.Environment), Ledger: report.Text(s.to.Ledger), StartedAt: report.Moment{Time: time.Now()}}
	if s.in != nil {
		out.Input = report.Inputs([]ledger.Batch{{Files: s.found.Columns.WatchRows(s.in).Files()}})
	}
	return out
}

// OpenAlerts returns the alerts of a command; nil without a target. They report its end,
// except for mistakes in their own flags.
func OpenAlerts(con *term.Console, c *cobra.Command, f *settings.NotifyFlags, proxy string) (*alerts.Alerts, error) {
	con.AtEnd = func(context.Context, exit.Code) {}
	to := settings.TargetOf(c)
	a, err := alerts.Open(con, settings.CommandName(c), Version(), f, proxy, report.Summary{Environment: report.Text(to.Environment), Ledger: report.Text(to.Ledger)})
	if err == nil {
		con.AtEnd = a.ReportEnd
	}
	return a, err
}

// PrepareAlerts opens the alerts of a command that ended before it had begun, by a
// mistake in its flags or in the settings file. What the command line and the
// environment say of alerts counts.
func PrepareAlerts(con *term.Console, c *cobra.Command) {
	f := settings.NotifyFlags{}
	for name, value := range map[string]*string{settings.OnEndFlag: &f.OnEnd, settings.NotifyURLFlag: &f.URLFile} {
		flag := c.Flags().Lookup(name)
		if flag == nil {
			return
		}
		*value = cmp.Or(flag.Value.String(), con.Env[settings.VariableOf(name)])
	}
	if _, err := OpenAlerts(con, c, &f, ""); err != nil {
		con.Sayf("warning: notification failed: %v", err)
	}
}

// confirm shows the plan, finds out whether the reports can be written, and
// asks where real customers and real money are at stake.
func (s *session) confirm(ctx context.Context, plan pipeline.Plan) error {
	s.reportPlan(ctx, plan)
	s.guest.Planned(plan)
	s.gauges.writePlan(plan)
	if s.outputs != nil {
		if err := s.outputs.Probe(); err != nil {
			return err
		}
	}
	if s.needsYes() && !s.flags.Yes && !s.Confirm("This sends up to "+term.Count(plan.Send, "row")+" to PRODUCTION"+coverText(plan)+".") {
		return exit.UsageErrorf("not confirmed; nothing was sent")
	}
	return nil
}

// acceptInvalid asks whether the valid rows are sent in spite of the many invalid ones.
// --yes is no answer: whoever wrote it did not know of them.
func (s *session) acceptInvalid(ctx context.Context, plan pipeline.Plan) bool {
	s.reportPlan(ctx, plan)
	return s.Confirm(fmt.Sprintf("%s of %s %s invalid. Send the other %s?", term.Number(plan.NewInvalid), term.Count(plan.Rows, "row"), term.IsOrAre(plan.NewInvalid), term.Number(plan.Send)))
}

// config returns what the pipeline is asked to do. p is nil without a display.
func (s *session) config(p *term.ProgressView) pipeline.Config {
	f := s.flags
	cfg := pipeline.Config{
		Partner: s.client, Ledger: s.known, Environment: s.to.Environment, Rules: s.rules,
		Pace: pipeline.Pace{Rate: f.Rate.PerSecond, Unlimited: f.Rate.Unlimited, Background: f.Background, Burst: f.Burst.N, Workers: f.Workers.N,
			MaxAttempts: f.MaxAttempts.N, Patience: f.Patience.Duration},
		Doubt: pipeline.DoubtRules{KeyTTL: f.KeyTTL.Duration, Settle: f.SettleTime(), Hold: f.InDoubt.Value == "hold", GapOurs: f.Gap.Value == "ours",
			CheckExisting: f.CheckExisting.Value == "auto", Timeout: f.Timeout.Duration, SkipConfirm: f.ConfirmCreated.Value == "never"},
		Bounds: pipeline.Bounds{MaxNew: f.MaxNew.Bound, MaxInvalid: f.InvalidBound(s.to.Environment), Limit: f.Limit.N, MaxErrors: f.MaxErrors.Bound, MaxDuration: f.MaxDuration.Duration},
		Money:  pipeline.Money{Fee: f.Fee.Amount, Keep: f.KeepBalance.Amount, Wait: f.LowBalance.Value == "wait", Require: f.RequireFunds},
		Resend: pipeline.Resend{Codes: f.AgainCode, Accept: f.Accept},
		Lease:  f.Lease.Duration, Origin: s.origin(), Abort: s.Stop.Abort, Log: s.log,
	}
	for _, st := range f.Again {
		cfg.Resend.Statuses = append(cfg.Resend.Statuses, ledger.Status(st))
	}
	if s.in != nil {
		cfg.Input = s.guest.NameInput(s.found.Columns.WatchRows(s.in))
	}
	cfg.OnAnswer = s.gauges.countAnswer
	cfg.OnStatusChange = func(from, to ledger.Status) {
		s.gauges.countMove(from, to)
		s.guest.StatusChange(from, to)
	}
	cfg.LastResort = s.lastResort
	if p != nil {
		cfg.OnProgress = s.watchProgress(p)
	}
	shareRate(s, &cfg)
	return cfg
}

// lastResort shows an outcome that neither the ledger nor its emergency file
// would take, once, on standard error: it is the only copy. Whoever runs this
// must keep that output as they keep the ledger.
func (s *session) lastResort(c ledger.Change) {
	line, err := json.Marshal(c)
	if err != nil {
		s.log.Error("an outcome could not be shown", "error", err.Error())
		return
	}
	to := io.Writer(s.Err)
	if s.guest.LastResort != nil {
		to = s.guest.LastResort
	}
	fmt.Fprintf(to, "NOT SAVED (disk failed). Keep this line: %s\n", line)
}
