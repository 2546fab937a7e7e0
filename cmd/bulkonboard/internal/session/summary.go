package session

import (
	"cmp"
	"fmt"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
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
	switch {
	case s.Batch.ID != 0 && !s.IsCounted:
		out.Rows = &s.Batch.Rows // what became of them is not known
	case s.Batch.ID != 0 || s.Plan.Rows > 0:
		rows := tally.Rows
		out.Rows, out.Counts, out.Problems = &rows, report.Counts(tally.Status), Causes(tally)
	}
	if s.IsCounted {
		known, changed := tally.Known, tally.Changed
		out.ByOthers = s.ByOthers
		out.Known, out.Changed, out.AlreadyDone, out.Remaining = &known, &changed, &s.AlreadyDone, &s.Remaining
	}
	return out
}

// feeWarning returns a warning when what the wallet lost is not what the created users can
// have cost at the fee that was given, or measured in earlier runs; "" when it is, or
// when that is not known. Whoever was in doubt
// before may have been paid for in an earlier run, or be created again without a
// second fee; whoever is in doubt now may have been paid for in this one.
func feeWarning(sum pipeline.Summary) string {
	charged := sum.WalletFrom.Minus(sum.WalletTo)
	users := sum.New[ledger.Created] + sum.New[ledger.LinkMissing]
	if sum.SharesWallet || !charged.Known() || !sum.Plan.Fee.Known() || isExplained(sum, charged, sum.Plan.Fee) {
		return ""
	}
	money := func(a pipeline.Amount) string { return term.Money(a.String(), sum.Currency) }
	return fmt.Sprintf("warning: the wallet held %s before and %s after: %s was charged, but %s at %s is %s. Something else is paid from it, the fee has changed, or a charge created no user",
		money(sum.WalletFrom), money(sum.WalletTo), money(charged), term.Count(users, "user"), sum.Plan.Fee, money(sum.Plan.Fee.Times(users)))
}

// isExplained reports whether the users of this run can have cost as much.
func isExplained(sum pipeline.Summary, charged, fee pipeline.Amount) bool {
	users := sum.New[ledger.Created] + sum.New[ledger.LinkMissing] // a lost link cost as much
	least := fee.Times(max(0, users-sum.Plan.InDoubt))
	most := fee.Times(users + sum.New[ledger.InDoubt])
	return charged.Cmp(least) >= 0 && charged.Cmp(most) <= 0
}

// amountCharged returns what this run was charged: what the wallet lost, where its users
// explain that, for it knows who was paid for before or created again without a
// fee; else the fee of each user.
func amountCharged(sum pipeline.Summary) pipeline.Amount {
	if !sum.Fee.Known() {
		return pipeline.Amount{}
	}
	if lost := sum.WalletFrom.Minus(sum.WalletTo); lost.Known() && isExplained(sum, lost, sum.Fee) {
		return lost
	}
	return sum.Fee.Times(sum.New[ledger.Created] + sum.New[ledger.LinkMissing])
}
