package session

import (
	"context"
	"io"
	"os"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// Guest is whoever has a command carried out from inside this process, such as a user
// of the finance page. The command is the ordinary one. It acts in the name of the
// guest, reads the input through the guest's corrections, writes no report, and shows the
// guest what it does. Its functions may be nil. They must return quickly.
type Guest struct {
	Name    string   // of the user who acts, in the ledger's log, in plans and in decisions
	Editors []string // who else had a hand in the list, for the plan that is made

	FileName string // of the list, as the sender calls it; "" = as it is called here

	// Source changes how the input is read: it puts the guest's corrections over it.
	Source func(*source.Options)
	// Opened is called when input, ledger, plan and partner are open, and the ledger is
	// held if the command holds it.
	Opened func()
	// Planned is called with what the check found and what is to be done.
	Planned func(pipeline.Plan)
	// Begun is called with the number of the run when that is in the ledger, before
	// anything is sent.
	Begun func(run int64)
	// Progress and StatusChange are those of pipeline.Config.
	Progress     func(pipeline.Progress)
	StatusChange func(from, to ledger.Status)
	// LastResort gets what must not be lost when neither the ledger nor its emergency
	// file can be written; nil = standard error of the command.
	LastResort io.Writer
	// Ended is called with the summary that --json prints, and with what stopped the
	// command; nil if nothing did.
	Ended func(report.Summary, error)
}

type guestKey struct{}

// WithGuest returns a context in which commands are carried out for a guest.
func WithGuest(ctx context.Context, g *Guest) context.Context {
	return context.WithValue(ctx, guestKey{}, g)
}

// guestOf returns the guest of a context; nil on the command line.
func guestOf(ctx context.Context) *Guest {
	g, _ := ctx.Value(guestKey{}).(*Guest)
	return g
}

func (g *Guest) reportOpened() {
	if g != nil && g.Opened != nil {
		g.Opened()
	}
}

func (g *Guest) reportPlanned(p pipeline.Plan) {
	if g != nil && g.Planned != nil {
		g.Planned(p)
	}
}

func (g *Guest) reportProgress(p pipeline.Progress) {
	if g != nil && g.Progress != nil {
		g.Progress(p)
	}
}

func (g *Guest) reportEnd(sum report.Summary, failed error) {
	if g != nil && g.Ended != nil {
		g.Ended(sum, failed)
	}
}

// editors returns who else had a hand in the list.
func (g *Guest) editors() (all []approval.Person) {
	if g == nil {
		return nil
	}
	host, _ := os.Hostname()
	for _, name := range g.Editors {
		if name != g.Name {
			all = append(all, approval.Person{User: name, Host: host})
		}
	}
	return all
}

// signRecord names the guest in a record for the ledger's log.
func (g *Guest) signRecord(r ledger.Run) ledger.Run {
	if g != nil && g.Name != "" {
		r.Who = g.Name
	}
	return r
}

// nameInput gives the input the name that the sender gave it.
func (g *Guest) nameInput(in pipeline.Input) pipeline.Input {
	if g == nil || g.FileName == "" {
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

// changeSource lets the guest change how the input is read.
func (g *Guest) changeSource(o *source.Options) {
	if g != nil && g.Source != nil {
		g.Source(o)
	}
}

// lastResort returns where an outcome goes that cannot be saved.
func (g *Guest) lastResort(own io.Writer) io.Writer {
	if g == nil || g.LastResort == nil {
		return own
	}
	return g.LastResort
}

// changesOf returns what is called with each change of status: what the command itself
// does with it, and what its guest does.
func (g *Guest) changesOf(own func(from, to ledger.Status)) func(from, to ledger.Status) {
	if g == nil || g.StatusChange == nil {
		return own
	}
	return func(from, to ledger.Status) {
		own(from, to)
		g.StatusChange(from, to)
	}
}

// watchBegin returns the ledger of a command, which shows the guest the run that begins.
func (g *Guest) watchBegin(l Ledger) Ledger {
	if g == nil || g.Begun == nil {
		return l
	}
	return &beginWatcher{l, g.Begun}
}

// beginWatcher is a ledger that shows the number of the run that begins.
type beginWatcher struct {
	Ledger
	begun func(run int64)
}

// Begin begins a run.
func (w *beginWatcher) Begin(ctx context.Context, r ledger.Run) (int64, error) {
	id, err := w.Ledger.Begin(ctx, r)
	if err == nil {
		w.begun(id)
	}
	return id, err
}
