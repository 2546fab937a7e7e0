package lists

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/intake"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
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
	if out.input, err = source.Open(ctx, []string{c.l.filePath()}, nil, opt); err != nil {
		return err
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

// readRows reads the rows as they are in the file. A refusal is one that a change of the
// settings may help against.
func (c *check) readRows(ctx context.Context) (outl *outline, rows *rowFile, refusal *api.Error, err error) {
	path := c.l.filePath()
	recorded := &recorder{}
	opt := c.base
	opt.Overlay = recorded
	in, err := source.Open(ctx, []string{path}, nil, opt)
	var e *source.Error
	if errors.As(err, &e) && !errors.Is(err, source.ErrChanged) {
		body := InputRefusal(nameError(e, c.l.name()))
		outl, err = c.outlineRefused(ctx)
		return outl, nil, &body, err
	}
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if outl, err = newOutline(ctx, path, in, settingsKey(c.state)); err != nil {
		return nil, nil, nil, err
	}
	pass, err := in.Rows(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() { err = errors.Join(err, pass.Close()) }()
	w, err := newRowWriter(c.l.dir)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := c.copyRows(pass, recorded, w, outl); err != nil {
		if errors.As(err, &e) && !errors.Is(err, source.ErrChanged) {
			body := InputRefusal(nameError(e, c.l.name()))
			return outl, nil, &body, w.close()
		}
		return nil, nil, nil, errors.Join(err, w.close())
	}
	outl.notes = in.Notes()
	rows, err = w.finish()
	return outl, rows, nil, err
}

// copyRows writes the records of the rows that a pass hands on.
func (c *check) copyRows(pass *source.Pass, recorded *recorder, w *rowWriter, outl *outline) error {
	for buf := make([]source.Row, 256); ; {
		n, err := pass.Read(buf)
		for i := range buf[:n] {
			rec, isThere := recorded.take(buf[i].Number)
			if !isThere {
				return fmt.Errorf("row %d was not recorded", buf[i].Number)
			}
			outl.addRow(rec.Cells)
			if err := w.add(&rec); err != nil {
				return err
			}
		}
		c.job.set(len(w.numbers))
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// recorder keeps the records that a pass reads until the pass hands their rows on.
type recorder struct{ waiting []table.Record }

var _ source.Overlay = (*recorder)(nil)

// Correct keeps a record as it is.
func (r *recorder) Correct(rec *table.Record) bool {
	r.waiting = append(r.waiting, *rec)
	return true
}

// Fingerprint returns "": nothing is corrected.
func (r *recorder) Fingerprint() string { return "" }

// take returns the record of a row, and drops those before it: they are no customers.
func (r *recorder) take(number int) (table.Record, bool) {
	for i, rec := range r.waiting {
		if rec.Number == number {
			r.waiting = append(r.waiting[:0], r.waiting[i+1:]...)
			return rec, true
		}
	}
	return table.Record{}, false
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

// visitor sees the rows of a check. The reader shows it what a row holds, the check what
// it says of the row, in the same order; what a row holds waits here in between.
type visitor struct {
	rows     *rowFile
	fields   validate.FieldTable
	rules    *validate.Rules
	result   *result
	proposer decisions.Proposer
	progress *progress
	most     int // findings that are kept

	at      int   // index of the next row
	indexes []int // of the rows by their ordinal in the check
	count   int

	mu      sync.Mutex
	waiting []validate.Raw
	taken   int
}

// addRaws keeps what the reader hands on.
func (v *visitor) addRaws(raws []validate.Raw, _ int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.taken > 0 && len(v.waiting)+len(raws) > cap(v.waiting) {
		v.waiting, v.taken = append(v.waiting[:0], v.waiting[v.taken:]...), 0
	}
	v.waiting = append(v.waiting, raws...)
}

func (v *visitor) next() (raw validate.Raw, isThere bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.taken == len(v.waiting) {
		return raw, false
	}
	raw = v.waiting[v.taken]
	v.taken++
	return raw, true
}

// add adds what the check says of a row.
func (v *visitor) add(r ledger.Row) error {
	for v.at < len(v.rows.numbers) && int(v.rows.numbers[v.at]) < r.Number {
		v.at++ // left out
	}
	raw, isThere := v.next()
	if !isThere || v.at == len(v.rows.numbers) || int(v.rows.numbers[v.at]) != r.Number {
		return fmt.Errorf("row %d: %w", r.Number, source.ErrChanged)
	}
	row := &v.result.rows[v.at]
	*row = newRowState(&r, func(ordinal int) int32 { return v.rows.numbers[v.indexes[ordinal]] })
	v.indexes = append(v.indexes, v.at)
	v.result.relations.set(v.at, v.result.relations.keysOf(&r, func() validate.Result { return v.rules.Check(raw) }))
	var problems []validate.Problem
	for _, f := range r.Findings {
		problems = append(problems, validate.Problem(f))
	}
	v.proposer.Add(&raw, problems)
	row.noteWarnings()
	v.result.countWords(row, &raw, v.fields, 1)
	if v.result.kept += len(row.findings); v.result.kept > v.most {
		v.drop(row)
	}
	v.at++
	if v.count++; v.count%1024 == 0 {
		v.progress.set(v.count)
	}
	return nil
}

// drop counts the findings of a row without keeping them.
func (v *visitor) drop(row *rowState) {
	v.result.count(row, 1)
	v.result.kept -= len(row.findings)
	v.result.unlisted += len(row.findings)
	row.findings = nil
}

// newRowState returns the state of a row that was checked.
func newRowState(r *ledger.Row, numberOf func(ordinal int) int32) rowState {
	row := rowState{status: ledger.RowStatus(r.Verdict, r.OtherClaims(), ledger.Customer{}), findings: r.Findings}
	if r.Repeats >= 0 {
		row.repeats = numberOf(r.Repeats)
	}
	return row
}

// addNote adds what later rows say of an earlier one.
func (v *visitor) addNote(n ledger.RowNote) {
	row := &v.result.rows[v.indexes[n.Ordinal]]
	if n.Repeats >= 0 {
		row.repeats = v.rows.numbers[v.indexes[n.Repeats]]
	}
	row.findings = append(row.findings[:len(row.findings):len(row.findings)], n.Finding)
	row.noteWarnings()
	v.result.kept++
}

// countAll counts the findings of all rows.
func (v *visitor) countAll() {
	for i := range v.result.rows {
		v.result.count(&v.result.rows[i], 1)
	}
}

// noteWarnings notes whether a row has a warning.
func (r *rowState) noteWarnings() {
	for _, f := range r.findings {
		r.hasWarn = r.hasWarn || f.Warning
	}
}

// nameLeftOut says of the rows that were not checked why they are left out.
func (v *visitor) nameLeftOut(st *state) {
	for i := range v.result.rows {
		if row := &v.result.rows[i]; row.isLeftOut() {
			row.why = whyLeftOut(st, int(v.rows.numbers[i]))
		}
	}
}

// whyLeftOut returns why a row is left out.
func whyLeftOut(st *state, number int) string {
	if why, isLeft := st.overlay.left[number]; isLeft {
		return why
	}
	if _, isEdited := st.overlay.cells[number]; isEdited {
		return "no longer a customer"
	}
	return "as decided for such rows"
}
