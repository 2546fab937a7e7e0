package main

import (
	"cmp"
	"slices"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// causesOf lists the causes of a tally, by status, then the most frequent first.
func causesOf(t ledger.Tally) []report.Cause {
	causes := []report.Cause{}
	for c, n := range t.Code {
		causes = append(causes, report.Cause{Status: c.Status, Field: c.Field, Code: c.Code, Count: n})
	}
	order := ledger.Statuses()
	slices.SortFunc(causes, func(a, b report.Cause) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Status), slices.Index(order, b.Status)),
			cmp.Compare(b.Count, a.Count), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Code, b.Code))
	})
	return causes
}

// moneyOf is what a run cost.
func moneyOf(s pipeline.Summary) report.Money {
	m := report.Money{Fee: report.Amount(s.Fee.String()), Currency: report.Text(cmp.Or(s.Currency, s.Plan.Currency)),
		WalletBefore: report.Amount(s.WalletFrom.String()), WalletAfter: report.Amount(s.WalletTo.String())}
	m.Charged = report.Amount(chargedIn(s).String())
	return m
}

// summaryOf is the JSON summary of a run.
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
		out.Rows, out.Counts, out.Problems = &rows, report.Counts(tally.Status), causesOf(tally)
	}
	if s.Batch.ID != 0 {
		known, changed := tally.Known, tally.Changed
		out.Known, out.Changed, out.AlreadyDone, out.Remaining = &known, &changed, &s.AlreadyDone, &s.Remaining
	}
	return out
}
