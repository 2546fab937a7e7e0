package term

import (
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// Layout is how a page is printed.
type Layout struct {
	Columns int  // width; 0 = lines are not broken
	Colour  bool // styles are shown
	Cut     bool // cuttable parts are cut to the page's MaxLines
}

// Render returns the page as text. Every cell is made printable.
func (p *Page) Render(l Layout) string {
	blocks := make([][][]string, len(p.parts)) // the lines of each entry of each part
	for i, part := range p.parts {
		blocks[i] = part.render(l)
	}
	hidden := make([]int, len(p.parts))
	if l.Cut && p.MaxLines > 0 {
		p.cut(blocks, hidden, l.Columns)
	}
	var b strings.Builder
	for i, part := range p.parts {
		if part.gap && len(blocks[i]) > 0 {
			b.WriteByte('\n')
		}
		lines := slices.Concat(blocks[i]...)
		if hidden[i] > 0 {
			lines = append(lines, wrapUnder(strings.Repeat(" ", gutter), part.more(hidden[i]), l.Columns)...)
		}
		for n, line := range lines {
			b.WriteString(part.withTitle(n, line, l))
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// withTitle puts the heading before the first line of a part.
func (p *Part) withTitle(n int, line string, l Layout) string {
	if n > 0 || p.title == "" {
		return strings.TrimRight(line, " ")
	}
	title := styled(p.title, Heading, l)
	if isBlank(line, gutter) {
		return title + strings.Repeat(" ", max(1, gutter-width(p.title))) + line[gutter:]
	}
	return title + "\n" + line
}

func isBlank(line string, columns int) bool {
	return len(line) >= columns && strings.Trim(line[:columns], " ") == ""
}

// render returns the lines of each entry. Lines of a table of one kind share
// their columns.
func (p *Part) render(l Layout) [][]string {
	widths := map[entryKind][]int{}
	for _, e := range p.entries {
		if !e.isTable {
			continue
		}
		for i, c := range e.cells[:len(e.cells)-1] {
			if i == len(widths[e.kind]) {
				widths[e.kind] = append(widths[e.kind], 0)
			}
			widths[e.kind][i] = max(widths[e.kind][i], width(c.fit(l)))
		}
	}
	out := make([][]string, len(p.entries))
	for i, e := range p.entries {
		out[i] = e.render(widths[e.kind], l)
	}
	return out
}

func (e entry) render(widths []int, l Layout) []string {
	head := strings.Repeat(" ", gutter)
	switch e.kind {
	case fullWidth:
		head = strings.Repeat(" ", tableIndent)
	case asCommand:
		return []string{head + strings.Repeat(" ", tableIndent) + Printable(e.cells[0].Text)}
	}
	last := len(e.cells) - 1
	for i, c := range e.cells[:last] {
		text := c.fit(l)
		space := strings.Repeat(" ", widths[i]-width(text))
		text = styled(text, c.Style, l)
		if c.Right {
			text = space + text
		} else {
			text += space
		}
		head += text + strings.Repeat(" ", columnGap)
	}
	text := oneLine(e.cells[last].Text)
	if code := e.cells[last].Code; code != "" && l.Columns == 0 {
		text += " [" + code + "]"
	}
	lines := wrapUnder(head, text, l.Columns)
	if style := e.cells[last].Style; style != Plain {
		for i, line := range lines {
			text := strings.TrimLeft(strings.TrimPrefix(line, head), " ")
			lines[i] = strings.TrimSuffix(line, text) + styled(text, style, l)
		}
	}
	return lines
}

// fit returns the text of a cell that others follow, shortened where it would
// leave them no room.
func (c Cell) fit(l Layout) string {
	text := oneLine(c.Text)
	switch {
	case l.Columns == 0 || c.Max < 0:
		return text
	case c.Max > 0:
		return shorten(text, c.Max)
	}
	return shorten(text, maxCell)
}

// oneLine makes a text fit for a line of a terminal.
func oneLine(text string) string { return strings.ReplaceAll(Printable(text), "\n", " ") }

// shorten cuts a text to a number of cells of a terminal.
func shorten(text string, cells int) string {
	if width(text) <= cells {
		return text
	}
	out, used := "", 0
	for graphemes := uniseg.NewGraphemes(text); graphemes.Next(); {
		if used+graphemes.Width() > cells-1 {
			break
		}
		out += graphemes.Str()
		used += graphemes.Width()
	}
	return out + "…"
}

// styled returns a text with the escape sequences of its style.
func styled(text string, style Style, l Layout) string {
	codes := map[Style]string{Good: "32", Attention: "33", Bad: "31", Heading: "1"}
	if code := codes[style]; code != "" && l.Colour && text != "" {
		return "\x1b[" + code + "m" + text + "\x1b[0m"
	}
	return text
}
