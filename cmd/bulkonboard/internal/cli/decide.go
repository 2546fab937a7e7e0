package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/findings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// mapFileName returns the name of the map file beside a list; "" if the list is no
// file of its own.
func mapFileName(files []source.File) string {
	if files[0].Name == "-" {
		return ""
	}
	return outputs.WithoutExtension(files[0].Name) + ".map.yaml"
}

// errInputEnded means that the operator's answers ended before the questions.
var errInputEnded = errors.New("the answers ended before the questions: nothing was written")

// decider asks the operator about the decisions that a list suggests.
type decider struct {
	con   *term.Console
	in    *bufio.Reader
	list  decisions.Input
	files []source.File
	rules *validate.Rules // with everything that is decided

	open  []decisions.Decision // not asked yet
	asked []answer

	hasWithheld bool // something is not asked, because it would do harm
}

// answer is what was asked, and the decision; nil if the answer was no.
type answer struct {
	question decisions.Decision
	decision *decisions.Decision
	rules    *validate.Rules // before it
	open     []decisions.Decision
}

// decide asks all questions and returns what was decided. A decision that would make
// a good row bad is not accepted.
func (d *decider) decide(ctx context.Context) ([]decisions.Decision, error) {
	for {
		proposals, withheld, err := decisions.Propose(ctx, d.list, d.rules, d.open)
		if err != nil {
			return nil, err
		}
		if len(proposals) == 0 {
			d.hasWithheld = len(withheld) > 0
			for i := range withheld {
				p := &withheld[i]
				d.sayf("")
				d.sayf("Not asked: %s %s. Correct or delete one of the two rows first.", p.Sentence(d.files), term.Sentences(findings.HarmText(&p.Harm, d.files)))
			}
			return d.decided(), nil
		}
		if err := d.ask(ctx, &proposals[0], len(proposals)); err != nil {
			return nil, err
		}
	}
}

// decided returns the decisions made so far.
func (d *decider) decided() []decisions.Decision {
	var list []decisions.Decision
	for _, a := range d.asked {
		if a.decision != nil {
			list = append(list, *a.decision)
		}
	}
	return list
}

// ask asks one question until it is answered or taken back.
func (d *decider) ask(ctx context.Context, p *decisions.Proposal, left int) error {
	at := len(d.asked) + 1
	d.sayf("")
	d.sayf("%d of %d: %s", at, at-1+left, p.Sentence(d.files))
	d.sayf("  %s", findings.Effect(p))
	if examples := findings.ExamplesText(p, d.files); examples != "" {
		d.sayf("  %s", examples)
	}
	for {
		text, err := d.readAnswer(p.Decision)
		if err != nil {
			return err
		}
		switch strings.ToLower(text) {
		case "":
			continue
		case "yes", "y":
			return d.accept(p.Decision, p.Decision)
		case "no", "n":
			d.remember(p.Decision, nil)
			return nil
		case "undo", "u":
			if d.undo() {
				return nil
			}
			d.sayf("  There is no earlier answer.")
			continue
		}
		other := p.Decision
		if other.To = text; !takesValue(p.Decision) {
			d.sayf("  Answer yes, no or undo.")
			continue
		}
		if fault := d.refuse(ctx, other); fault != "" {
			d.sayf("  %s", fault)
			continue
		}
		return d.accept(p.Decision, other)
	}
}

// takesValue reports whether a question may be answered with another value.
func takesValue(d decisions.Decision) bool {
	return d.Kind == decisions.PhoneRegion || d.Kind == decisions.Word && d.Field != validate.FieldTerms
}

// refuse says why another value cannot be accepted; "" if it can.
func (d *decider) refuse(ctx context.Context, other decisions.Decision) string {
	rules := *d.rules
	rules.Values = rules.Values.Clone()
	err := other.ApplyRules(&rules)
	if err == nil {
		err = rules.Validate()
	}
	if err != nil {
		return term.Sentences(err.Error()) + "."
	}
	tried, err := decisions.Evaluate(ctx, d.list, d.rules, []decisions.Decision{other})
	if err != nil {
		return term.Sentences(err.Error()) + "."
	}
	if n := tried[0].Harmed; n > 0 {
		return fmt.Sprintf("Not accepted: %s that can be read now would become wrong (%s). To decide so anyway, use the flag %s.",
			term.Count(n, "row"), findings.HarmText(&tried[0].Harm, d.files), d.con.QuoteWords(other.FlagWords()...))
	}
	return ""
}

