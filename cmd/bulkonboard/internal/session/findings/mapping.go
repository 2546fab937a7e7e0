package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// countFilled counts the cells of the fields that are filled in, file by file.
func (s *ColumnCheck) countFilled(file int, raw *validate.Raw) {
	if s.fields == nil {
		s.fields = validate.Fields()
	}
	for file >= len(s.filled) {
		s.filled = append(s.filled, make([]int, len(s.fields)))
	}
	for i := range s.fields {
		if strings.TrimSpace(*s.fields[i].Cell(raw)) != "" {
			s.filled[file][i]++
		}
	}
}

// maxHeading is how much of a heading the table shows on a terminal.
const maxHeading = 24

// mappingKept is how many lines of the table a terminal shows at least.
const mappingKept = 5

// AddMapping adds which column is read for which field, and how much of it is
// filled in. chosen are the fields that --map names. all says how to see the
// whole table, where a terminal cuts it, or has no room for it (isBrief).
func (f *Collector) AddMapping(p *term.Page, files []source.File, chosen map[string]string, isBrief bool, all string) {
	c := &f.Columns
	for i, file := range files {
		if i >= len(c.filled) {
			return // no row of it was read
		}
		if isBrief {
			mapped := 0
			for _, m := range file.Mapped {
				if m.Field != "" {
					mapped++
				}
			}
			p.Section("Columns").Text(fmt.Sprintf("%d of %d fields have a column in %s: %s", mapped, len(c.fields), term.FileLabel(file.Name), all))
			continue
		}
		part := p.Section("Columns").CutWith(func(hidden int) string {
			return "and " + term.Count(hidden, "more column") + ": " + all
		}).CutFirst(mappingKept)
		rows := f.RowsPerFile[i]
		text := "how the list is read"
		if len(files) > 1 {
			text = "how " + term.FileLabel(file.Name) + " is read"
		}
		part.Text(text + ", and how many of its " + term.Count(rows, "row") + " are filled in:")
		part.WideRow(term.Cell{Text: "field", Style: term.Heading}, term.Cell{Text: "your column", Style: term.Heading},
			term.Cell{Text: "found by", Style: term.Heading}, term.Cell{Text: "filled", Style: term.Heading})
		for _, line := range c.mappingLines(i, file, rows, chosen) {
			part.WideRow(line...)
		}
	}
}

// mappingLines returns the table of a file: fields, then other columns that are
// read, then the rest in one line.
func (s *ColumnCheck) mappingLines(index int, file source.File, rows int, chosen map[string]string) [][]term.Cell {
	var lines [][]term.Cell
	for i := range s.fields {
		name := s.fields[i].Name
		at := slices.IndexFunc(file.Mapped, func(m source.Mapping) bool { return m.Field == name })
		if at < 0 {
			lines = append(lines, mappingLine(name, "-", s.absentText(name), ""))
			continue
		}
		column := file.Mapped[at].Header
		filled := s.filled[index][i]
		line := mappingLine(name, column, mappingOrigin(name, column, chosen), fmt.Sprintf("%s of %s", term.Number(filled), term.Number(rows)))
		if filled < rows {
			line[3].Style = term.Attention
		}
		lines = append(lines, line)
	}
	var unused []string
	for _, m := range file.Mapped {
		switch {
		case m.Field != "":
		case m.Name == m.Header && m.Name != "":
			lines = append(lines, mappingLine("(your own)", m.Header, "--id or --carry", ""))
		case m.Name != "":
			lines = append(lines, mappingLine(m.Name, m.Header, "--send", ""))
		case m.Header != "":
			unused = append(unused, m.Header)
		}
	}
	if len(unused) > 0 {
		lines = append(lines, mappingLine("(not read)", term.Count(len(unused), "column"), "-", strings.Join(unused, ", ")))
	}
	return lines
}

func mappingLine(field, column, found, filled string) []term.Cell {
	return []term.Cell{{Text: field, Max: -1}, {Text: column, Max: maxHeading}, {Text: found}, {Text: filled}}
}

func (s *ColumnCheck) absentText(field string) string {
	if s.rules != nil && s.rules.Defaults[field] != "" {
		return "--default"
	}
	return "no column"
}

// mappingOrigin says why a column is read for a field.
func mappingOrigin(field, column string, chosen map[string]string) string {
	switch _, isChosen := chosen[field]; {
	case isChosen:
		return "--map"
	case strings.EqualFold(strings.TrimSpace(column), field):
		return "its name"
	}
	return "a known name"
}
