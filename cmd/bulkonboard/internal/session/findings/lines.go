package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/validate"
	"github.com/bulkonboard/bulkonboard/validate/columns"
)

// sortedGroups returns every kind, problems first, the most frequent first.
func (f *Collector) sortedGroups() []*group {
	var all []*group
	for _, g := range f.groups {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *group) int {
		if a.warning != b.warning {
			if b.warning {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.field, b.field), cmp.Compare(a.code, b.code))
	})
	return all
}

// Lines returns the kinds with their counts and first positions; at most so many,
// 0 = all.
func (f *Collector) Lines(files []source.File, most int) []string {
	all := f.sortedGroups()
	shown := all
	if most > 0 && len(all) > most+1 {
		shown = all[:most]
	}
	counts, fields, places := 0, 0, 0
	for _, g := range shown {
		counts = max(counts, len(term.Number(g.count)))
		fields = max(fields, len(g.field))
		places = max(places, utf8.RuneCountInString(g.places(files)))
	}
	var out []string
	for _, g := range shown {
		what := meaningOf(g.code)
		if what == "" {
			what = firstSentence(g.advice)
		}
		if g.warning {
			what = "warning: " + what
		}
		at := g.places(files)
		out = append(out, fmt.Sprintf("%*s  %-*s  %s%s  %s [%s]", counts, term.Number(g.count), fields, g.field,
			at, strings.Repeat(" ", places-utf8.RuneCountInString(at)), what, g.code))
	}
	if left := len(all) - len(shown); left > 0 {
		rest := 0
		for _, g := range all[len(shown):] {
			rest += g.count
		}
		out = append(out, fmt.Sprintf("%*s  of %d more kinds; bulkonboard validate lists them", counts, term.Number(rest), left))
	}
	return out
}

// places returns the first positions of a kind.
func (g *group) places(files []source.File) string {
	first := make([]columns.Place, len(g.first))
	for i, r := range g.first {
		first[i] = columns.Place{File: r.File, Row: r.Number}
	}
	return placesText(first, g.count, files)
}

// placesText formats the first positions of n: "rows 3, 8, 12, ...".
func placesText(first []columns.Place, n int, files []source.File) string {
	var places []string
	for _, p := range first {
		text := strconv.Itoa(p.Row)
		if len(files) > 1 && p.File < len(files) {
			text += " of " + term.FileLabel(files[p.File].Name)
		}
		places = append(places, text)
	}
	if n > len(first) {
		places = append(places, "...")
	}
	if n == 1 {
		return "row " + places[0]
	}
	return "rows " + strings.Join(places, ", ")
}

// meaningOf returns what a code of the field rules or of the reader means; "" for
// other codes.
func meaningOf(code string) string {
	if code == pipeline.CodeSharesEmail { // the message is of one row
		return "other rows have the e-mail of these invalid ones"
	}
	codes := InputCodes()
	if i := slices.IndexFunc(codes, func(c validate.Code) bool { return c.Code == code }); i >= 0 {
		return codes[i].Meaning
	}
	return ""
}

// InputCodes returns the codes of the field rules and of the reader.
func InputCodes() []validate.Code {
	codes := validate.Codes()
	for _, c := range source.Codes() {
		codes = append(codes, validate.Code(c))
	}
	return codes
}

// CellLines returns findings, one by one.
func CellLines(cells []cell, files []source.File) []string {
	var out []string
	for _, c := range cells {
		e := &source.Error{Row: c.row.Number, Line: c.row.Line, Field: c.finding.Field, Reason: c.finding.Message}
		if c.row.File < len(files) {
			file := files[c.row.File]
			e.File, e.Sheet = file.Name, file.Sheet
			for _, m := range file.Mapped {
				if m.Name == c.finding.Field && m.Name != "" {
					e.Column, e.Cell = m.Column+1, table.CellName(m.Column+1, c.row.Number)
				}
			}
		}
		out = append(out, e.Error())
	}
	return out
}

// CauseName returns a field and a code as operators read them.
func CauseName(field, code string) string {
	if field == "" {
		return code
	}
	return field + " " + code
}

func firstSentence(text string) string {
	if i := strings.Index(text, ". "); i > 0 {
		return text[:i]
	}
	return text
}

// NoteLines returns the notes of the reader; of many of one kind the first few.
func NoteLines(notes []source.Note, files []source.File) []string {
	var lines []string
	count := map[string]int{}
	for _, n := range notes {
		if count[n.Code]++; count[n.Code] <= alike {
			lines = append(lines, noteText(n, files))
		}
	}
	seen := map[string]bool{}
	for _, n := range notes {
		if more := count[n.Code] - alike; more > 0 && !seen[n.Code] {
			seen[n.Code] = true
			lines = append(lines, fmt.Sprintf("%s more notes of this kind: %s", term.Number(more), n.Code))
		}
	}
	return lines
}

// alike is how many notes of one kind are shown one by one.
const alike = 5

func noteText(n source.Note, files []source.File) string {
	text := n.Message
	if n.File < len(files) {
		text = term.FileLabel(files[n.File].Name) + ": " + text
	}
	if n.Warning {
		text = "warning: " + text
	}
	return text
}
