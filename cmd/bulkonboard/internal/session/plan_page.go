package session

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/findings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

const (
	maxLines    = 24 // that a terminal shows before what to do next
	resultLines = 8  // of those, what a run keeps for its result
)

// planCounts tell a plan from the one that was shown before: with several senders the check
// may have to be done again.
type planCounts struct {
	rows, send, recent, inDoubt int
	isAgain                     bool
}

// addPlan adds what the check found and what a run is to do.
func addPlan(p *term.Page, files []source.File, plan pipeline.Plan, limit int) {
	part := p.Section("Checked")
	text := namesOf(files) + ", " + term.Count(plan.Rows, "row")
	if plan.Again {
		text += " (checked before, unchanged)"
	}
	part.Text(text)
	addPlanCounts(part, plan, limit)
	if !plan.NotBefore.IsZero() {
		part.Styled(term.Attention, fmt.Sprintf("Part of what was sent is missing from the ledger: nothing else is sent before %s, when the idempotency keys of that time have expired.", term.LocalTime(plan.NotBefore)))
	}
	if plan.ReadsList {
		part.Styled(term.Attention, "Part of what was sent is missing from the ledger: the partner's list is read before anything else is sent.")
	}
	addCost(p, plan)
}

// AddChecked adds what a check without a ledger found. The figures add up to the rows.
func AddChecked(p *term.Page, files []source.File, t ledger.Tally) {
	part := p.Part("Checked")
	part.Text(namesOf(files) + ", " + term.Count(t.Rows, "row"))
	ready := ReadyRows(t)
	addCount(part, ready, "ready to send", "", term.Good)
	if left := t.Rows - ready; left > 0 {
		addCount(part, left, "not ready", CountsText(t.Status, ledger.Invalid, ledger.DuplicateInInput), term.Attention)
	}
}

// ReadyRows counts the rows of a check that can be sent.
func ReadyRows(t ledger.Tally) int {
	return t.Rows - t.Status[ledger.Invalid] - t.Status[ledger.DuplicateInInput]
}

