package lists

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/messages"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/validate"
)

const (
	shownChanges = 50
	shownValues  = 50 // of a kind
)

// view is a list as the page shows it. The list is locked.
type view struct{ *list }

// countRows counts the rows of a list that was checked.
func (l view) countRows() api.Counts {
	c := api.Counts{Rows: len(l.result.rows), Edited: len(l.state.overlay.cells), Cells: l.state.overlay.countCells()}
	for i := range l.result.rows {
		row := &l.result.rows[i]
		switch row.status {
		case ledger.Pending:
			c.Ready++
		case ledger.Invalid:
			c.ToCorrect++
		case ledger.DuplicateInInput:
			c.Repeats++
		default:
			c.LeftOut++
			continue
		}
		if row.hasWarn {
			c.Look++
		}
	}
	return c
}

// describe returns everything that is known of a list but its rows.
func (l view) describe(reader string) api.List {
	first := l.first.Made
	out := api.List{ListSummary: l.summary(reader), Size: first.Size, SHA256: first.SHA256, Kind: kindOf(l.filePath()), Refusal: l.refusal, Readings: readingsOf(l.refusal),
		Sheets: []api.Sheet{}, Head: []api.HeadRow{}, Columns: []api.Column{}, Fields: []api.Field{}, Missing: []string{}, Unclear: []string{}, Notes: []api.Note{}, Settings: l.state.settings,
		Proposals: []api.Proposal{}, Withheld: []api.Proposal{}, Decisions: []api.Decision{}, Changes: l.describeChanges()}
	if l.job != nil {
		out.Progress = l.job.describe()
	}
	out.Statuses, out.Problems, out.Kinds = l.describeFindings()
	if l.outl == nil {
		return out
	}
	l.describeOutline(&out)
	files := []source.File{l.outl.file}
	if offered := l.offerMapping(); offered != nil && l.owner() == reader && l.job == nil {
		out.Offered = offered.describe(files)
	}
	for _, d := range l.state.decided {
		out.Decisions = append(out.Decisions, describeDecision(d.Decision, files))
		made := &out.Decisions[len(out.Decisions)-1]
		made.ID, made.By, made.At = d.event, d.By, d.At
	}
	if l.result == nil {
		return out
	}
	out.Command, out.Unlisted = l.command(), l.result.unlisted
	for _, p := range l.result.proposals {
		out.Proposals = append(out.Proposals, describeProposal(&p, files))
	}
	for _, p := range l.result.withheld {
		withheld := describeProposal(&p, files)
		withheld.Harm = describeHarm(&p.Harm)
		out.Withheld = append(out.Withheld, withheld)
	}
	return out
}

// describeOutline adds what is known of the file.
func (l view) describeOutline(out *api.List) {
	o := l.outl
	out.Kind = o.file.Kind
	out.Unclear = append(out.Unclear, o.unclear...)
	out.Sheets, out.Head = append(out.Sheets, o.sheets...), append(out.Head, o.head...)
	for _, n := range o.notes {
		out.Notes = append(out.Notes, api.Note{Code: n.Code, Message: n.Message, Warning: n.Warning})
	}
	mapped := map[string]int{}
	for i, m := range o.file.Mapped {
		column := api.Column{Index: i, Letter: table.ColumnName(i + 1), Heading: m.Header, Field: m.Field, FoundBy: l.foundBy(&m), Examples: []string{}, Hidden: slices.Contains(o.file.Hidden, i)}
		if i < len(o.filled) {
			column.Filled, column.Examples = o.filled[i], append(column.Examples, o.examples[i]...)
		}
		if m.Field != "" {
			mapped[m.Field] = i
		}
		out.Columns = append(out.Columns, column)
	}
	defaults := l.store.defaultsOf(l.state)
	for _, f := range validate.Fields() {
		field := api.Field{Name: f.Name, Required: f.Required, Defaultable: f.Defaultable, Column: -1, Choices: append([]string{}, f.Choices()...), Rule: f.Rule, Example: f.Example, Near: []int{}}
		at, isMapped := mapped[f.Name]
		if isMapped {
			field.Column = at
		}
		isMissing := f.Required && !isMapped && defaults[f.Name] == ""
		if isMissing {
			out.Missing = append(out.Missing, f.Name)
		}
		if isMissing || slices.Contains(o.unclear, f.Name) {
			field.Near = o.nearColumns(&f)
		}
		out.Fields = append(out.Fields, field)
	}
	sort.SliceStable(out.Fields, func(i, j int) bool { return out.Fields[i].Required && !out.Fields[j].Required })
}

