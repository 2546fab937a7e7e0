package lists

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/intake"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/validate"
)

// check is one check of a whole list, of the state that the list had at its begin. It
// holds no lock of the list while it runs.
type check struct {
	l     *list
	job   *job
	state *state
	base  source.Options // without decisions and corrections
	outl  *outline       // of an earlier check of the same settings; nil = none
	rows  *rowFile       // likewise
}

// found is what a check found.
type found struct {
	outl    *outline
	rows    *rowFile
	input   *source.Input
	overlay *overlayRef // that input corrects rows by
	rules   *validate.Rules
	result  *result
	refusal *api.Error // the list cannot be read; outl may be there

	candidates []decisions.Decision // that may help
}

// newCheck prepares a check of a list, which is locked.
func newCheck(l *list, j *job) *check {
	frozen := *l.state
	frozen.overlay = l.state.overlay.clone()
	c := &check{l: l, job: j, state: &frozen, base: l.store.baseOptions(&frozen)}
	if l.outl != nil && l.rows != nil && l.outl.key == settingsKey(&frozen) {
		c.outl, c.rows = l.outl, l.rows
	}
	return c
}

// settingsKey returns what decides which rows a file has.
func settingsKey(st *state) string {
	text, err := json.Marshal(st.settings)
	if err != nil {
		panic("lists: settings: " + err.Error()) // unreachable: strings and numbers always marshal
	}
	return string(text)
}

// run reads and checks the list.
func (c *check) run(ctx context.Context) (*found, error) {
	out := &found{outl: c.outl, rows: c.rows}
	if err := c.fill(ctx, out); err != nil {
		return nil, errors.Join(err, c.drop(out))
	}
	return out, nil
}

// drop closes what a check has opened and will not be used.
func (c *check) drop(out *found) error {
	var err error
	if out.rows != nil && out.rows != c.rows {
		err = out.rows.close()
	}
	if out.input != nil {
		err = errors.Join(err, out.input.Close())
	}
	return err
}

func (c *check) fill(ctx context.Context, out *found) (err error) {
	if out.rows == nil {
		if out.outl, out.rows, out.refusal, err = c.readRows(ctx); err != nil || out.refusal != nil {
			return err
		}
	}
	if out.rules, err = c.l.store.rulesOf(c.state); err != nil {
		return err
	}
	var opt source.Options
	opt, out.overlay = c.l.store.optionsOf(c.state)
	out.input, err = source.Open(ctx, []string{c.l.filePath()}, nil, opt)
	var e *source.Error
	if errors.As(err, &e) && !errors.Is(err, source.ErrChanged) { // a decision names a column that is not there
		refusal := InputRefusal(nameError(e, c.l.name()))
		out.refusal = &refusal
		return nil
	}
	if err != nil {
		return err
	}
	if out.input.Files()[0].SHA256 != c.l.first.Made.SHA256 { // somebody wrote into the folder
		return source.ErrChanged
	}
	out.result, err = c.checkRows(ctx, out)
	return err
}

// install makes what was found the result of the list, unless another check has begun
// since. It reports whether proposals are to be looked for.
func (c *check) install(out *found, err error) (goesOn bool) {
	l := c.l
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.job != c.job {
		if out != nil {
			err = errors.Join(err, c.drop(out))
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			l.store.log.Debug("a check was replaced", "list", l.id, "error", PlainError(err))
		}
		return false
	}
	l.job = nil
	if err != nil {
		l.fail(err)
		return false
	}
	if l.rows != nil && l.rows == out.rows {
		l.rows = nil // so that it stays open
	}
	if err := l.unload(); err != nil {
		l.store.log.Warn("closing a list", "list", l.id, "error", PlainError(err))
	}
	l.outl, l.rows, l.input, l.overlay, l.rules, l.result, l.refusal = out.outl, out.rows, out.input, out.overlay, out.rules, out.result, out.refusal
	l.counts = nil
	if l.result == nil {
		return false
	}
	counts := view{l}.countRows()
	l.counts = &counts
	if len(out.candidates) > 0 {
		c.job.hasFigures = true
		l.job = c.job
	}
	return l.job != nil
}

