package decisions

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Evaluate tries decisions, one after the other, on every row of a list, by the
// rules that a run uses.
func Evaluate(ctx context.Context, in Input, rules *validate.Rules, list []Decision) ([]Proposal, error) {
	e, err := newEvaluation(in.Files(), rules, list)
	if err != nil {
		return nil, err
	}
	if err := e.readRows(ctx, in, e.addRow); err != nil {
		return nil, err
	}
	if len(e.claims.suspect) > 0 {
		if err := e.readRows(ctx, in, e.addSuspect); err != nil {
			return nil, err
		}
	}
	return e.proposals, nil
}

// readRows reads a list from its start and calls add with each row.
func (e *evaluation) readRows(ctx context.Context, in Input, add func(*source.Row, *validate.Raw)) (err error) {
	pass, err := in.Rows(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pass.Close()) }()
	rows, raws := make([]source.Row, 256), []validate.Raw(nil)
	for {
		n, failed := pass.Read(rows)
		if n > 0 {
			if err := source.Decode(rows[:n], &raws); err != nil {
				return err
			}
		}
		for i := range rows[:n] {
			raws[i].Extra = rows[i].Send
			add(&rows[i], &raws[i])
		}
		if errors.Is(failed, io.EOF) {
			return nil
		}
		if failed != nil {
			return failed
		}
	}
}

// evaluation is decisions that are tried on rows.
type evaluation struct {
	proposals []Proposal
	steps     []validate.Rules // after each decision; the first is before all
	words     []string         // of each decision of kind Word, folded
	cells     []func(*validate.Raw) *string
	columns   [][][]int // of each decision of kind Join: its columns by file

	folded map[string]foldedCell // by field: the last cell that was looked at
	claims claims

	was, now validate.Result // of the row that is tried, before and after a decision
}

// foldedCell is a cell and its word. Many rows have the same ones.
type foldedCell struct{ cell, word string }

func newEvaluation(files []source.File, rules *validate.Rules, list []Decision) (*evaluation, error) {
	e := &evaluation{steps: []validate.Rules{*rules}, folded: map[string]foldedCell{}}
	table := validate.Fields()
	e.claims = claims{seed: maphash.MakeSeed(), fields: table, above: map[uint64]struct{}{}, newest: map[uint64]int{}, suspect: map[uint64]struct{}{}, owners: map[uint64][]owner{}}
	for _, d := range list {
		next := e.steps[len(e.steps)-1]
		next.Values = next.Values.Clone()
		if err := d.ApplyRules(&next); err != nil {
			return nil, err
		}
		var cell func(*validate.Raw) *string
		if i := slices.Index(table.Names(), d.targetField()); i >= 0 {
			cell = table[i].Cell
		}
		var columns [][]int
		for _, f := range files {
			var at []int
			for _, header := range d.Columns {
				at = append(at, slices.Index(f.Header, header))
			}
			columns = append(columns, at)
		}
		e.proposals = append(e.proposals, Proposal{Decision: d})
		e.steps, e.cells, e.words = append(e.steps, next), append(e.cells, cell), append(e.words, validate.FoldWord(d.From))
		e.columns = append(e.columns, columns)
	}
	return e, nil
}

// targetField returns the field whose problems a decision solves, "" if rows.
func (d Decision) targetField() string {
	switch d.Kind {
	case PhoneRegion, PhonePlus:
		return validate.FieldPhoneNumber
	}
	return d.Field
}

// addRow tries all decisions on one row.
func (e *evaluation) addRow(row *source.Row, raw *validate.Raw) {
	isFaulty, isTried, after := hasFault(row), false, never
	e.tryRow(row, raw, func(i int, cell string, was, now *validate.Result) {
		if !isTried && was.Valid() && !isFaulty {
			after = 0
		}
		isTried = true
		p := &e.proposals[i]
		switch {
		case now == nil:
			p.Settled++
			p.addExample(Example{File: row.File, Row: row.Number})
			if was.Valid() && !isFaulty {
				p.addHarm(Harm{Row: Example{File: row.File, Row: row.Number}})
			}
			after = never
		case p.compareResults(row, cell, was, now, isFaulty):
			after = i + 1
		}
	})
	e.claims.notice(row, raw, isTried, func() int {
		if isTried || isFaulty || !e.steps[0].CheckPresent(*raw).Valid() {
			return after
		}
		return 0
	})
}

