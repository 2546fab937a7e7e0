package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

func (a *app) planCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "plan [flags] FILE...",
		Short: "what run would do: rows to send, to skip, to refuse; cost and wallet; duration",
		Long: `Checks all input against the ledger as run does, asks the wallet, and says what
run would do. Nothing is sent, and nothing of it stays in the ledger.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("plan needs a FILE"), "bulkonboard plan customers.csv")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			s, err := a.newSession(c, &f, args)
			if err != nil {
				return err
			}
			return s.plan(c.Context(), args)
		},
	}
	f.planFlags(c.Flags())
	configFlag(c)
	return c
}

// plan shows what run would do.
func (s *session) plan(ctx context.Context, args []string) (err error) {
	defer func() {
		if closed := s.close(); err == nil {
			err = closed
		}
	}()
	started := time.Now()
	if err := s.open(ctx, args); err != nil {
		return s.refused(err)
	}
	s.found.columnCheck.room.begin()
	defer s.found.columnCheck.room.end()
	plan, failed := pipeline.Preview(ctx, s.config(nil))
	if plan.Rows > 0 {
		s.tellPlan(plan)
	}
	code := exitOf(failed)
	if failed == nil && plan.Tally.Status[ledger.Invalid]+plan.Tally.Code[repeatsCause()] > 0 {
		code = exitFindings
	}
	if failed != nil {
		s.tell("bulkonboard: %v", failed)
	} else {
		s.tell("nothing was sent; this command does it:")
		s.tell("  %s", s.commandLine(asRun(s.args)...))
	}
	s.logEnd(pipeline.Summary{Tally: plan.Tally}, failed, code)
	if s.flags.json {
		out := summaryOf(pipeline.Summary{Plan: plan, Currency: plan.Currency, Fee: plan.Fee, WalletFrom: plan.Wallet, Started: started, Finished: time.Now()}, failed)
		out.Money.Charged = ""
		out.Environment, out.Ledger, out.ExitCode = report.Text(s.to.environment), report.Text(s.to.ledger), int(code)
		left := plan.Send + plan.InDoubt
		out.Remaining = &left
		if err := out.Encode(s.out); err != nil {
			return err
		}
	}
	if code == exitOK {
		return nil
	}
	return &ended{code}
}

// asRun is the command line with run in the place of plan.
func asRun(args []string) []string {
	out := append([]string{}, args...)
	for i, a := range out {
		if a == "plan" {
			out[i] = "run"
			break
		}
	}
	return out
}