// accept makes a decision the answer to a question.
func (d *decider) accept(question, decision decisions.Decision) error {
	before := d.rules
	rules := *before
	rules.Values = rules.Values.Clone()
	if err := decision.ApplyRules(&rules); err != nil {
		return err
	}
	d.remember(question, &decision)
	d.rules = &rules
	return nil
}

// remember notes an answer, and asks its question no more.
func (d *decider) remember(question decisions.Decision, decision *decisions.Decision) {
	d.asked = append(d.asked, answer{question, decision, d.rules, d.open})
	d.open = slices.DeleteFunc(slices.Clone(d.open), func(c decisions.Decision) bool {
		return c.Kind == question.Kind && (c.String() == question.String() || c.Kind == decisions.PhoneRegion)
	})
}

// undo takes the last answer back, and reports whether there was one.
func (d *decider) undo() bool {
	if len(d.asked) == 0 {
		return false
	}
	last := d.asked[len(d.asked)-1]
	d.asked, d.rules, d.open = d.asked[:len(d.asked)-1], last.rules, last.open
	return true
}

// readAnswer reads a line after the prompt.
func (d *decider) readAnswer(about decisions.Decision) (string, error) {
	prompt := "yes, no or undo: "
	if takesValue(about) {
		prompt = "yes, no, another value or undo: "
	}
	return d.readLine("  " + prompt)
}

func (d *decider) readLine(prompt string) (string, error) {
	fmt.Fprint(d.con.Err, prompt)
	d.con.Err.EndLine()
	line, err := d.in.ReadString('\n')
	if err != nil && (line == "" || !errors.Is(err, io.EOF)) {
		return "", exit.NewUsageError(errInputEnded)
	}
	return strings.TrimSpace(line), nil
}

func (d *decider) sayf(format string, args ...any) { d.con.Sayf(format, args...) }

// decideAndSave asks what the list suggests, writes the map file beside it, and
// returns its name; "" if nothing was decided.
func decideAndSave(ctx context.Context, con *term.Console, f *validateOptions, in *source.Input, rules *validate.Rules, candidates []decisions.Decision) (string, error) {
	d := &decider{con: con, in: bufio.NewReader(con.In), list: in, files: in.Files(), rules: rules, open: candidates}
	list, err := d.decide(ctx)
	if err != nil {
		return "", err
	}
	if len(d.asked) == 0 && !d.hasWithheld {
		con.Sayf("There is nothing to decide about the list as a whole.")
	}
	if len(list) == 0 {
		return "", nil
	}
	made, err := f.Decisions()
	if err != nil {
		return "", err
	}
	for _, decision := range list {
		made = append(made, settings.NewDecision(decision))
	}
	path := f.saveMap
	if path == "" {
		path = mapFileName(in.Files())
	}
	replace, err := d.mayReplace(path)
	if err != nil {
		return "", err
	}
	if err := saveMap(f, in, made, path, replace); err != nil {
		return "", err
	}
	con.Sayf("")
	con.Sayf("Wrote %s. With it, the next list needs no question:", term.FileLabel(path))
	con.Sayf("  %s", con.CommandLine("validate", "--map-file", path, "FILE"))
	return path, nil
}

// mayReplace asks whether a map file may be replaced, if there is one. No is an error.
func (d *decider) mayReplace(path string) (bool, error) {
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	text, err := d.readLine(path + " exists. Replace it? yes or no: ")
	if err != nil {
		return false, err
	}
	if text = strings.ToLower(text); text != "yes" && text != "y" {
		return false, exit.NewUsageError(errors.New(path+" exists, and nothing was written"), "name another file with --save-map FILE")
	}
	return true, nil
}
