package findings

import (
	"context"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
	"github.com/bulkonboard/bulkonboard/validate/columns"
)

// AddProposals adds the decisions that would help the list: each with how many cells
// it settles, examples and its flag. brief leaves out the last two, which the command
// below and --decide show. all says how to see what a terminal cuts.
func AddProposals(con *term.Console, p *term.Page, proposals []decisions.Proposal, files []source.File, brief bool, all string) {
	if len(proposals) == 0 {
		return
	}
	part := p.Section("Decide").CutWith(func(hidden int) string {
		return "and " + term.Count(hidden, "more line") + ": " + all
	})
	part.Text(term.Count(len(proposals), "proposal") + " about the whole list, for you to decide:")
	for i := range proposals {
		d := &proposals[i]
		text := d.Sentence(files)
		if brief {
			part.WideRow(term.Cell{Text: term.Number(d.Settled), Right: true}, term.Cell{Text: text})
			continue
		}
		text += " " + Effect(d)
		if examples := ExamplesText(d, files); examples != "" {
			text += " (" + examples + ")"
		}
		part.WideRow(term.Cell{Text: term.Number(d.Settled), Right: true}, term.Cell{Text: text})
		part.WideRow(term.Cell{}, term.Cell{Text: con.QuoteWords(d.FlagWords()...)})
	}
}

// AddWithheld adds the decisions that would help the list, but for rows that would
// become bad through other rows.
func AddWithheld(p *term.Page, withheld []decisions.Proposal, files []source.File) {
	if len(withheld) == 0 {
		return
	}
	part := p.Section("Not yet")
	part.Text("These decisions would make a good row bad. Correct or delete one of the two rows first:")
	for i := range withheld {
		d := &withheld[i]
		part.WideRow(term.Cell{Text: term.Number(d.Settled), Right: true}, term.Cell{Text: d.Sentence(files) + " " + term.Sentences(HarmText(&d.Harm, files)) + "."})
	}
}

// AddHarmful adds the decisions made that make rows bad which are good without them.
func AddHarmful(con *term.Console, p *term.Page, harmful []decisions.Proposal, files []source.File) {
	if len(harmful) == 0 {
		return
	}
	part := p.Section("Harm")
	part.Text("These decisions make rows bad that are good without them. Leave them out, unless you want that:")
	for i := range harmful {
		d := &harmful[i]
		part.WideRow(term.Cell{Text: term.Number(d.Harmed), Right: true}, term.Cell{Text: con.QuoteWords(d.FlagWords()...) + " (" + HarmText(&d.Harm, files) + ")"})
	}
}

// FindHarmful returns those of the decisions made, by flags or the map file, that make
// good rows bad. Decisions that change the reading are not among them, nor is what a
// row that becomes good takes from another one: a repeat is a finding of its own.
func FindHarmful(ctx context.Context, in *source.Input, rules *validate.Rules, made []decisions.Made) ([]decisions.Proposal, error) {
	before := *rules
	before.Values, before.PhoneRegion, before.PhonePlus = nil, "", false
	var list []decisions.Decision
	for _, m := range made {
		if !m.ChangesReading() {
			list = append(list, m.Decision)
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	tried, err := decisions.Evaluate(ctx, in, &before, list)
	return slices.DeleteFunc(tried, func(p decisions.Proposal) bool { return p.Harmed == 0 || p.Harm.Other.Row > 0 }), err
}

// HarmText names the row that a decision makes bad, and the other one that is to blame
// if there is one.
func HarmText(h *decisions.Harm, files []source.File) string {
	rowOf := func(x decisions.Example) string {
		return placesText("", []columns.Place{{File: x.File, Row: x.Row}}, 1, files)
	}
	switch {
	case h.Other.Row == 0:
		return rowOf(h.Row)
	case h.ByNumber:
		return rowOf(h.Other) + " would take the customer number of " + rowOf(h.Row)
	}
	return rowOf(h.Other) + " would take the e-mail of " + rowOf(h.Row) + ", which has other details"
}

// Effect returns what a decision does for the list.
func Effect(p *decisions.Proposal) string {
	switch {
	case p.Kind == decisions.LeaveOut:
		return term.Count(p.Settled, "row") + " left out."
	case p.Ready == 0:
		return term.Count(p.Settled, "cell") + " settled."
	}
	return term.Count(p.Settled, "cell") + " settled, " + term.Count(p.Ready, "more row") + " ready."
}

// ExamplesText returns the first cells of a decision, before and after.
func ExamplesText(p *decisions.Proposal, files []source.File) string {
	var list []string
	for _, x := range p.Examples {
		field := p.Field
		if p.Kind == decisions.PhoneRegion || p.Kind == decisions.PhonePlus {
			field = validate.FieldPhoneNumber
		}
		text := placesText(field, []columns.Place{{File: x.File, Row: x.Row}}, 1, files)
		if p.Kind != decisions.LeaveOut {
			text += ": " + x.Before + " → " + x.After
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// DecisionFlags returns the flags of all proposals.
func DecisionFlags(proposals []decisions.Proposal) []string {
	var flags []string
	for _, p := range proposals {
		flags = append(flags, p.FlagWords()...)
	}
	return flags
}

// OtherFlags returns the flags that correct whole columns, but for those that
// decisions are proposed for.
func (s *ColumnCheck) OtherFlags() []string {
	found := slices.DeleteFunc(s.columnFindings(), func(d columns.Finding) bool { return d.Field == validate.FieldPhoneNumber })
	return columns.Flags(found)
}
