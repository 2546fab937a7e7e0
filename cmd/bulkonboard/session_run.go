package main

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/bulkonboard/bulkonboard/pipeline"
)

// watching hands the figures of a run on to the display and the metrics.
func (s *session) watching(p *progress) func(pipeline.Progress) {
	pauses := s.pauses()
	return func(now pipeline.Progress) {
		p.watch(now)
		s.gauges.watch(now)
		pauses(now)
	}
}

// attended does the work while the display and the metrics go on, within the
// memory that it needs. They end with it, whatever it returns.
func (s *session) attended(ctx context.Context, p *progress, work func()) error {
	shown, end := context.WithCancel(context.WithoutCancel(ctx))
	s.found.columnCheck.room.begin()
	var all errgroup.Group
	all.Go(func() error {
		s.found.columnCheck.room.keep(shown)
		return nil
	})
	all.Go(func() error {
		if !s.flags.noProgress {
			p.show(shown, s.err, isTerminal(s.err.w) && !s.flags.quiet && s.env["TERM"] != "dumb")
		}
		return nil
	})
	all.Go(func() error {
		s.gauges.keep(shown)
		return nil
	})
	all.Go(func() error {
		defer end()
		work()
		return nil
	})
	return all.Wait()
}

// run does it.
func (s *session) run(ctx context.Context, args []string) (err error) {
	defer func() {
		if closed := s.close(); closed != nil && (err == nil || errors.As(err, new(*ended))) {
			s.tell("bulkonboard: %v", closed)
			err = &ended{max(exitOfCause(closed, exitFailure), exitFailure)}
		}
	}()
	if err := s.open(ctx, args); err != nil {
		return s.refused(err)
	}
	if err := s.findOlderCopy(ctx); err != nil {
		return s.refused(err)
	}
	if s.gauges, err = s.newGauges(ctx); err != nil {
		return err
	}
	p := &progress{}
	cfg := s.config(p)
	cfg.Confirm = s.confirm(p)
	var sum pipeline.Summary
	var failed error
	err = s.attended(ctx, p, func() {
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
func (s *session) confirm(*progress) func(context.Context, pipeline.Plan) error {
	return func(_ context.Context, plan pipeline.Plan) error {
		s.tellPlan(plan)
		s.gauges.plan(plan)
		if s.outputs != nil {
			if err := s.outputs.probe(); err != nil {
				return err
			}
		}
		if !s.needsYes() || s.flags.yes {
			return nil
		}
		yes, err := s.ask(fmt.Sprintf("This sends up to %s to PRODUCTION.", rowsText(plan.Send)))
		if err == nil && !yes {
			err = usage(errors.New("not confirmed; nothing was sent"))
		}
		return err
	}
}

// tellPlan prints what the check found and what is to be done, once.
func (s *session) tellPlan(plan pipeline.Plan) {
	if s.told || s.in == nil {
		return
	}
	s.told = true
	s.logPlan(plan)
	s.tellNotes()
	for _, line := range planLines(plan) {
		s.tell("%s", line)
	}
	for _, line := range s.found.lines(s.in.Files(), firstKinds) {
		s.tell("  %s", line)
	}
	for _, line := range s.found.columnCheck.lines(s.in.Files(), s.app, s.args) {
		s.tell("%s", line)
	}
}
