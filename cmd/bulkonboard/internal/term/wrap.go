package term

import (
	"strings"

	"github.com/rivo/uniseg"
)

// width returns how many cells of a terminal a text fills.
func width(text string) int {
	n := 0
	for len(text) > 0 { // escape sequences of ours fill none
		plain, rest, found := strings.Cut(text, "\x1b[")
		n += uniseg.StringWidth(plain)
		if !found {
			break
		}
		_, text, _ = strings.Cut(rest, "m")
	}
	return n
}

// minColumns is the width of a terminal from which on lines are broken.
const minColumns = 40

// wrapUnder returns a text after a head, in lines of at most columns cells that
// are broken between words. Later lines begin below the first word. columns of 0
// means one line.
func wrapUnder(head, text string, columns int) []string {
	indent := width(head)
	if columns < minColumns {
		return []string{head + text}
	}
	if indent > columns*3/5 {
		indent = gutter
	}
	var lines []string
	line, used, isEmpty := head, width(head), true
	for _, word := range strings.Fields(text) {
		size := width(word)
		if !isEmpty && used+1+size > columns {
			lines = append(lines, line)
			line, used, isEmpty = strings.Repeat(" ", indent), indent, true
		}
		if !isEmpty {
			line += " "
			used++
		}
		line += word
		used += size
		isEmpty = false
	}
	return append(lines, line)
}

// wrapText breaks lines that are longer than the terminal is wide between words.
// The continuation is indented to the last column of the line. A command is not
// broken, so that it can be copied.
func wrapText(text string, columns int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		body, ended := strings.CutSuffix(line, "\n")
		if width(body) <= columns || isCommandLine(body) {
			b.WriteString(line)
			continue
		}
		head := lastColumn(body, columns*3/5)
		lines := wrapUnder(body[:head], body[head:], columns)
		if head == len(body)-len(strings.TrimLeft(body, " ")) { // no table
			lines = wrapUnder(body[:head]+"  ", body[head:], columns)
			lines[0] = body[:head] + lines[0][head+2:]
		}
		b.WriteString(strings.Join(lines, "\n"))
		if ended {
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

// lastColumn returns the byte at which the last column of a table's line begins,
// if not beyond most cells; else that of its first word.
func lastColumn(line string, most int) int {
	lead := len(line) - len(strings.TrimLeft(line, " "))
	at := lead
	for i := lead; i+2 < len(line); i++ {
		if line[i:i+2] == "  " && line[i+2] != ' ' && width(line[:i+2]) <= most {
			at = i + 2
		}
	}
	return at
}

// WrapIndented wraps text after a head, and indents later lines to the first.
func WrapIndented(head, text string, columns int) string {
	return strings.Join(wrapUnder("  "+head, text, columns), "\n") + "\n"
}
