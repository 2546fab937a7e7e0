package lists

import (
	"context"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/intake"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/validate"
)

// maxRecheck is how many rows are checked again while the browser waits. When a change
// concerns more, the whole list is checked in the background.
const maxRecheck = 5000

// changedRow is a row whose cells may have changed, before and after.
type changedRow struct {
	index         int
	before, after *pipeline.Row // nil = left out
	keys          [relationKinds]uint64
}

// recheck checks again what a change of some rows concerns: these rows, and those with
// the e-mail, customer number, or name and phone number that one of them had or has.
// Nothing else can depend on them. before is the corrections of these rows before the
// change. It returns the rows whose state changed; isDone is false if the whole list has
// to be checked. The list is locked.
func (l *list) recheck(ctx context.Context, numbers []int, before *overlay) (changed []int, isDone bool, err error) {
	if len(numbers) > maxRecheck {
		return nil, false, nil
	}
	var rows []changedRow
	for _, number := range numbers {
		i, isThere := l.rows.find(number)
		if !isThere || l.isCut(i) {
			return nil, false, nil
		}
		row, err := l.readChanged(i, before)
		if err != nil {
			return nil, false, err
		}
		rows = append(rows, row)
	}
	concerned := l.findConcerned(rows)
	if len(concerned) > maxRecheck {
		return nil, false, nil
	}
	old, now, err := l.pairRows(concerned, rows)
	if err != nil {
		return nil, false, err
	}
	was, err := l.checkSome(ctx, old)
	if err != nil {
		return nil, false, err
	}
	is, err := l.checkSome(ctx, now)
	if err != nil {
		return nil, false, err
	}
	l.countChanges(rows, was, is)
	for _, i := range concerned {
		if l.replaceRow(i, was, is) || slices.ContainsFunc(rows, func(r changedRow) bool { return r.index == i }) {
			changed = append(changed, i)
		}
	}
	l.result.dropEmptyKinds()
	for _, r := range rows {
		l.result.relations.set(r.index, r.keys)
	}
	addTally(&l.result.tally, was.tally, -1)
	addTally(&l.result.tally, is.tally, 1)
	counts := view{l}.countRows()
	l.counts = &counts
	return changed, true, nil
}

// isCut reports whether a row of a text was cut in two or is shifted: what is said of it
// depends on the row below.
func (l *list) isCut(i int) bool {
	return slices.ContainsFunc(l.result.rows[i].findings, func(f ledger.Finding) bool { return f.Code == "columns" })
}

// readChanged returns a row before and after a change.
func (l *list) readChanged(i int, before *overlay) (changedRow, error) {
	row := changedRow{index: i}
	var err error
	if row.before, err = l.makeRow(i, before); err != nil {
		return row, err
	}
	if row.after, err = l.makeRow(i, l.state.overlay); err != nil || row.after == nil {
		return row, err
	}
	res := l.rules.Check(row.after.Raw)
	drafted := ledger.Row{Identity: res.Identity, SenderID: row.after.ID, Verdict: ledger.Invalid}
	row.keys = l.result.relations.keysOf(&drafted, func() validate.Result { return res })
	return row, nil
}

// makeRow returns a row with some corrections, nil if it is left out.
func (l *list) makeRow(i int, corrections *overlay) (*pipeline.Row, error) {
	rec, err := l.rows.read(i)
	if err != nil {
		return nil, err
	}
	var above table.Record
	if i > 0 {
		if above, err = l.rows.read(i - 1); err != nil {
			return nil, err
		}
		corrections.Correct(&above)
	}
	l.overlay.now = corrections
	row, isRead := l.input.RowOf(rec, above.Cells)
	l.overlay.now = l.state.overlay
	if !isRead {
		return nil, nil
	}
	rows, err := intake.RowsOf([]source.Row{row})
	if err != nil {
		return nil, err
	}
	return &rows[0], nil
}

// findConcerned returns the rows that a change concerns.
func (l *list) findConcerned(rows []changedRow) []int {
	var indexes []int
	var keys [][relationKinds]uint64
	for _, r := range rows {
		indexes, keys = append(indexes, r.index), append(keys, r.keys)
	}
	return l.result.relations.closure(indexes, keys)
}

// pairRows returns the rows with some indexes before and after a change, without those
// that are left out.
func (l *list) pairRows(indexes []int, changed []changedRow) (old, now []pipeline.Row, err error) {
	byIndex := map[int]*changedRow{}
	for i := range changed {
		byIndex[changed[i].index] = &changed[i]
	}
	for _, i := range indexes {
		row := byIndex[i]
		if row == nil {
			same, err := l.makeRow(i, l.state.overlay)
			if err != nil {
				return nil, nil, err
			}
			row = &changedRow{before: same, after: same}
		}
		if row.before != nil {
			old = append(old, *row.before)
		}
		if row.after != nil {
			now = append(now, *row.after)
		}
	}
	return old, now, nil
}

// someRows is what a check of some rows says, by row number.
type someRows struct {
	tally  ledger.Tally
	states map[int]*rowState
}

// checkSome checks some rows on their own.
func (l *list) checkSome(ctx context.Context, rows []pipeline.Row) (someRows, error) {
	out := someRows{states: map[int]*rowState{}}
	if len(rows) == 0 {
		return out, nil
	}
	number := func(ordinal int) int32 { return int32(rows[ordinal].Number) }
	each := func(r ledger.Row) error {
		row := newRowState(&r, number)
		out.states[r.Number] = &row
		return nil
	}
	noted := func(n ledger.RowNote) {
		row := out.states[rows[n.Ordinal].Number]
		if n.Repeats >= 0 {
			row.repeats = number(n.Repeats)
		}
		row.findings = append(slices.Clip(row.findings), n.Finding)
	}
	var err error
	out.tally, err = pipeline.Check(ctx, pipeline.Config{Input: pipeline.FromRows("list", rows...), Environment: "check", Rules: l.rules, Log: l.store.log}, each, noted)
	for _, row := range out.states {
		row.noteWarnings()
	}
	return out, err
}

// countChanges counts the words of the changed rows.
func (l *list) countChanges(rows []changedRow, was, is someRows) {
	fields := validate.Fields()
	for _, r := range rows {
		if r.before != nil {
			l.result.countWords(was.states[r.before.Number], &r.before.Raw, fields, -1)
		}
		if r.after != nil {
			l.result.countWords(is.states[r.after.Number], &r.after.Raw, fields, 1)
		}
	}
}

// replaceRow replaces the state of a row, and reports whether it changed.
func (l *list) replaceRow(i int, was, is someRows) bool {
	number := int(l.rows.numbers[i])
	old, now := was.states[number], is.states[number]
	if old != nil {
		l.result.count(old, -1)
	}
	next := rowState{}
	if now != nil {
		l.result.count(now, 1)
		next = *now
	} else {
		next.why = whyLeftOut(l.state, number)
	}
	stored := &l.result.rows[i]
	isSame := stored.status == next.status && stored.repeats == next.repeats && stored.why == next.why && slices.Equal(stored.findings, next.findings)
	if isDropped := old != nil && len(stored.findings) < len(old.findings); isDropped {
		l.result.unlisted -= len(old.findings) - len(stored.findings)
	}
	l.result.kept += len(next.findings) - len(stored.findings)
	*stored = next
	return !isSame
}