// propose looks for decisions that would help the list, while the page shows its rows.
func (c *check) propose(ctx context.Context, out *found) {
	proposals, withheld, err := c.tryCandidates(ctx, out)
	l := c.l
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.job != c.job: // the list was changed since
		return
	case err != nil && !errors.Is(err, context.Canceled):
		l.store.log.Error("looking for decisions", "list", l.id, "error", PlainError(err))
	}
	l.job, l.result.proposals, l.result.withheld = nil, proposals, withheld
}

// tryCandidates tries decisions on the rows as they were when the check began.
func (c *check) tryCandidates(ctx context.Context, out *found) (proposals, withheld []decisions.Proposal, err error) {
	opt, _ := c.l.store.optionsOf(c.state)
	in, err := source.Open(ctx, []string{c.l.filePath()}, nil, opt)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	proposals, withheld, err = decisions.Propose(ctx, in, out.rules, out.candidates)
	if isNothingLeft(err, c.state) {
		err = nil
	}
	return proposals, withheld, err
}

// fail notes why a check failed.
func (l *list) fail(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	l.isFailed = true
	refusal := api.Error{Code: "failed"}
	var e *source.Error
	switch err := nameInput(err, l.name()); {
	case errors.Is(err, source.ErrChanged):
		refusal.Code = "file_changed"
	case errors.As(err, &e):
		refusal = InputRefusal(e)
	}
	l.refusal = &refusal
	l.store.log.Error("a check failed", "list", l.id, "error", PlainError(err))
}

// progress is how far a check has come. It is safe for any number of goroutines.
type progress struct {
	rows  atomic.Int64
	begun atomic.Int64 // Unix nanoseconds of the first row
	total atomic.Int64 // 0 = not known yet
}

func (p *progress) set(rows int) {
	p.rows.Store(int64(rows))
	p.begun.CompareAndSwap(0, time.Now().UnixNano())
}

// describe returns the progress for the page.
func (p *progress) describe() *api.Progress {
	out := &api.Progress{Rows: int(p.rows.Load()), Total: int(p.total.Load())}
	if begun := p.begun.Load(); begun > 0 {
		if took := time.Since(time.Unix(0, begun)).Seconds(); took > 0 {
			out.PerSecond = float64(out.Rows) / took
		}
	}
	return out
}

// checkRows checks all rows as validate does.
func (c *check) checkRows(ctx context.Context, out *found) (*result, error) {
	n := len(out.rows.numbers)
	v := &visitor{rows: out.rows, fields: validate.Fields(), result: &result{rows: make([]rowState, n), kinds: map[kindKey]*kindCount{}, relations: newRelations(n)},
		rules: out.rules, proposer: decisions.Proposer{Rules: out.rules}, progress: &c.job.progress, most: c.l.store.most}
	c.job.total.Store(int64(n))
	batch := &intake.Batch{Input: out.input, OnRead: v.addRaws}
	tally, err := pipeline.Check(ctx, pipeline.Config{Input: batch, Environment: "check", Rules: out.rules, Log: c.l.store.log}, v.add, v.addNote)
	if isNothingLeft(err, c.state) {
		tally, err = ledger.Tally{Status: map[ledger.Status]int{}, Code: map[ledger.StatusCode]int{}}, nil
	}
	if err != nil {
		return nil, err
	}
	v.result.tally = tally
	v.countAll()
	v.nameLeftOut(c.state)
	out.candidates = v.proposer.Candidates(out.input.Files())
	return v.result, nil
}

// isNothingLeft reports whether a list was refused because all of its rows are left out.
func isNothingLeft(err error, st *state) bool {
	var e *source.Error
	hasLeft := len(st.overlay.left) > 0
	for _, d := range st.decided {
		hasLeft = hasLeft || d.Kind == decisions.LeaveOut
	}
	return hasLeft && errors.As(err, &e) && e.Reason == "no customer rows"
}
