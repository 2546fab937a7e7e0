package findings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/messages"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/validate/columns"
)

// AddProblems adds what was found to a page: what happened to whole columns, then
// every kind of problem of cells, the dangerous ones first, each with its count,
// the sender's own heading and the first places. No cell is shown. brief leaves
// out what to do about whole columns. all says how to see what a terminal cuts.
func (f *Collector) AddProblems(p *term.Page, files []source.File, brief bool, all string) {
	patterns, groups := f.Columns.columnFindings(), f.sortedGroups()
	if len(patterns)+len(groups) == 0 {
		return
	}
	if brief {
		groups = slices.DeleteFunc(groups, func(g *group) bool { return isCovered(g, patterns) })
	}
	part := p.Section("Problems").CutWith(func(hidden int) string {
		return "and " + term.Count(hidden, "more kind") + ": " + all
	})
	part.Text(problemsText(len(patterns), len(groups)))
	row := func(n int, column string, what term.Cell) {
		part.WideRow(term.Cell{Text: term.Number(n), Right: true}, term.Cell{Text: column}, what)
	}
	words := messages.English()
	for _, d := range patterns {
		text := term.Sentences(words.Columns[d.Kind].Title) + " (" + placesText(d.Field, d.First, d.Rows, files) + ")"
		if _, advice, found := strings.Cut(d.Text, ". "); found && !brief {
			text += ". " + term.Sentences(advice)
		}
		row(d.Rows, f.heading(d.Field, d.Kind, d.First, files), term.Cell{Text: text, Code: d.Kind})
	}
	for _, g := range groups {
		what := term.Cell{Text: term.Sentences(g.title(words)), Code: g.code}
		if g.warning {
			what.Style, what.Text = term.Attention, "Warning: "+g.title(words)
		}
		what.Text += " (" + g.places(files) + ")"
		row(g.count, f.heading(g.field, columns.KindOf(g.code), g.firstPlaces(), files), what)
	}
	if most := f.Columns.Checker.SharedRows; most > 0 && f.Columns.rows > most {
		part.Text("Values that rows share were looked for in the first " + term.Number(most) + " rows; bulkonboard validate looks at all rows.")
	}
}

// isCovered reports whether a finding about a whole column says the same of the
// same cells.
func isCovered(g *group, patterns []columns.Finding) bool {
	return slices.ContainsFunc(patterns, func(d columns.Finding) bool {
		return d.Kind == columns.KindOf(g.code) && d.Field == g.field && d.Rows == g.count
	})
}

// problemsText says how many kinds there are, and in which order.
func problemsText(patterns, kinds int) string {
	switch {
	case patterns == 0 && kinds == 1:
		return "1 kind:"
	case patterns == 0:
		return term.Count(kinds, "kind") + ", the most dangerous first:"
	case kinds == 0:
		return term.Number(patterns) + " in whole columns:"
	}
	return fmt.Sprintf("%s in whole columns, %s in cells, the most dangerous first:", term.Number(patterns), term.Count(kinds, "kind"))
}

// title returns what a kind of finding means, in a few words.
func (g *group) title(words *messages.Catalogue) string {
	if about, found := words.Codes[g.code]; found && g.foretold == "" {
		return about.Title
	}
	return firstSentence(g.advice)
}

// columnFindings returns what happened to whole columns. A single cell is reported
// already, unless a flag corrects it.
func (s *ColumnCheck) columnFindings() []columns.Finding {
	return slices.DeleteFunc(s.Checker.Findings(), func(d columns.Finding) bool { return d.Rows < 2 && len(d.Flags) == 0 })
}

// Correction returns the command line args with the flags that correct whole
// columns; nil where no flag can. args begins with the subcommand. decided leaves out
// the flags that decisions are proposed for.
func (s *ColumnCheck) Correction(args []string, decided bool) []string {
	flags := columns.Flags(s.columnFindings())
	if decided {
		flags = s.OtherFlags()
	}
	if len(flags) == 0 {
		return nil
	}
	return AddFlags(args, flags)
}

// AddNotes adds what the reader noticed of the input as a whole.
func AddNotes(p *term.Page, notes []source.Note, files []source.File) {
	lines := NoteLines(notes, files)
	if len(lines) == 0 {
		return
	}
	part := p.Part("Notes").CutWith(func(hidden int) string { return "and " + term.Count(hidden, "more note") })
	for _, line := range lines {
		style := term.Plain
		if strings.HasPrefix(line, "Warning: ") {
			style = term.Attention
		}
		part.Styled(style, line)
	}
}

// heading returns what the sender calls the column of a field, in the file of the
// first place. The sender's own number has no field, but what happens to columns.
func (f *Collector) heading(field, kind string, first []columns.Place, files []source.File) string {
	if field == "" && kind != "" && kind != columns.SharedUnknown {
		return f.Columns.id
	}
	if m := mappingOf(field, first, files); m != nil && m.Header != "" {
		return m.Header
	}
	return field
}

func mappingOf(field string, first []columns.Place, files []source.File) *source.Mapping {
	if field == "" || len(first) == 0 || first[0].File >= len(files) {
		return nil
	}
	for i, m := range files[first[0].File].Mapped {
		if m.Name == field {
			return &files[first[0].File].Mapped[i]
		}
	}
	return nil
}

// places returns the first positions of a kind.
func (g *group) places(files []source.File) string {
	return placesText(g.field, g.firstPlaces(), g.count, files)
}

func (g *group) firstPlaces() []columns.Place {
	first := make([]columns.Place, len(g.first))
	for i, r := range g.first {
		first[i] = columns.Place{File: r.File, Row: r.Number}
	}
	return first
}

// placesText formats the first positions of n: the cells of a workbook "D3, D8,
// ...", or "rows 3, 8, ...", with their file where there are several.
func placesText(field string, first []columns.Place, n int, files []source.File) string {
	first = first[:min(len(first), firstPlaces)]
	areCells, isOneFile := len(first) > 0, true
	for _, p := range first {
		m := mappingOf(field, []columns.Place{p}, files)
		areCells = areCells && m != nil && files[p.File].Kind == "xlsx"
		isOneFile = isOneFile && p.File == first[0].File
	}
	fileOf := func(p columns.Place) string {
		if len(files) < 2 || p.File >= len(files) {
			return ""
		}
		return " of " + term.FileLabel(files[p.File].Name)
	}
	var places []string
	for _, p := range first {
		text := strconv.Itoa(p.Row)
		if areCells {
			text = table.CellName(mappingOf(field, []columns.Place{p}, files).Column+1, p.Row)
		}
		if !isOneFile {
			text += fileOf(p)
		}
		places = append(places, text)
	}
	if n > len(first) {
		places = append(places, "...")
	}
	text := strings.Join(places, ", ")
	if isOneFile && len(first) > 0 {
		text += fileOf(first[0])
	}
	switch {
	case areCells:
		return text
	case n == 1:
		return "row " + text
	}
	return "rows " + text
}
