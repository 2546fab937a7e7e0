package session

import (
	"cmp"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// moneyOf returns what a run cost.
func moneyOf(s pipeline.Summary) report.Money {
	m := report.Money{Fee: report.Amount(s.Fee.String()), Currency: report.Text(cmp.Or(s.Currency, s.Plan.Currency)),
		WalletBefore: report.Amount(s.WalletFrom.String()), WalletAfter: report.Amount(s.WalletTo.String())}
	m.Charged = report.Amount(amountCharged(s).String())
	return m
}

// summaryOf returns the JSON summary of a run.
func summaryOf(s pipeline.Summary, err error) report.Summary {
	out := report.Summary{
		Input: report.Inputs([]ledger.Batch{s.Batch}), Problems: []report.Cause{}, Money: moneyOf(s),
		StopReason: report.Text(exit.StopReasonOf(err)), StartedAt: report.Moment{Time: s.Started}, FinishedAt: report.Moment{Time: s.Finished},
		Reports: []string{},
	}
	if s.Run != 0 {
		out.Run = &s.Run
		out.Sent, out.New = &s.Sent, report.Counts(s.New)
	}
	tally := s.Tally
	if s.Batch.ID == 0 {
		tally = s.Plan.Tally
		out.Input = report.Inputs([]ledger.Batch{s.Plan.Batch})
	}
	if s.Batch.ID != 0 || s.Plan.Rows > 0 {
		rows := tally.Rows
		out.Rows, out.Counts, out.Problems = &rows, report.Counts(tally.Status), Causes(tally)
	}
	if s.Batch.ID != 0 {
		known, changed := tally.Known, tally.Changed
		out.Known, out.Changed, out.AlreadyDone, out.Remaining = &known, &changed, &s.AlreadyDone, &s.Remaining
	}
	return out
}
