package session

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/findings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// watchProgress hands the figures of a run on to the display and the metrics.
func (s *session) watchProgress(p *term.ProgressView) func(pipeline.Progress) {
	pauses := s.logPauses()
	return func(now pipeline.Progress) {
		p.Update(now)
		s.gauges.watch(now)
		pauses(now)
	}
}

// runWithDisplay does the work while the display and the metrics go on. Both
// end with it.
func (s *session) runWithDisplay(ctx context.Context, p *term.ProgressView, work func()) error {
	shown, end := context.WithCancel(context.WithoutCancel(ctx))
	var all errgroup.Group
	all.Go(func() error {
		if !s.flags.NoProgress {
			p.Show(shown, s.Err, s.Err.IsTerminal() && !s.flags.Quiet && s.Env["TERM"] != "dumb")
		}
		return nil
	})
	all.Go(func() error {
		s.gauges.keepWritten(shown)
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
	s, err := newSession(con, c, f, args)
	if err != nil {
		return err
	}
	defer func() { err = s.closeAfter(err) }()
	if err := s.open(ctx, args); err != nil {
		return s.refused(err)
	}
	if err := s.findOlderCopy(ctx); err != nil {
		return s.refused(err)
	}
	if s.gauges, err = s.newGauges(ctx); err != nil {
		return err
	}
	p := &term.ProgressView{}
	cfg := s.config(p)
	cfg.Confirm = s.confirm
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

// confirm shows the plan, finds out whether the reports can be written, and
// asks where real customers and real money are at stake.
func (s *session) confirm(_ context.Context, plan pipeline.Plan) error {
	s.reportPlan(plan)
	s.gauges.plan(plan)
	if s.outputs != nil {
		if err := s.outputs.Probe(); err != nil {
			return err
		}
	}
	if s.needsYes() && !s.flags.Yes && !s.Confirm(fmt.Sprintf("This sends up to %s to PRODUCTION.", term.Count(plan.Send, "row"))) {
		return exit.UsageErrorf("not confirmed; nothing was sent")
	}
	return nil
}

// reportPlan prints what the check found and what is to be done, once.
func (s *session) reportPlan(plan pipeline.Plan) {
	if s.planShown || s.in == nil {
		return
	}
	s.planShown = true
	s.logPlan(plan)
	s.reportNotes()
	for _, line := range planLines(plan) {
		s.Sayf("%s", line)
	}
	for _, line := range s.found.Lines(s.in.Files(), findings.RunKinds) {
		s.Sayf("  %s", line)
	}
	for _, line := range s.found.Columns.Lines(s.in.Files(), s.Console, s.Args) {
		s.Sayf("%s", line)
	}
}