// namesOf lists the names of files.
func namesOf(files []source.File) string {
	var names []string
	for _, f := range files {
		name := term.FileLabel(f.Name)
		if f.Sheet != "" {
			name += fmt.Sprintf(" (sheet %s)", f.Sheet)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// addPlanCounts adds what is done with the rows. The figures add up to the rows.
func addPlanCounts(part *term.Part, plan pipeline.Plan, limit int) {
	st := plan.Tally.Status
	var send []string
	if plan.New != plan.Send && plan.Send > 0 {
		send = append(send, fmt.Sprintf("%s new, %s again", term.Number(plan.New), term.Number(plan.Send-plan.New)))
	}
	if limit > 0 && limit < plan.Send {
		send = append(send, "stops at --limit "+term.Number(limit))
	}
	if plan.Send > 0 && plan.Duration > 0 {
		send = append(send, term.AboutDuration(plan.Duration))
	}
	addCount(part, plan.Send, "to send", strings.Join(send, "; "), term.Good)
	if plan.InDoubt > 0 {
		addCount(part, plan.InDoubt, "in doubt", "looked up before anything is sent again", term.Bad)
	}
	users := st[ledger.Created] + st[ledger.LinkMissing]
	if users > 0 {
		detail := ""
		if n := st[ledger.LinkMissing]; n > 0 {
			detail = term.Number(n) + " of them without a link"
		}
		addCount(part, users, "already created", detail, term.Good)
	}
	if skipped := plan.Rows - plan.Send - plan.InDoubt - users; skipped > 0 {
		detail := CountsText(st, skippedStatuses()...)
		if again := countOf(st, skippedStatuses()) - skipped; again > 0 {
			detail += "; " + term.Number(again) + " of these are sent again"
		}
		addCount(part, skipped, "skipped", detail, term.Attention)
	}
}

// addCost adds what the rows cost and what the wallet pays for.
func addCost(p *term.Page, plan pipeline.Plan) {
	if plan.Send == 0 {
		return
	}
	cost := "unknown (set --fee to estimate)"
	if plan.Fee.Known() {
		cost = fmt.Sprintf("at most %s: %s at %s", term.Money(plan.Cost.String(), plan.Currency), term.Count(plan.Send, "user"), plan.Fee)
		if plan.FeeMeasured {
			cost += " (measured in earlier runs)"
		}
	}
	part := p.Section("Cost")
	part.Text(cost)
	switch {
	case plan.Wallet.Known():
		wallet, style := "Wallet: "+term.Money(plan.Wallet.String(), plan.Currency), term.Plain
		switch {
		case plan.Covered >= 0 && plan.Covered < plan.Send:
			style = term.Bad
			wallet += fmt.Sprintf("; covers %s of %s; short by %s", term.Number(plan.Covered), term.Count(plan.Send, "row"), term.Money(plan.Shortfall.String(), plan.Currency))
		case plan.Covered >= 0:
			wallet += "; covers " + allRows(plan.Send)
		}
		part.Styled(style, wallet)
	case plan.WalletError != "":
		part.Styled(term.Attention, "Wallet: unknown, "+plan.WalletError)
	}
}

// coverText says how much of a plan the wallet pays for, for a question about it; ""
// if it pays for all, or if that is not known.
func coverText(plan pipeline.Plan) string {
	if plan.Covered < 0 || plan.Covered >= plan.Send {
		return ""
	}
	return fmt.Sprintf("; the wallet covers %s of them and is short by %s", term.Number(plan.Covered), term.Money(plan.Shortfall.String(), plan.Currency))
}

func allRows(n int) string {
	if n == 1 {
		return "the row"
	}
	return "all " + term.Count(n, "row")
}

// reportPlan prints what the check found and what is to be done, once.
func (s *session) reportPlan(ctx context.Context, plan pipeline.Plan) {
	counts := planCounts{plan.Rows, plan.Send, plan.New, plan.InDoubt, plan.Again}
	if s.in == nil || s.shownPlan != nil && *s.shownPlan == counts {
		return
	}
	s.shownPlan = &counts
	s.logPlan(plan)
	p := &term.Page{MaxLines: maxLines - s.linesShown - resultLines}
	switch {
	case s.command == "plan":
		p.MaxLines = maxLines - s.linesShown - 1 // an empty line comes before what to do next
	case s.flags.Limit.N > 0:
		p.MaxLines -= failureLines // it will say that it stopped
	}
	files := s.in.Files()
	findings.AddNotes(p, s.newNotes(), files)
	addPlan(p, files, plan, s.flags.Limit.N)
	all := s.CommandLine(append([]string{"validate"}, term.FileArguments(s.inputNames())...)...)
	s.found.AddProblems(p, files, s.shownOn().IsTerminal(), all)
	hasProposals := addProposals(ctx, s, p)
	if fixed := s.found.Columns.Correction(s.Args, hasProposals); fixed != nil {
		part := p.Part("").CutWith(func(int) string { return "" }).CutFirst(1).LeaveOut()
		part.Text("Your data was not changed. If these guesses are right, run:")
		part.Command(s.CommandLine(fixed...))
	}
	s.show(p)
}

// addProposals adds how many decisions about the whole list would help it, and the
// command that asks them one by one. It reports whether there are any. They are for
// operators at a terminal, and cost a further reading of the list: for one that is too
// long for that, the page only says that there may be some.
func addProposals(ctx context.Context, s *session, p *term.Page) bool {
	files, names := s.in.Files(), s.inputNames()
	candidates := s.found.Columns.Proposer.Candidates(files)
	if len(candidates) == 0 || !s.shownOn().IsTerminal() || s.flags.Quiet || s.flags.JSON || slices.Contains(names, "-") {
		return false
	}
	text := "Decisions about the list may make more rows ready:"
	if s.found.Columns.Rows() <= findings.SharedRowsInRun {
		proposals, _, err := decisions.Propose(ctx, s.in, s.rules, candidates)
		if err != nil || len(proposals) == 0 { // of an error in the input, the run itself speaks
			return false
		}
		ready := 0
		for _, d := range proposals {
			ready += d.Ready
		}
		text = term.Count(len(proposals), "decision") + " about the list would make " + term.Count(ready, "more row") + " ready:"
	}
	part := p.Part("Decide")
	part.Text(text)
	words := append([]string{"validate", "--decide"}, settings.KeepInputFlags(s.Args)...)
	part.Command(s.CommandLine(append(words, term.FileArguments(names)...)...))
	return true
}

// inputNames returns the names of the input's files; nil without input.
func (s *session) inputNames() []string {
	if s.in == nil {
		return nil
	}
	var names []string
	for _, f := range s.in.Files() {
		names = append(names, f.Name)
	}
	return names
}
