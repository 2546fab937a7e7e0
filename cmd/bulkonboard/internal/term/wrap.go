package term

import (
	"strings"
	"unicode/utf8"
)

// wrapText breaks lines that are longer than the terminal is wide between words.
// The continuation is indented to the last column of the line. A command is not
// broken, so that it can be copied.
func wrapText(text string, columns int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if utf8.RuneCountInString(line) <= columns || columns < 40 || isCommandLine(line) {
			b.WriteString(line)
			continue
		}
		indent := lastColumn(line, columns*3/5)
		used, begun := 0, false
		for i, word := range strings.SplitAfter(strings.TrimRight(line, "\n"), " ") {
			long := utf8.RuneCountInString(strings.TrimRight(word, " "))
			if i > 0 && begun && used+long > columns {
				b.WriteString("\n" + strings.Repeat(" ", indent))
				used, begun = indent, false
			}
			b.WriteString(word)
			used += utf8.RuneCountInString(word)
			begun = begun || used > indent
		}
		if strings.HasSuffix(line, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// isCommandLine reports whether a line is a command of this program, perhaps
// behind a word that says what for.
func isCommandLine(line string) bool {
	line = strings.TrimSpace(line)
	if i := strings.Index(line, "  "); i >= 0 {
		line = strings.TrimSpace(line[i:])
	}
	return strings.HasPrefix(line, "bulkonboard ")
}

// lastColumn returns where the last column of a table's line begins, if not beyond most.
func lastColumn(line string, most int) int {
	indent, at := 0, 0
	spaces := 0
	for _, r := range line {
		if r != ' ' {
			if spaces >= 2 && at <= most {
				indent = at
			}
			spaces = 0
		} else {
			spaces++
		}
		at++
	}
	if lead := len(line) - len(strings.TrimLeft(line, " ")); indent <= lead {
		return lead + 2
	}
	return indent
}

// WrapIndented wraps text after a head, and indents later lines to the first.
func WrapIndented(head, text string, width int) string {
	var b strings.Builder
	line := "  " + head
	indent := strings.Repeat(" ", len(line))
	empty := true
	for _, word := range strings.Fields(text) {
		if !empty && len(line)+1+len(word) > width {
			b.WriteString(line + "\n")
			line, empty = indent, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	b.WriteString(line + "\n")
	return b.String()
}
