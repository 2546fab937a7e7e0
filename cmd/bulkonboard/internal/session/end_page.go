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

// failureLines is how many lines of a terminal what ended a run usually fills.
const failureLines = 2

// runEnd is what is known at the end of a run.
type runEnd struct {
	sum     pipeline.Summary
	failed  error
	code    exit.Code
	written []string // names of the files that were written
}

// reportEnd prints what happened, what is left, where the report is, and the
// command that continues.
func (s *session) reportEnd(ctx context.Context, end runEnd) {
	s.reportFailure(end.failed)
	if end.failed != nil {
		s.linesShown += failureLines
	}
	if hint := s.unusedProxy(end.failed); hint != "" {
		s.Sayf("  %s", hint)
	}
	p := &term.Page{MaxLines: max(1, maxLines-s.linesShown)}
	s.addResult(ctx, p, end.sum)
	s.addNext(p, end)
	s.Show(s.Err, p)
}

// addResult adds what is in the list, what this run did, and the problems.
func (s *session) addResult(ctx context.Context, p *term.Page, sum pipeline.Summary) {
	if sum.Batch.ID != 0 {
		part := p.Section("Result")
		part.Text(strings.Join(labelsOf(sum.Batch), ", ") + ", " + term.Count(sum.Tally.Rows, "row"))
		AddOutcome(part, sum.Tally, sum.New[ledger.Created]+sum.New[ledger.LinkMissing])
		p.Part("This run").Text(thisRunText(sum))
	}
	if sum.Sent > 0 && sum.WalletFrom.Known() && sum.WalletTo.Known() {
		p.Part("Wallet").Text(fmt.Sprintf("%s (%s before)", term.Money(sum.WalletTo.String(), sum.Currency), term.Money(sum.WalletFrom.String(), sum.Currency)))
	}
	if sum.Batch.ID != 0 {
		AddCauses(p, sum.Tally, report.Advice)
	}
	s.addEndNotes(ctx, p, sum)
}

// labelsOf returns the names of a batch's files as operators read them.
func labelsOf(b ledger.Batch) []string {
	var labels []string
	for _, f := range b.Files {
		labels = append(labels, term.FileLabel(f.Name))
	}
	return labels
}

// thisRunText says what a run did.
func thisRunText(sum pipeline.Summary) string {
	text := fmt.Sprintf("%s sent, %s created", term.Number(sum.Sent), term.Number(sum.New[ledger.Created]))
	if others := CountsText(sum.New, ledger.LinkMissing, ledger.Duplicate, ledger.Rejected, ledger.InsufficientBalance, ledger.InDoubt); others != "none" {
		text += ", " + others
	}
	if m := moneyOf(sum); m.Charged != "" && sum.New[ledger.Created] > 0 {
		text += "; about " + term.Money(string(m.Charged), string(m.Currency)) + " charged"
	}
	return text
}

// addEndNotes adds warnings about links, money and other inputs.
func (s *session) addEndNotes(ctx context.Context, p *term.Page, sum pipeline.Summary) {
	var notes []string
	if n := sum.Tally.Changed; n > 0 {
		notes = append(notes, fmt.Sprintf("%s with other details than were sent; nothing was sent again (details_changed in the report).", term.Count(n, "row")))
	}
	for _, line := range s.hosts.lines() {
		notes = append(notes, line)
		if s.flags.IsOn() { // else it would be shown twice
			s.log.Warn(strings.TrimPrefix(line, "warning: "))
		}
	}
	if sum.Unconfirmed > 0 {
		notes = append(notes, unconfirmedText(sum))
	}
	if w := feeWarning(sum); w != "" {
		notes = append(notes, w)
	}
	notes = append(notes, s.otherInputs(ctx, sum)...)
	if len(notes) == 0 {
		return
	}
	part := p.Part("Notes")
	for _, n := range notes {
		style := term.Plain
		if strings.HasPrefix(n, "warning: ") {
			style = term.Attention
		}
		part.Styled(style, term.Sentences(n))
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

// otherInputs names the inputs that must be run again for what is left of them:
// those of rows in doubt, and without an input of our own also of rows unsent.
func (s *session) otherInputs(ctx context.Context, sum pipeline.Summary) (lines []string) {
	if sum.OthersDoubt > 0 {
		lines = append(lines, term.Count(sum.OthersDoubt, "row")+" in doubt through other inputs.")
	}
	left := ledger.Query{Status: []ledger.Status{ledger.InDoubt}, NotBatch: sum.Batch.ID}
	if s.in == nil {
		left.Status = append(left.Status, ledger.Pending, ledger.InsufficientBalance)
	} else if sum.OthersDoubt == 0 {
		return nil
	}
	count := map[int64]int{}
	for c, err := range s.store.Customers(ctx, left) {
		if err != nil {
			return append(lines, fmt.Sprintf("warning: the inputs to run again are not known: %v", err))
		}
		count[c.LastBatch]++
	}
	batches, err := s.store.Batches(ctx)
	if err != nil {
		return append(lines, fmt.Sprintf("warning: the inputs to run again are not known: %v", err))
	}
	for _, b := range batches {
		if n := count[b.ID]; n > 0 {
			lines = append(lines, fmt.Sprintf("%s left of an input that must be run again: %s", term.Count(n, "row"), s.QuoteWords(term.FileArguments(FileNames(b))...)))
		}
	}
	return lines
}
