package session

import (
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
func (s *session) addNext(p *term.Page, end runEnd) {
	part := p.Next()
	AddExit(part, end.code)
	s.addContinue(part, end)
	if n := len(s.rejects); n > 0 {
		part.Text(fmt.Sprintf("Correct %s in %s, then run:", term.Count(s.correctable, "row"), strings.Join(s.rejects, ", ")))
		part.Command(s.rejectsCommand())
	}
	if n := end.sum.Tally.Status[ledger.LinkMissing]; n > 0 && end.code == exit.Findings {
		part.Text("Get new links for " + term.Count(n, "user") + " without one:")
		part.Command(s.recoverCommand())
	}
	var reports, marked []string
	for _, path := range end.written {
		switch {
		case slices.Contains(s.rejects, path):
		case path == s.flags.Annotate:
			marked = append(marked, path)
		default:
			reports = append(reports, path)
		}
	}
	for _, path := range marked {
		part.Text("Marked copy of the list: " + path)
	}
	for _, path := range reports {
		if n := s.links; n > 0 {
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
func (s *session) addContinue(part *term.Part, end runEnd) {
	sum, left := end.sum, end.sum.Remaining
	if sum.Batch.ID == 0 {
		left = sum.Plan.Send + sum.Plan.InDoubt
	}
	if left == 0 && (end.code == exit.OK || end.code == exit.Findings) {
		return
	}
	text := "To continue:"
	if sum.Batch.ID != 0 || sum.Plan.Rows > 0 {
		text = term.Count(left, "row") + " left. To continue:"
	}
	if exit.StopReasonOf(end.failed) == pipeline.MaxNew { // the same command would be refused again
		part.Text(fmt.Sprintf("Check that this is the right file. If it is, raise --max-new: %s %s new.", term.Count(sum.Plan.New, "row"), term.IsOrAre(sum.Plan.New)))
		return
	}
	part.Text(text)
	part.Command(s.ContinueCommand())
}

// recoverCommand returns the command that gets new links for the users of this input.
func (s *session) recoverCommand() string {
	words := term.WithoutFlags(s.Args, map[string]bool{"--limit": true, "--fresh": false, "--new-ledger": false}, nil)
	if i := slices.Index(words, s.command); i >= 0 {
		words = slices.Replace(words, i, i+1, "links", "recover")
	}
	return s.CommandLine(words...)
}

// rejectsCommand returns this command for the rejects files. They have their own
// form, and their outcome gets reports of its own.
func (s *session) rejectsCommand() string {
	words := term.WithoutFlags(s.Args, map[string]bool{"--report": true, "--rejects": true, "--annotate": true, "--sheet": true,
		"--header-row": true, "--delimiter": true, "--encoding": true, "--fresh": false, "--new-ledger": false}, s.inputNames())
	return s.CommandLine(append(words, term.FileArguments(s.rejects)...)...)
}
