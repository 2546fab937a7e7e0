package cli

import (
	"os"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
)

// step is something to do: a sentence, a command, or both.
type step struct{ text, command string }

func (s step) String() string {
	if s.command == "" || s.text == "" {
		return s.text + s.command
	}
	return s.text + ": " + s.command
}

// add adds the step to a part of a page.
func (s step) add(part *term.Part) {
	switch {
	case s.command == "":
		part.Text(term.Sentences(s.text) + ".")
		return
	case s.text != "":
		part.Text(term.Sentences(s.text) + ":")
	default:
		part.Text("Continue with:")
	}
	part.Command(s.command)
}

// nextLines returns what to do, a line for each step.
func (s *statusReport) nextLines(con *term.Console) []string {
	var lines []string
	for _, step := range s.nextSteps(con) {
		lines = append(lines, step.String())
	}
	return lines
}

// nextSteps returns what to do.
func (s *statusReport) nextSteps(con *term.Console) []step {
	steps := s.mainSteps(con)
	if s.batch.ID != 0 && s.openRows()+s.rowsToReview() > 0 && !s.running && slices.ContainsFunc(term.SplitWords(s.lastOfBatch.Settings), isHiddenProxy) {
		steps = append(steps, step{text: "set " + settings.VariableOf("proxy") + " before you run it: the password of the proxy was not recorded"})
	}
	return steps
}

// isHiddenProxy reports whether a recorded setting is a proxy whose password was left out.
func isHiddenProxy(word string) bool {
	return strings.HasPrefix(word, "--proxy=") && strings.Contains(word, settings.HiddenText)
}

func (s *statusReport) mainSteps(con *term.Console) []step {
	var waiting []step
	for _, p := range s.plans {
		waiting = append(waiting, step{"a second person decides on plan " + p.ID, con.CommandLine("approve", "--ledger", s.info.Path, p.ID)})
	}
	if len(waiting) > 0 && s.batch.ID == 0 {
		return waiting
	}
	return append(waiting, s.listSteps(con)...)
}

// listSteps returns what to do about the list.
func (s *statusReport) listSteps(con *term.Console) []step {
	left, review := s.openRows(), s.rowsToReview()
	names := term.FileArguments(session.FileNames(s.batch))
	again := con.CommandLine(append(append([]string{"run"}, s.continueFlags()...), names...)...)
	switch {
	case s.running:
		return []step{{text: "nothing: the run is still going. To see how far it is", command: "bulkonboard status"}}
	case left > 0 && s.run.End != nil && exit.Code(s.run.End.ExitCode) == exit.Wallet:
		return []step{{"top up the wallet, then", again}}
	case left > 0:
		return []step{{command: again}}
	case review > 0:
		return append(s.byHand(con, con.CommandLine(append(append([]string{"links", "recover"}, s.continueFlags()...), names...)...)), s.renewSteps(con)...)
	}
	if steps := s.renewSteps(con); len(steps) > 0 {
		return steps
	}
	return []step{{text: "nothing: every row is done"}}
}

// renewSteps says how users whose links are dead get new ones.
func (s *statusReport) renewSteps(con *term.Console) []step {
	if s.checks.Renewable == 0 {
		return nil
	}
	text, flags := "make new links for "+term.Count(s.checks.Renewable, "user")+" whose link is probably dead", s.continueFlags()
	if s.life.IsAssumed {
		text += ", once you know how long links work"
		flags = append(flags, "--link-life", term.ShortDuration(s.life.Duration))
	}
	return []step{{text, con.CommandLine(append(append([]string{"links", "renew"}, flags...), term.FileArguments(session.FileNames(s.batch))...)...)}}
}

// byHand returns what an operator can do about the rows that no run goes on with.
func (s *statusReport) byHand(con *term.Console, recover string) []step {
	st := s.tally.Status
	lost, correctable := st[ledger.LinkMissing] > 0, st[ledger.Invalid]+st[ledger.Rejected]+st[ledger.DuplicateInInput] > 0
	var out []step
	if correctable {
		out = append(out, s.correctStep(con))
	}
	if lost {
		out = append(out, step{"get new links for those that were lost", recover})
	}
	if !correctable && st[ledger.Duplicate] > 0 {
		out = append(out, step{text: "review the problems above: the partner had these customers before"})
	}
	return out
}

// correctStep says how rows are corrected: in the rejects files that are there.
func (s *statusReport) correctStep(con *term.Console) step {
	var names []string
	for _, f := range s.batch.Files {
		for _, rows := range []int{0, outputs.MaxRejectsXLSX + 1} {
			name := outputs.DefaultRejects(f.Name, rows)
			if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return step{text: "review the problems above; where a correction helps, correct the rejects file and run it"}
	}
	words := term.WithoutFlags(append([]string{"run"}, s.continueFlags()...), session.InputFormFlags(), nil)
	return step{"where a correction helps, correct " + strings.Join(names, ", ") + ", then", con.CommandLine(append(words, term.FileArguments(names)...)...)}
}

// continueFlags returns the flags of the command that continues: the settings of
// the newest run of this input, but for those that say how much or what is printed.
// Settings of a file or the environment are among them: either may be another
// when the command is pasted.
func (s *statusReport) continueFlags() []string {
	var words []string
	base := ""
	for _, w := range term.SplitWords(s.lastOfBatch.Settings) {
		name, value, _ := strings.Cut(w, "=")
		switch name {
		case "--base-url":
			base = w
		case "--proxy":
			if value != "" && !isHiddenProxy(w) {
				words = append(words, w)
			}
		case "--env", "--sandbox", "--ledger", "--config", "--fresh", "--json", "--quiet", "--limit", "--new-ledger", "--decided":
		default:
			if value != "" { // none: the default
				words = append(words, strings.TrimSuffix(w, "=true"))
			}
		}
	}
	if s.info.Path != "bulkonboard-"+settings.FileWord(s.info.Environment)+".db" || s.info.Environment == settings.Production {
		words = append(words, "--ledger", s.info.Path)
	}
	switch s.info.Environment {
	case settings.Sandbox:
		words = append(words, "--sandbox")
	case settings.Production:
		words = append(words, "--env", settings.Production)
	case settings.Staging:
	default:
		if base != "" {
			words = append(words, base)
		}
	}
	return words
}
