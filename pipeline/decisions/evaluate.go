package decisions

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Proposal is a decision and what it changes, given those before it.
type Proposal struct {
	Decision
	Settled  int       // cells whose problem it solves, or rows that it leaves out
	Ready    int       // rows that become good
	Harmed   int       // rows that become bad, or whose number becomes another one
	Examples []Example // the first three cells

	misfit int // numbers that it reads as ones of another country than the row's, or not at all
}

// Example is a cell before and after a decision, with its middle hidden unless it is
// a word.
type Example struct {
	File, Row     int
	Before, After string
}

// maxExamples is how many examples a proposal has.
const maxExamples = 3

// Input is a list that can be read from its start as often as needed, such as
// *source.Input.
type Input interface {
	Rows(ctx context.Context) (*source.Pass, error)
	Files() []source.File
}

// Propose returns the decisions among the candidates that help: each solves the
// problem of a cell, and none makes a good row bad. It reads the list once for all,
// and once more for each candidate that does harm. rules are not changed.
func Propose(ctx context.Context, in Input, rules *validate.Rules, candidates []Decision) ([]Proposal, error) {
	for len(candidates) > 0 {
		tried, err := Evaluate(ctx, in, rules, candidates)
		if err != nil {
			return nil, err
		}
		harmful := slices.IndexFunc(tried, func(p Proposal) bool { return p.Harmed > 0 || p.isGuess() })
		if harmful < 0 {
			return slices.DeleteFunc(tried, func(p Proposal) bool { return p.Settled == 0 }), nil
		}
		candidates = slices.Clone(candidates)
		if d := &candidates[harmful]; d.Kind == PhoneRegion && d.To != validate.RegionColumn {
			d.To = validate.RegionColumn
			continue
		}
		candidates = slices.Delete(candidates, harmful, harmful+1)
	}
	return nil, nil
}

// isGuess reports whether the numbers that a decision reads fit the rows badly.
func (p *Proposal) isGuess() bool {
	switch {
	case p.Kind == PhonePlus:
		return p.misfit*2 > p.Settled
	case p.Kind == PhoneRegion && p.To != validate.RegionColumn:
		return p.misfit*10 > p.Settled+p.misfit
	}
	return false
}

// Evaluate tries decisions, one after the other, on every row of a list, by the
// rules that a run uses.
func Evaluate(ctx context.Context, in Input, rules *validate.Rules, list []Decision) (tried []Proposal, err error) {
	e, err := newEvaluation(in.Files(), rules, list)
	if err != nil {
		return nil, err
	}
	pass, err := in.Rows(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pass.Close()) }()
	rows, raws := make([]source.Row, 256), []validate.Raw(nil)
	for {
		n, failed := pass.Read(rows)
		if n > 0 {
			if err := source.Decode(rows[:n], &raws); err != nil {
				return nil, err
			}
		}
		for i := range rows[:n] {
			raws[i].Extra = rows[i].Send
			e.addRow(&rows[i], raws[i])
		}
		if errors.Is(failed, io.EOF) {
			return e.proposals, nil
		}
		if failed != nil {
			return nil, failed
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
}

// foldedCell is a cell and its word. Many rows have the same ones.
type foldedCell struct{ cell, word string }

func newEvaluation(files []source.File, rules *validate.Rules, list []Decision) (*evaluation, error) {
	e := &evaluation{steps: []validate.Rules{*rules}, folded: map[string]foldedCell{}}
	table := validate.Fields()
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
func (e *evaluation) addRow(row *source.Row, raw validate.Raw) {
	_, isFaulty := validate.CustomerNumberProblem(row.ID)
	isFaulty = isFaulty || slices.ContainsFunc(row.Issues, func(is source.Issue) bool { return !is.Warning })
	var before validate.Result
	isChecked := false
	for i := range e.proposals {
		p := &e.proposals[i]
		if !e.concernsRow(i, row, &raw) {
			continue
		}
		if !isChecked { // most rows are concerned by nothing
			before, isChecked = e.steps[i].CheckPresent(raw), true
		}
		if p.Kind == LeaveOut {
			if p.isLeftOut(row, &before) {
				p.Settled++
				p.addExample(Example{File: row.File, Row: row.Number})
				if before.Valid() && !isFaulty {
					p.Harmed++
				}
				return
			}
			continue
		}
		cell := ""
		if e.cells[i] != nil {
			cell = *e.cells[i](&raw)
		}
		if p.Kind == Join {
			*e.cells[i](&raw) = joinCells(row.Cells, e.columns[i][row.File])
		}
		after := e.steps[i+1].Recheck(raw, &before, p.targetField())
		p.compareResults(row, cell, &before, &after, isFaulty)
		before = after
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

// compareResults counts what a decision changed in a row.
func (p *Proposal) compareResults(row *source.Row, cell string, before, after *validate.Result, isFaulty bool) {
	wasGood, isGood := before.Valid() && !isFaulty, after.Valid() && !isFaulty
	number := before.User.PhoneNumber
	switch {
	case wasGood && !isGood, number != "" && number != after.User.PhoneNumber && p.Kind != Join:
		p.Harmed++
	case !wasGood && isGood:
		p.Ready++
	}
	field := p.targetField()
	hadProblem, hasProblem := hasProblemIn(before, field), hasProblemIn(after, field)
	switch {
	case hadProblem && !hasProblem, p.Kind == Join && !hasProblem:
		if p.isOfAnotherCountry(after) {
			p.misfit++
		}
		if p.Settled++; len(p.Examples) < maxExamples {
			p.addExample(p.newExample(row, cell, after))
		}
	case p.Kind == PhoneRegion && p.To != validate.RegionColumn && hasCode(before, validate.CodePhoneNoCountry) && hasCode(after, validate.CodePhoneInvalid):
		p.misfit++
	}
}

// isOfAnotherCountry reports whether a number that a decision reads is not one of its
// row's country.
func (p *Proposal) isOfAnotherCountry(after *validate.Result) bool {
	return p.targetField() == validate.FieldPhoneNumber && hasCode(after, validate.CodePhoneCountry)
}

func (p *Proposal) addExample(x Example) {
	if len(p.Examples) < maxExamples && (x.Before != "" || x.After != "" || p.Kind == LeaveOut) {
		p.Examples = append(p.Examples, x)
	}
}

// newExample returns what a decision made of a cell.
func (p *Proposal) newExample(row *source.Row, cell string, after *validate.Result) Example {
	x := Example{File: row.File, Row: row.Number, Before: strings.TrimSpace(cell)}
	for _, f := range validate.Fields() {
		if f.Name == p.targetField() {
			x.After = f.Value(&after.User)
		}
	}
	if p.Kind != Word {
		x.Before, x.After = maskMiddle(x.Before), maskMiddle(x.After)
	}
	return x
}

// maskMiddle hides the middle of a value.
func maskMiddle(value string) string {
	letters := []rune(value)
	const shown = 2
	switch {
	case len(letters) == 0:
		return ""
	case len(letters) <= 2*shown+1:
		return string(letters[:1]) + "•••"
	}
	head := shown
	if letters[0] == '+' {
		head++
	}
	return string(letters[:head]) + "•••" + string(letters[len(letters)-shown:])
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
