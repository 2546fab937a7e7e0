// Package guest lets a command be carried out from inside the program, for a user of
// the finance page. Start at [Guest].
package guest

import (
	"context"
	"io"
	"os"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/plans"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// Guest is for whom a command is carried out. The command is the ordinary one: it acts in
// the guest's name, reads the input through the guest's corrections, writes no report,
// and shows the guest what it does. The functions must return quickly; nil does nothing.
type Guest struct {
	Name     string   // of the user who acts, in the ledger's log, in plans and in decisions
	Editors  []string // everyone who had a hand in the list, for the plan that is made
	FileName string   // of the list, as the sender calls it; "" = as it is called here

	// Openings are those of the process that carries out the command; nil = none but this.
	Openings *Openings

	// Decided is who made which decision about the list, and when. Others are the guest's.
	Decided []decisions.Made

	// Source changes how the input is read: it lays the guest's corrections over it.
	Source func(*source.Options)
	// Planned gets what the check found and what is to be done.
	Planned func(pipeline.Plan)
	// Saved gets the other plans that allow some of the rows of a plan that was saved.
	Saved func([]plans.Overlap)
	// Begun gets the number of the run once the ledger has it, before anything is sent.
	Begun func(run int64)
	// Progress and StatusChange are those of pipeline.Config.
	Progress     func(pipeline.Progress)
	StatusChange func(from, to ledger.Status)
	// Ended gets the summary that --json prints, and what stopped the command; nil if
	// nothing did.
	Ended func(report.Summary, error)
	// Warned gets what the command warns of, and notes at its end, as sentences without
	// values of the input.
	Warned func(string)
	// LastResort gets what must not be lost when neither the ledger nor its emergency file
	// can be written; nil = standard error of the command.
	LastResort io.Writer
	// Scratch is a private folder for the parts of a report that do not fit in memory; ""
	// = that of the system. They have personal data: whoever owns it empties it after a kill.
	Scratch string
}

type contextKey struct{}

// With returns a context in which commands are carried out for a guest.
func With(ctx context.Context, g Guest) context.Context {
	return context.WithValue(ctx, contextKey{}, &g)
}

// Of returns the guest of a context, and whether there is one. All functions of what it
// returns can be called.
func Of(ctx context.Context) (Guest, bool) {
	g := Guest{}
	given, isGuest := ctx.Value(contextKey{}).(*Guest)
	if isGuest {
		g = *given
	}
	if g.Source == nil {
		g.Source = func(*source.Options) {}
	}
	if g.Planned == nil {
		g.Planned = func(pipeline.Plan) {}
	}
	if g.Saved == nil {
		g.Saved = func([]plans.Overlap) {}
	}
	if g.Begun == nil {
		g.Begun = func(int64) {}
	}
	if g.Progress == nil {
		g.Progress = func(pipeline.Progress) {}
	}
	if g.StatusChange == nil {
		g.StatusChange = func(ledger.Status, ledger.Status) {}
	}
	if g.Warned == nil {
		g.Warned = func(string) {}
	}
	if g.Ended == nil {
		g.Ended = func(report.Summary, error) {}
	}
	return g, isGuest
}

// OtherEditors returns everyone but the guest who had a hand in the list.
func (g *Guest) OtherEditors() (all []approval.Person) {
	host, err := os.Hostname()
	if err != nil {
		host = "" // as in the ledger's log
	}
	for _, name := range g.Editors {
		if name != g.Name {
			all = append(all, approval.Person{User: name, Host: host})
		}
	}
	return all
}

// SignRecord names the guest in a record for the ledger's log.
func (g *Guest) SignRecord(r ledger.Run) ledger.Run {
	if g.Name != "" {
		r.Who = g.Name
	}
	return r
}

// SignDecisions names in decisions who made them, and when.
func (g *Guest) SignDecisions(made []decisions.Made) {
	for i := range made {
		if g.Name != "" {
			made[i].By = g.Name
		}
		for _, d := range g.Decided {
			if d.Decision.String() == made[i].Decision.String() {
				made[i] = d
			}
		}
	}
}

// NameInput gives the input the name that the sender gave it.
func (g *Guest) NameInput(in pipeline.Input) pipeline.Input {
	if g.FileName == "" {
		return in
	}
	return namedInput{in, g.FileName}
}

// namedInput is an input whose only file has another name than here.
type namedInput struct {
	pipeline.Input
	name string
}

// Files returns the file.
func (n namedInput) Files() []ledger.File {
	files := n.Input.Files()
	for i := range files {
		files[i].Name = n.name
	}
	return files
}
