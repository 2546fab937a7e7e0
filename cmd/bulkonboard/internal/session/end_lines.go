package session

import (
	"context"
	"fmt"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// reportEnd prints what happened, what is left, where the report is, and the
// command that continues.
func (s *session) reportEnd(ctx context.Context, sum pipeline.Summary, failed error, written []string, code exit.Code) {
	s.reportFailure(failed)
	if hint := s.unusedProxy(failed); hint != "" {
		s.Sayf("  %s", hint)
	}
	if sum.Batch.ID != 0 {
		s.Sayf("%s: %s", term.Count(sum.Tally.Rows, "row"), CountsText(sum.Tally.Status))
		for _, cause := range CauseLines(sum.Tally, report.Advice) {
			s.Sayf("  %s", cause)
		}
		if n := sum.Tally.Changed; n > 0 {
			s.Sayf("  %s with other details than were sent; nothing was sent again (details_changed in the report)", term.Count(n, "row"))
		}
		done := fmt.Sprintf("this run: %s sent, %s created", term.Number(sum.Sent), term.Number(sum.New[ledger.Created]))
		if sum.AlreadyDone > 0 {
			done += fmt.Sprintf("; %s were done before", term.Number(sum.AlreadyDone))
		}
		if m := moneyOf(sum); m.Charged != "" && sum.New[ledger.Created] > 0 {
			done += strings.TrimRight(fmt.Sprintf("; charged about %s %s", m.Charged, m.Currency), " ")
		}
		s.Sayf("%s", done)
	}
	for _, line := range s.hosts.lines() {
		s.Sayf("%s", line)
		if s.flags.IsOn() { // else it would be shown twice
			s.log.Warn(strings.TrimPrefix(line, "warning: "))
		}
	}
	if sum.Unconfirmed > 0 {
		s.Sayf("%s", unconfirmedText(sum))
	}
	s.reportOtherInputs(ctx, sum)
	if sum.Sent > 0 && sum.WalletFrom.Known() && sum.WalletTo.Known() {
		s.Sayf("wallet: %s before, %s after", strings.TrimSpace(sum.WalletFrom.String()+" "+sum.Currency), strings.TrimSpace(sum.WalletTo.String()+" "+sum.Currency))
	}
	if w := feeWarning(sum); w != "" {
		s.Sayf("%s", w)
	}
	for _, path := range written {
		s.Sayf("written: %s", path)
	}
	s.Sayf("%s (exit %d)", exit.LastLine(code), code)
	left := sum.Remaining
	if sum.Batch.ID == 0 {
		left = sum.Plan.Send + sum.Plan.InDoubt
	}
	if left > 0 || code != exit.OK && code != exit.Findings {
		if sum.Batch.ID != 0 || sum.Plan.Rows > 0 {
			s.Sayf("%s left", term.Count(left, "row"))
		}
		if exit.StopReasonOf(failed) == pipeline.MaxNew {
			// The same command would be refused again.
			s.Sayf("check that this is the right file; if it is, raise --max-new: %s %s new", term.Count(sum.Plan.New, "row"), term.IsOrAre(sum.Plan.New))
			return
		}
		s.Sayf("this command continues:")
		s.Sayf("  %s", s.ContinueCommand())
	}
}

// reportFailure prints what ended a run, if anything did, and its hints.
func (s *session) reportFailure(failed error) {
	if failed == nil {
		return
	}
	s.Sayf("bulkonboard: %v", failed)
	for _, hint := range exit.HintsOf(failed) {
		s.Sayf("  %s", hint)
	}
}

// unconfirmedText says how many users the partner's list has not confirmed, and why.
func unconfirmedText(sum pipeline.Summary) string {
	text := fmt.Sprintf("%s not yet confirmed by the partner's list", term.Count(sum.Unconfirmed, "user"))
	if sum.ListError != "" {
		text += ": " + sum.ListError
	}
	return text + ". The next run asks again"
}

// reportOtherInputs names the inputs that must be run again for what is left of them:
// those of rows in doubt, and without an input of our own also of rows unsent.
func (s *session) reportOtherInputs(ctx context.Context, sum pipeline.Summary) {
	if sum.OthersDoubt > 0 {
		s.Sayf("%s in doubt through other inputs", term.Count(sum.OthersDoubt, "row"))
	}
	left := ledger.Query{Status: []ledger.Status{ledger.InDoubt}, NotBatch: sum.Batch.ID}
	if s.in == nil {
		left.Status = append(left.Status, ledger.Pending, ledger.InsufficientBalance)
	} else if sum.OthersDoubt == 0 {
		return
	}
	count := map[int64]int{}
	for c, err := range s.store.Customers(ctx, left) {
		if err != nil {
			s.Sayf("warning: the inputs to run again are not known: %v", err)
			return
		}
		count[c.LastBatch]++
	}
	batches, err := s.store.Batches(ctx)
	if err != nil {
		s.Sayf("warning: the inputs to run again are not known: %v", err)
		return
	}
	for _, b := range batches {
		if n := count[b.ID]; n > 0 {
			s.Sayf("  %s of this input, which must be run again: %s", term.Count(n, "row"), s.QuoteWords(term.FileArguments(FileNames(b))...))
		}
	}
}
