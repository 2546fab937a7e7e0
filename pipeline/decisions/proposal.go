package decisions

import (
	"context"
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
	Harm     Harm      // the first of them
	Examples []Example // the first three cells

	misfit int // numbers that it reads as ones of another country than the row's, or not at all
}

// Harm is a row that a decision makes bad.
type Harm struct {
	Row      Example
	Other    Example // the row that becomes good, and takes its e-mail or number; row 0 = none
	ByNumber bool    // the two rows have one customer number, and two e-mails
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
//
// withheld are those that would help, but do harm through other rows: one of the two
// has to be corrected first.
func Propose(ctx context.Context, in Input, rules *validate.Rules, candidates []Decision) (list, withheld []Proposal, err error) {
	for len(candidates) > 0 {
		tried, err := Evaluate(ctx, in, rules, candidates)
		if err != nil {
			return nil, nil, err
		}
		harmful := slices.IndexFunc(tried, func(p Proposal) bool { return p.Harmed > 0 || p.isGuess() })
		if harmful < 0 {
			return slices.DeleteFunc(tried, func(p Proposal) bool { return p.Settled == 0 }), withheld, nil
		}
		candidates = slices.Clone(candidates)
		if p := &tried[harmful]; p.Harm.Other.Row > 0 && !p.isGuess() {
			withheld = append(withheld, *p)
		} else if d := &candidates[harmful]; d.Kind == PhoneRegion && d.To != validate.RegionColumn {
			d.To = validate.RegionColumn
			continue
		}
		candidates = slices.Delete(candidates, harmful, harmful+1)
	}
	return nil, withheld, nil
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

// compareResults counts what a decision changed in a row. It reports whether the row
// becomes good.
func (p *Proposal) compareResults(row *source.Row, cell string, before, after *validate.Result, isFaulty bool) (becameGood bool) {
	wasGood, isGood := before.Valid() && !isFaulty, after.Valid() && !isFaulty
	number := before.User.PhoneNumber
	switch {
	case wasGood && !isGood, number != "" && number != after.User.PhoneNumber && p.Kind != Join:
		p.addHarm(Harm{Row: Example{File: row.File, Row: row.Number}})
	case !wasGood && isGood:
		p.Ready++
		becameGood = true
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
	return becameGood
}

func (p *Proposal) addHarm(h Harm) {
	if p.Harmed++; p.Harmed == 1 || p.Harm.Other.Row == 0 && h.Other.Row > 0 {
		p.Harm = h
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
