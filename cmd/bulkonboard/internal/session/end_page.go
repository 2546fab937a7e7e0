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

// runResult is what is known at the end of a run, to be printed.
type runResult struct {
	*session
	sum     pipeline.Summary
	failed  error
	code    exit.Code
	written []string // names of the files that were written
}

// print prints what happened, what is left, where the report is, and the command
// that continues.
func (r *runResult) print(ctx context.Context) {
	r.reportFailure(r.failed)
	if r.failed != nil {
		r.linesShown += failureLines
	}
	if hint := r.unusedProxy(r.failed); hint != "" {
		r.Sayf("  %s", hint)
	}
	p := &term.Page{MaxLines: max(1, maxLines-r.linesShown)}
	r.addResult(p)
	r.addNotes(p)
	r.addNext(ctx, p)
	r.Show(r.Err, p)
}

// addResult adds what is in the list, what this run did, and the problems.
func (r *runResult) addResult(p *term.Page) {
	sum := r.sum
	if sum.Batch.ID != 0 {
		part := p.Section("Result")
		part.Text(strings.Join(labelsOf(sum.Batch), ", ") + ", " + term.Count(sum.Batch.Rows, "row"))
		if sum.IsCounted {
			AddOutcome(part, sum.Tally, sum.New[ledger.Created]+sum.New[ledger.LinkMissing], sum.ByOthers)
		} else {
			part.Styled(term.Attention, "What became of them could not be read from the ledger.")
		}
		p.Part("This run").Text(thisRunText(sum))
	}
	if sum.Sent > 0 && sum.WalletFrom.Known() && sum.WalletTo.Known() {
		p.Part("Wallet").Text(fmt.Sprintf("%s (%s before)", term.Money(sum.WalletTo.String(), sum.Currency), term.Money(sum.WalletFrom.String(), sum.Currency)))
	}
	if sum.Batch.ID != 0 {
		AddCauses(p, sum.Tally, report.Advice)
	}
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

// addNotes adds warnings about links, money and other inputs.
func (r *runResult) addNotes(p *term.Page) {
	sum := r.sum
	var notes []string
	if n := sum.Tally.Changed; n > 0 {
		notes = append(notes, fmt.Sprintf("%s with other details than were sent; nothing was sent again (details_changed in the report).", term.Count(n, "row")))
	}
	if sum.Kept > 0 {
		notes = append(notes, fmt.Sprintf("warning: the partner's answers about %s are not in the ledger yet. Keep %s: the next run on this machine reads it.",
			term.Count(sum.Kept, "row"), r.ledgerOptions().emergencyFile()))
	}
	for _, line := range r.hosts.lines() {
		notes = append(notes, line)
		if r.flags.IsOn() { // else it would be shown twice
			r.log.Warn(strings.TrimPrefix(line, "warning: "))
		}
	}
	if sum.Unconfirmed > 0 {
		notes = append(notes, unconfirmedText(sum))
	}
	if w := feeWarning(sum); w != "" {
		notes = append(notes, w)
	}
	if sum.OthersDoubt > 0 {
		notes = append(notes, term.Count(sum.OthersDoubt, "row")+" in doubt through other inputs.")
	}
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
		r.guest.Warned(term.Sentences(strings.TrimPrefix(n, "warning: ")))
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
