package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// addNext adds what to do: what the exit code means, what is left, the command
// that continues, and where the report is.
func (r *runResult) addNext(ctx context.Context, p *term.Page) {
	part := p.Next()
	AddExit(part, r.code)
	r.addContinue(part)
	r.addOtherInputs(ctx, part)
	if n := len(r.rejects); n > 0 {
		part.Text(fmt.Sprintf("Correct %s in %s, then run:", term.Count(r.correctable, "row"), strings.Join(r.rejects, ", ")))
		part.Command(r.rejectsCommand())
	}
	if n := r.sum.Tally.Status[ledger.LinkMissing]; n > 0 && r.code == exit.Findings {
		part.Text("Get new links for " + term.Count(n, "user") + " without one:")
		part.Command(r.recoverCommand())
	}
	var reports, marked []string
	for _, path := range r.written {
		switch {
		case slices.Contains(r.rejects, path):
		case path == r.flags.Annotate:
			marked = append(marked, path)
		default:
			reports = append(reports, path)
		}
	}
	for _, path := range marked {
		part.Text("Marked copy of the list: " + path)
	}
	for _, path := range reports {
		if n := r.links; n > 0 {
			part.Text(fmt.Sprintf("Open %s: %s to send out.", path, term.Count(n, "verification link")))
			continue
		}
		part.Text("Report: " + path)
	}
}

// AddExit adds the meaning of an exit code.
func AddExit(part *term.Part, code exit.Code) {
	style := term.Bad
	switch code {
	case exit.OK:
		style = term.Good
	case exit.Findings, exit.Limit:
		style = term.Attention
	}
	part.Styled(style, fmt.Sprintf("%s (exit %d).", term.Sentences(exit.LastLine(code)), code))
}

// addContinue adds what is left, and the command that continues.
func (r *runResult) addContinue(part *term.Part) {
	sum, left := r.sum, r.sum.Remaining
	if sum.Batch.ID == 0 {
		left = sum.Plan.Send + sum.Plan.InDoubt
	}
	if left == 0 && (r.code == exit.OK || r.code == exit.Findings) {
		return
	}
	text := "To continue:"
	if sum.IsCounted || sum.Batch.ID == 0 && sum.Plan.Rows > 0 {
		text = term.Count(left, "row") + " left. To continue:"
		if n := sum.OthersLive; n > 0 {
			text = fmt.Sprintf("%s left, which %s may still send. To continue here:", term.Count(left, "row"), term.Count(n, "other sender"))
		}
	}
	if exit.StopReasonOf(r.failed) == pipeline.MaxNew { // the same command would be refused again
		part.Text(fmt.Sprintf("Check that this is the right file. If it is, raise --max-new: %s %s new.", term.Count(sum.Plan.New, "row"), term.IsOrAre(sum.Plan.New)))
		return
	}
	if errors.Is(r.failed, ledger.ErrPlan) { // so would this one
		return
	}
	if exit.StopReasonOf(r.failed) == pipeline.MaxInvalid {
		n := sum.Plan.NewInvalid
		part.Text(fmt.Sprintf("Check that this is the right file, and its columns: bulkonboard validate. If they are right, add --max-invalid %d, or answer on a terminal.", n))
		return
	}
	part.Text(text)
	part.Command(r.ContinueCommand())
}

// recoverCommand returns the command that gets new links for the users of this input.
func (r *runResult) recoverCommand() string {
	words := term.WithoutFlags(r.Args, map[string]bool{"--limit": true, "--fresh": false, "--new-ledger": false}, nil)
	if i := slices.Index(words, r.command); i >= 0 {
		words = slices.Replace(words, i, i+1, "links", "recover")
	}
	return r.CommandLine(words...)
}

// addOtherInputs adds the commands for inputs that must be run again for what is
// left of them: for rows in doubt, and without an input of our own also for rows
// that are not sent.
func (r *runResult) addOtherInputs(ctx context.Context, part *term.Part) {
	left := ledger.Query{Status: []ledger.Status{ledger.InDoubt}, NotBatch: r.sum.Batch.ID}
	if r.in == nil {
		left.Status = append(left.Status, ledger.Pending, ledger.InsufficientBalance)
	} else if r.sum.OthersDoubt == 0 {
		return
	}
	count := map[int64]int{}
	var batches []ledger.Batch
	var err error
	for c, failed := range r.store.Customers(ctx, left) {
		if err = failed; err != nil {
			break
		}
		count[c.LastBatch]++
	}
	if err == nil {
		batches, err = r.store.Batches(ctx)
	}
	if err != nil {
		part.Styled(term.Attention, fmt.Sprintf("Warning: the inputs to run again are not known: %v", err))
		return
	}
	for _, b := range batches {
		if n := count[b.ID]; n > 0 {
			part.Text(fmt.Sprintf("%s left of %s. Run it again, with the flags that it had:", term.Count(n, "row"), strings.Join(labelsOf(b), ", ")))
			part.Command(r.commandFor(FileNames(b)))
		}
	}
}

// rejectsCommand returns this command for the rejects files.
func (r *runResult) rejectsCommand() string { return r.commandFor(r.rejects) }

// commandFor returns this command for other files.
func (r *runResult) commandFor(files []string) string {
	words := term.WithoutFlags(r.Args, InputFormFlags(), r.inputNames())
	return r.CommandLine(append(words, term.FileArguments(files)...)...)
}

// InputFormFlags returns the flags of run that do not fit another list of the same
// customers, such as a rejects file: how the list is written, and where its
// reports go. The values are those that [term.WithoutFlags] asks for.
func InputFormFlags() map[string]bool {
	return map[string]bool{"--report": true, "--rejects": true, "--annotate": true, "--sheet": true, "--header-row": true,
		"--delimiter": true, "--encoding": true, "--fresh": false, "--new-ledger": false}
}
