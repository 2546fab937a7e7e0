package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/validate"
)

// InputCodes returns the codes of the field rules and of the reader.
func InputCodes() []validate.Code {
	codes := validate.Codes()
	for _, c := range source.Codes() {
		if !slices.ContainsFunc(codes, func(known validate.Code) bool { return known.Code == c.Code }) { // both see rounded numbers
			codes = append(codes, validate.Code(c))
		}
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
					e.Column = m.Column + 1
					if file.Kind != "jsonl" { // which has no cells
						e.Cell = table.CellName(e.Column, c.row.Number)
					}
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
			lines = append(lines, fmt.Sprintf("and %s like those above [%s]", term.Count(more, "more note"), n.Code))
		}
	}
	return lines
}

// alike is how many notes of one kind are shown one by one.
const alike = 5

// noteText returns a note with its file.
func noteText(n source.Note, files []source.File) string {
	text := n.Message
	if n.File < len(files) {
		text = term.FileLabel(files[n.File].Name) + ": " + text
	}
	if n.Warning {
		text = "Warning: " + text
	}
	return text
}
