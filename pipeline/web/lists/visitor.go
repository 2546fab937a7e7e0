package lists

import (
	"fmt"
	"sync"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

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