// nearColumns returns the columns that are not read and whose heading has a part of a
// field's name.
func (o *outline) nearColumns(f *validate.Field) []int {
	near := []int{}
	names := append(f.Aliases(), strings.ToLower(f.Name))
	for i, m := range o.file.Mapped {
		heading := strings.Join(strings.FieldsFunc(strings.ToLower(m.Header), func(r rune) bool { return strings.ContainsRune(" -_./()", r) }), "")
		isNear := func(name string) bool { return len(name) > 3 && strings.Contains(heading, name) }
		if m.Field == "" && slices.ContainsFunc(names, isNear) {
			near = append(near, i)
		}
	}
	return near
}

// foundBy says why a column is read.
func (l view) foundBy(m *source.Mapping) string {
	isJoined := slices.ContainsFunc(l.state.decided, func(d madeDecision) bool {
		return d.Kind == decisions.Join && slices.Contains(d.Columns, m.Header)
	})
	_, isChosen := l.state.settings.Columns[m.Field]
	switch {
	case isJoined:
		return "join"
	case m.Field == "" && m.Header != "" && m.Header == l.state.settings.ID:
		return "id"
	case m.Field == "":
		return ""
	case isChosen:
		return "chosen"
	case strings.EqualFold(strings.TrimSpace(m.Header), m.Field):
		return "name"
	}
	return "alias"
}

// describeFindings returns the figures of the last check.
func (l view) describeFindings() (statuses map[string]int, problems []api.Problem, kinds []api.Kind) {
	statuses, problems, kinds = map[string]int{}, []api.Problem{}, []api.Kind{}
	if l.result == nil {
		return statuses, problems, kinds
	}
	for _, status := range ledger.Statuses() {
		statuses[string(status)] = l.result.tally.Status[status]
	}
	order := ledger.Statuses()
	for cause, n := range l.result.tally.Code {
		problems = append(problems, api.Problem{Status: string(cause.Status), Field: cause.Field, Code: cause.Code, Count: n})
	}
	sort.Slice(problems, func(i, j int) bool {
		a, b := &problems[i], &problems[j]
		return cmp.Or(cmp.Compare(slices.Index(order, ledger.Status(a.Status)), slices.Index(order, ledger.Status(b.Status))),
			cmp.Compare(b.Count, a.Count), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Code, b.Code)) < 0
	})
	return statuses, problems, l.describeKinds()
}

// describeKinds returns the kinds of findings, those that can be decided once first.
func (l view) describeKinds() []api.Kind {
	words := messages.English()
	kinds := []api.Kind{}
	for key, count := range l.result.kinds {
		m := words.Explain("", key.code)
		kind := api.Kind{ID: kindID(key.field, key.code), Field: key.field, Code: key.code, Title: cmp.Or(m.Title, key.code), Sentence: m.Meaning, Warning: key.warning, Cells: count.cells, Values: []api.Value{}}
		if at := l.columnOf(key.field); at >= 0 {
			kind.Heading = strings.TrimSpace(l.outl.file.Mapped[at].Header)
		}
		kind.WhatToDo = messages.Fill(m.Finance, kind.Heading)
		kind.Values = l.describeValues(&key, count)
		kind.Group = groupOf(&key, len(kind.Values) > 0)
		kinds = append(kinds, kind)
	}
	groups := []string{"decide", "correct", "repeat", "look"}
	sort.Slice(kinds, func(i, j int) bool {
		a, b := &kinds[i], &kinds[j]
		return cmp.Or(cmp.Compare(slices.Index(groups, a.Group), slices.Index(groups, b.Group)), cmp.Compare(b.Cells, a.Cells), cmp.Compare(a.ID, b.ID)) < 0
	})
	return kinds
}

// groupOf returns where the page shows a kind.
func groupOf(key *kindKey, hasValues bool) string {
	switch {
	case isRepeat(key.code):
		return "repeat"
	case key.warning:
		return "look"
	case hasValues:
		return "decide"
	}
	switch key.code {
	case validate.CodePhoneNoCountry, validate.CodePhonePlusLost, validate.CodePhoneAmbiguous, validate.CodeNoCustomer, "struck_out_row":
		return "decide"
	}
	return "correct"
}

// describeValues returns the most frequent values of a kind, each with what is proposed
// for it.
func (l view) describeValues(key *kindKey, count *kindCount) []api.Value {
	values := []api.Value{}
	for text, cells := range count.values {
		v := api.Value{Text: text, Cells: cells}
		for _, p := range l.result.proposals {
			if p.Kind == decisions.Word && p.Field == key.field && validate.FoldWord(p.From) == validate.FoldWord(text) {
				v.Means = p.To
			}
		}
		values = append(values, v)
	}
	sort.Slice(values, func(i, j int) bool {
		a, b := &values[i], &values[j]
		return cmp.Or(cmp.Compare(b.Cells, a.Cells), cmp.Compare(a.Text, b.Text)) < 0
	})
	return values[:min(len(values), shownValues)]
}

