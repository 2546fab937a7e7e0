package lists

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/validate"
)

// list is one list. mu guards everything below it.
type list struct {
	id, dir string
	store   *Store
	first   event          // the upload
	writers sync.WaitGroup // checks and downloads, which write into dir; added to only while mu is held and isGone is not set

	mu      sync.Mutex
	isGone  bool // discarded
	events  *eventFile
	history []event
	state   *state
	used    time.Time
	job     *job // the check under way; nil = none

	// What the last check found. It is nil before the first one, and once it was
	// dropped from memory; then so are rows and input.
	result  *result
	rows    *rowFile
	outl    *outline
	input   *source.Input // to make rows of records again, corrected by overlay
	overlay *overlayRef
	rules   *validate.Rules

	counts   *api.Counts // of the last check, kept when result is dropped; nil = none yet
	refusal  *api.Error  // why the list cannot be read, or its check failed
	isFailed bool        // the check failed
	// isOutOfDate is set when rows were checked on their own since the last check of the
	// whole list: what it proposes may settle other cells than it says.
	isOutOfDate bool

	lastMatch matches
}

// loadList reads a list that an earlier process kept.
func (s *Store) loadList(id, dir string) (*list, error) {
	for _, pattern := range []string{"rows-*.jsonl", "download-*"} {
		leftovers, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, name := range leftovers {
			if err := os.RemoveAll(name); err != nil {
				return nil, err
			}
		}
	}
	file, history, err := openEvents(filepath.Join(dir, eventsName))
	if err != nil {
		return nil, err
	}
	if len(history) == 0 || history[0].Made == nil {
		return nil, errors.Join(errUnfinished, file.close())
	}
	return &list{id: id, dir: dir, store: s, first: history[0], events: file, history: history, state: newState(history), used: time.Now()}, nil
}

func (l *list) owner() string    { return l.first.By }
func (l *list) revision() int    { return len(l.history) }
func (l *list) name() string     { return l.first.Made.Name }
func (l *list) filePath() string { return filepath.Join(l.dir, l.first.Made.File) }

// checkEditor refuses a change by another user, or of another state than the present.
func (l *list) checkEditor(e Editor) error {
	switch {
	case e.Name != l.owner():
		return api.Refuse(http.StatusForbidden, "not_yours")
	case e.Revision != l.revision():
		return l.refuseStale(l.history[len(l.history)-1].By)
	}
	return nil
}

// refuseStale refuses a change of a state that is not the present one.
func (l *list) refuseStale(by string) error {
	r := api.Refuse(http.StatusPreconditionFailed, "changed_meanwhile")
	r.Body.Revision, r.Body.ChangedBy = l.revision(), by
	return r
}

// addEvent writes an event and applies it to the state. It returns the ID.
func (l *list) addEvent(by string, e event) (int, error) {
	e.By, e.At = by, time.Now().UTC().Truncate(time.Second)
	if err := l.events.add(&e); err != nil {
		l.store.log.Error("writing the events of a list", "list", l.id, "error", PlainError(err))
		return 0, api.Refuse(http.StatusInternalServerError, "disk_failed")
	}
	l.history = append(l.history, e)
	id := len(l.history)
	if e.Kind == eventUndo {
		l.state = newState(l.history)
	} else {
		l.state.apply(id, &e)
	}
	return id, nil
}

// editors returns everyone who had a hand in the list, the owner first.
func (l *list) editors() []string {
	var names []string
	seen := map[string]bool{}
	for _, e := range l.history {
		if !seen[e.By] {
			seen[e.By] = true
			names = append(names, e.By)
		}
	}
	return names
}

// unload drops from memory what a check can find again.
func (l *list) unload() error {
	var err error
	if l.input != nil {
		err = l.input.Close()
	}
	if l.rows != nil {
		err = errors.Join(err, l.rows.close())
	}
	l.result, l.rows, l.input, l.overlay, l.outl, l.rules = nil, nil, nil, nil, nil, nil
	return err
}

// stage returns how far the list has come.
func (l *list) stage() api.ListState {
	switch {
	case l.job != nil && !l.job.isQuiet:
		return api.ListChecking
	case l.isFailed:
		return api.ListFailed
	case l.refusal != nil:
		return api.ListUnsettled
	case l.counts == nil:
		return api.ListChecking
	}
	return api.ListChecked
}

func (l *list) summary(reader string) api.ListSummary {
	last := &l.history[len(l.history)-1]
	sum := api.ListSummary{ID: l.id, Name: l.name(), Owner: l.owner(), Mine: l.owner() == reader, Made: l.first.At, Changed: last.At, State: l.stage(), Revision: l.revision(), Origin: l.first.Made.Origin}
	if l.counts != nil {
		sum.Counts = *l.counts
	}
	return sum
}

// isChecking reports whether the figures of the list do not count until a check has ended.
func (l *list) isChecking() bool { return l.job != nil && !l.job.hasFigures }

// job is a check under way.
type job struct {
	progress

	cancel     context.CancelFunc
	hasFigures bool // the figures of the list count meanwhile; only proposals are looked for
	isQuiet    bool // the page does not wait for it: its proposals are those of an earlier check
}

// ensureCheck begins a check if there is neither a result nor one under way.
func (l *list) ensureCheck() {
	if l.job == nil && l.result == nil && l.refusal == nil {
		l.startCheck()
	}
}

// refresh begins a check for new proposals: cells were corrected since the last one.
func (l *list) refresh() {
	if l.job == nil && l.result != nil && l.isOutOfDate {
		l.startCheck()
		if l.job != nil {
			l.job.hasFigures, l.job.isQuiet = true, true
		}
	}
}

// startCheck begins a check of the whole list as it is now, in place of one under way. The
// check goes on when the request that began it has ended; Store.Close ends it.
//
//nolint:contextcheck,nolintlint // see above; it reports the callers
func (l *list) startCheck() {
	l.stopCheck()
	if l.store.ctx.Err() != nil {
		return // closing
	}
	ctx, cancel := context.WithCancel(l.store.ctx)
	j := &job{cancel: cancel}
	j.total.Store(int64(l.knownRows()))
	l.job, l.isFailed, l.refusal, l.isOutOfDate = j, false, nil, false
	c := newCheck(l, j)
	l.writers.Add(1)
	l.store.checks.Go(func() {
		defer l.writers.Done()
		defer cancel()
		select {
		case l.store.turns <- struct{}{}:
		case <-ctx.Done():
			c.install(nil, ctx.Err())
			return
		}
		found, err := c.run(ctx)
		if c.install(found, err) {
			c.propose(ctx, found)
		}
		<-l.store.turns
		l.store.makeRoom(l)
	})
}

// restart begins a check of the list as if it had just been dropped: other rows may be
// read now.
func (l *list) restart() error {
	err := l.unload()
	l.counts = nil
	l.startCheck()
	return err
}

// knownRows returns how many rows the list has, 0 if that is not known.
func (l *list) knownRows() int {
	if l.counts == nil {
		return 0
	}
	return l.counts.Rows
}

// stopCheck ends the check under way. Its result does not count.
func (l *list) stopCheck() {
	if l.job != nil {
		l.job.cancel()
		l.job = nil
	}
}
