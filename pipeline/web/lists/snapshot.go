package lists

import (
	"context"
	"net/http"
	"path/filepath"

	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Snapshot is a list in one revision, as a plan and a run read it. What happens to the
// list afterwards does not change it, as long as the list is not discarded.
type Snapshot struct {
	ID       string
	Name     string // of the sender's file
	Revision int
	Origin   int64    // run that has left these rows to correct; 0 = none
	Editors  []string // everyone who had a hand in it, the owner first
	Counts   api.Counts
	Columns  []api.Column
	Made     []decisions.Made // in order
	Decided  []api.Decision   // the same, for the page
	Command  string           // what checks the same from a command line
	Options  source.Options   // Overlay is for one goroutine: Open makes its own
	Rules    *validate.Rules

	File       string   // the sender's bytes
	Rejects    string   // where a run writes the rows to correct
	Flags      []string // of run: how the file is read and what is decided, without corrections
	ShownName  string   // of a file that has the corrections
	ShownFlags []string // for that file
	IsEdited   bool     // cells were corrected, or rows left out

	path    string
	overlay *overlay
}

// Change has a command read the list as this revision does: with its corrections, from
// where its headers are.
func (s *Snapshot) Change(opt *source.Options) {
	opt.Overlay, opt.TakeFound = &overlayRef{s.overlay}, true
}

// Snapshot returns a list that is checked, in the revision that the editor saw. Anyone
// may take one.
func (s *Store) Snapshot(e Editor, id string) (*Snapshot, error) {
	l, err := s.lock(id)
	if err != nil {
		return nil, err
	}
	defer l.mu.Unlock()
	switch {
	case e.Revision != l.revision():
		return nil, l.refuseStale(l.history[len(l.history)-1].By)
	case l.isChecking() || l.result == nil:
		l.ensureCheck()
		return nil, api.Refuse(http.StatusConflict, "still_checking")
	}
	return l.snapshot()
}

// Latest returns a list as it is now, whether it is checked or not.
func (s *Store) Latest(id string) (*Snapshot, error) {
	l, err := s.lock(id)
	if err != nil {
		return nil, err
	}
	defer l.mu.Unlock()
	return l.snapshot()
}

func (l *list) snapshot() (*Snapshot, error) {
	out := &Snapshot{ID: l.id, Name: l.name(), Revision: l.revision(), Origin: l.first.Made.Origin, Editors: l.editors(), path: l.filePath(), overlay: l.state.overlay.clone()}
	out.File, out.Rejects, out.Flags = out.path, filepath.Join(l.dir, "rejects.xlsx"), view{l}.flagWords(false, true)
	out.ShownName, out.ShownFlags, out.IsEdited = view{l}.shownName(), view{l}.shownFlags(), !l.state.overlay.isEmpty()
	var err error
	if out.Rules, err = l.store.rulesOf(l.state); err != nil {
		return nil, err
	}
	out.Options, _ = l.store.optionsOf(l.state)
	out.Options.Overlay = &overlayRef{out.overlay}
	for _, d := range l.state.decided {
		out.Made = append(out.Made, d.Made)
	}
	if l.outl != nil {
		page := view{l}.describe(l.owner())
		out.Counts, out.Columns, out.Decided, out.Command = page.Counts, page.Columns, page.Decisions, page.Command
	}
	return out, nil
}

// Open opens the list. The caller closes it.
func (s *Snapshot) Open(ctx context.Context) (*source.Input, error) {
	opt := s.Options
	opt.Overlay = &overlayRef{s.overlay}
	in, err := source.Open(ctx, []string{s.path}, nil, opt)
	return in, nameInput(err, s.Name)
}