func describeDecision(d decisions.Decision, files []source.File) api.Decision {
	return api.Decision{Kind: string(d.Kind), Field: d.Field, From: d.From, To: d.To, Columns: append([]string{}, d.Columns...), Text: d.Sentence(files)}
}

func describeProposal(p *decisions.Proposal, files []source.File) api.Proposal {
	out := api.Proposal{Decision: describeDecision(p.Decision, files), Settled: p.Settled, Ready: p.Ready, Examples: []api.Example{}}
	for _, x := range p.Examples {
		out.Examples = append(out.Examples, api.Example{Row: x.Row, Before: x.Before, After: x.After})
	}
	return out
}

// describeHarm names the row that a decision makes bad, and the one that is to blame.
func describeHarm(h *decisions.Harm) string {
	switch {
	case h.Other.Row == 0:
		return fmt.Sprintf("Row %d would become wrong.", h.Row.Row)
	case h.ByNumber:
		return fmt.Sprintf("Row %d would take the customer number of row %d.", h.Other.Row, h.Row.Row)
	}
	return fmt.Sprintf("Row %d would take the e-mail of row %d, which has other details.", h.Other.Row, h.Row.Row)
}

// describeChanges returns the last changes, newest first.
func (l view) describeChanges() []api.Change {
	changes := []api.Change{}
	for id := len(l.history); id > 1 && len(changes) < shownChanges; id-- {
		changes = append(changes, l.describeEvent(id))
	}
	return changes
}

func (l view) describeEvent(id int) api.Change {
	e := &l.history[id-1]
	return api.Change{ID: id, Kind: e.Kind, Text: e.Text, By: e.By, At: e.At, Cells: e.N, Undone: l.state.undone[id]}
}

// describeChange answers a change. changed are the rows whose state changed.
func (l view) describeChange(id int, changed []int) (api.Edited, error) {
	out := api.Edited{Change: l.describeEvent(id), Revision: l.revision(), State: l.stage(), Rows: []api.Row{}}
	if l.counts != nil {
		out.Counts = *l.counts
	}
	out.Statuses, out.Problems, out.Kinds = l.describeFindings()
	var err error
	if len(changed) > 0 {
		out.Rows, err = l.describeRows(changed[:min(len(changed), MaxRows)])
	}
	return out, err
}

// command returns what checks the same from a command line.
func (l view) command() string {
	words := append([]string{"bulkonboard", "validate"}, l.shownFlags()...)
	if l.store.opt.Live {
		words = append(words, "--env", "production")
	}
	return quoteWords(append(words, l.shownName()))
}

// shownName returns the name of the file that has what this list has: the sender's own,
// or the corrected workbook, as the argument of a command.
func (l view) shownName() string {
	name := l.name()
	if !l.state.overlay.isEmpty() {
		name = correctedName(name)
	}
	if strings.HasPrefix(name, "-") {
		name = "./" + name
	}
	return name
}

// shownFlags returns the flags that have that file read and decided upon as this list is.
func (l view) shownFlags() []string {
	var words []string
	if l.outl != nil {
		words = slices.Clone(l.outl.taken)
	}
	return append(words, l.flagWords(slices.Contains(words, "--sheet"), l.state.overlay.isEmpty())...)
}

// flagWords returns the flags of the settings and decisions. hasSheet says that the sheet
// is named already, isText that the file can be a text as it was dropped.
func (l view) flagWords(hasSheet, isText bool) []string {
	set, words := &l.state.settings, []string{}
	add := func(flag, value string) {
		if value != "" {
			words = append(words, flag, value)
		}
	}
	if !hasSheet {
		add("--sheet", set.Sheet)
	}
	if set.HeaderRow > 0 {
		add("--header-row", itoa(set.HeaderRow))
	}
	if isText {
		add("--encoding", set.Encoding)
		add("--delimiter", set.Delimiter)
	}
	add("--id", set.ID)
	for _, field := range slices.Sorted(maps.Keys(set.Columns)) {
		add("--map", field+"="+set.Columns[field])
	}
	defaults := l.store.defaultsOf(l.state)
	for _, field := range slices.Sorted(maps.Keys(defaults)) {
		add("--default", field+"="+defaults[field])
	}
	if l.store.opt.Strict {
		words = append(words, "--strict")
	}
	for _, d := range l.state.decided {
		words = append(words, d.FlagWords()...)
	}
	return words
}