// addSuspect tries all decisions on a row whose e-mail or number another one may take.
func (e *evaluation) addSuspect(row *source.Row, raw *validate.Raw) {
	if !e.claims.isSuspect(row, raw) || hasFault(row) {
		return
	}
	first := e.steps[0].CheckPresent(*raw)
	results := make([]*validate.Result, len(e.steps)) // after so many decisions; nil if the row is left out
	for i := range results {
		results[i] = &first
	}
	e.tryRow(row, raw, func(i int, _ string, _, now *validate.Result) {
		if now != nil {
			kept := *now
			now = &kept
		}
		for k := i + 1; k < len(results); k++ {
			results[k] = now
		}
	})
	wasReady := false
	for k, res := range results {
		isReady, harm := false, (*Harm)(nil)
		isGood := res != nil && res.Valid()
		if isGood {
			isReady, harm = e.claims.claim(row, res, k)
		}
		if k > 0 {
			wasGood := results[k-1] != nil && results[k-1].Valid()
			e.proposals[k-1].Ready += oneIf(isReady) - oneIf(wasReady) - oneIf(isGood && !wasGood) // the last is what the first reading counted
			if wasReady && harm != nil {
				e.proposals[k-1].addHarm(*harm)
			}
		}
		wasReady = isReady
	}
}

func oneIf(condition bool) int {
	if condition {
		return 1
	}
	return 0
}

func hasFault(row *source.Row) bool {
	_, isFaulty := validate.CustomerNumberProblem(row.ID)
	return isFaulty || slices.ContainsFunc(row.Issues, func(is source.Issue) bool { return !is.Warning })
}

// tryRow makes all decisions on one row, which is changed. It calls try with each that
// concerns the row: which it is, the cell, and the results before and after. After is
// nil if the row is left out. Both are valid until try returns.
func (e *evaluation) tryRow(row *source.Row, raw *validate.Raw, try func(i int, cell string, was, now *validate.Result)) {
	isChecked := false
	for i := range e.proposals {
		p := &e.proposals[i]
		if !e.concernsRow(i, row, raw) {
			continue
		}
		if !isChecked { // most rows are concerned by nothing
			e.was, isChecked = e.steps[i].CheckPresent(*raw), true
		}
		if p.Kind == LeaveOut {
			if p.isLeftOut(row, &e.was) {
				try(i, "", &e.was, nil)
				return
			}
			continue
		}
		cell := ""
		if e.cells[i] != nil {
			cell = *e.cells[i](raw)
		}
		if p.Kind == Join {
			*e.cells[i](raw) = joinCells(row.Cells, e.columns[i][row.File])
		}
		e.now = e.steps[i+1].Recheck(*raw, &e.was, p.targetField())
		try(i, cell, &e.was, &e.now)
		e.was = e.now
	}
}

// concernsRow reports whether a decision may change a row.
func (e *evaluation) concernsRow(i int, row *source.Row, raw *validate.Raw) bool {
	switch p := &e.proposals[i]; p.Kind {
	case Word:
		cell := *e.cells[i](raw)
		if f := e.folded[p.Field]; f.cell != cell || f.cell == "" {
			e.folded[p.Field] = foldedCell{cell, validate.FoldWord(cell)}
		}
		return e.folded[p.Field].word == e.words[i]
	case PhoneRegion, PhonePlus:
		return !strings.HasPrefix(strings.TrimSpace(raw.PhoneNumber), "+")
	case Join:
		at := e.columns[i][row.File]
		return !slices.Contains(at, -1) && slices.ContainsFunc(at[1:], func(c int) bool { return c < len(row.Cells) && row.Cells[c] != "" })
	case LeaveOut:
		return p.To == source.NoCustomerRows || len(row.Issues) > 0
	}
	return false
}

// isLeftOut reports whether a decision of kind LeaveOut leaves out a row.
func (d Decision) isLeftOut(row *source.Row, checked *validate.Result) bool {
	if d.To == source.StruckOutRows {
		return slices.ContainsFunc(row.Issues, func(is source.Issue) bool { return is.Code == "struck_out_row" })
	}
	return slices.ContainsFunc(checked.Problems, func(p validate.Problem) bool { return p.Code == validate.CodeNoCustomer })
}

func hasProblemIn(r *validate.Result, field string) bool {
	return slices.ContainsFunc(r.Problems, func(p validate.Problem) bool { return p.Field == field && !p.Warning })
}

func hasCode(r *validate.Result, code string) bool {
	return slices.ContainsFunc(r.Problems, func(p validate.Problem) bool { return p.Code == code })
}

// joinCells joins cells as the reader does.
func joinCells(cells []string, columns []int) string {
	var parts []string
	for _, c := range columns {
		if c < len(cells) && strings.TrimSpace(cells[c]) != "" {
			parts = append(parts, strings.TrimSpace(cells[c]))
		}
	}
	return strings.Join(parts, " ")
}
