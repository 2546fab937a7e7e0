package term

import (
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// Page is a text for operators in parts, each beside its heading. The zero value
// is empty. It is for one goroutine.
type Page struct {
	// MaxLines is how many lines a terminal shows before the part that says what
	// to do; 0 = all. Elsewhere nothing is cut.
	MaxLines int
	parts    []*Part
}

// Part is what a page has under one heading.
type Part struct {
	title   string
	gap     bool // an empty line comes before it
	isNext  bool // says what to do: whatever is cut is cut for it to be seen
	more    func(hidden int) string
	isExtra bool // left out as a whole before all but its first entry are cut
	keep    int  // entries that stay when larger parts must be cut, too
	entries []entry
}

// entry is one thought: a line of a table, a sentence or a command.
type entry struct {
	cells   []Cell
	kind    entryKind
	isTable bool
}

type entryKind int

const (
	inGutter  entryKind = iota // beside the headings
	fullWidth                  // below them
	asCommand                  // below, and never broken, so that it can be copied
)

// Cell is one column of a line of a table.
type Cell struct {
	Text  string
	Code  string // for filters: in brackets behind the text, but not on a terminal
	Style Style
	Right bool // aligned to the right, as figures are
	Max   int  // cells from which on a terminal shortens it; 0 = maxCell, below 0 = never
}

// Style is how a terminal shows a status.
type Style int

const (
	Plain Style = iota
	Good
	Attention
	Bad
	Heading
)

const (
	gutter      = 10 // columns of the headings
	tableIndent = 2
	columnGap   = 2
	maxCell     = 18 // cells of a column that is not the last, on a terminal
)

// Part adds a part with a heading.
func (p *Page) Part(title string) *Part {
	part := &Part{title: title}
	p.parts = append(p.parts, part)
	return part
}

// Section adds a part with a heading and an empty line before it.
func (p *Page) Section(title string) *Part {
	part := p.Part(title)
	part.gap = true
	return part
}

// Next adds the part that says what to do, after all others.
func (p *Page) Next() *Part {
	part := p.Section("Next")
	part.isNext = true
	return part
}

// CutWith lets a terminal leave out the last entries of the part. more says how
// many are hidden and where they are.
func (p *Part) CutWith(more func(hidden int) string) *Part {
	p.more = more
	return p
}

// CutFirst makes the part the first to be cut, down to so many entries.
func (p *Part) CutFirst(keep int) *Part {
	p.keep = keep
	return p
}

// LeaveOut lets a terminal leave out the whole part where one line of it is all
// that would be left.
func (p *Part) LeaveOut() *Part {
	p.isExtra = true
	return p
}

// Text adds a sentence beside the heading.
func (p *Part) Text(text string) { p.Styled(Plain, text) }

// Styled adds a sentence in a style beside the heading.
func (p *Part) Styled(style Style, text string) {
	p.entries = append(p.entries, entry{cells: []Cell{{Text: text, Style: style}}})
}

// Row adds a line of a table beside the heading.
func (p *Part) Row(cells ...Cell) {
	p.entries = append(p.entries, entry{cells: cells, isTable: true})
}

// WideRow adds a line of a table that uses the whole width.
func (p *Part) WideRow(cells ...Cell) {
	p.entries = append(p.entries, entry{cells: cells, isTable: true, kind: fullWidth})
}

// Command adds a command of this program to be pasted.
func (p *Part) Command(line string) {
	p.entries = append(p.entries, entry{cells: []Cell{{Text: line}}, kind: asCommand})
}

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

// cut drops the last entries of cuttable parts until the page fits: of those that
// are cut first, then of the largest. The first entry of a part stays.
func (p *Page) cut(blocks [][][]string, hidden []int, columns int) {
	for p.countLines(blocks, hidden, columns) > p.MaxLines {
		largest, isFirst := -1, false
		for i, part := range p.parts {
			if part.more == nil || len(blocks[i]) < 2 {
				continue
			}
			first := part.keep > 0 && len(blocks[i]) > part.keep
			if largest < 0 || first && !isFirst || first == isFirst && countLines(blocks[i], columns) > countLines(blocks[largest], columns) {
				largest, isFirst = i, first
			}
		}
		if largest < 0 {
			return
		}
		blocks[largest] = blocks[largest][:len(blocks[largest])-1]
		hidden[largest]++
		if p.parts[largest].isExtra && len(blocks[largest]) == 1 {
			blocks[largest], hidden[largest] = nil, 0
		}
	}
}

// countLines counts the lines of a terminal before what to do next.
func (p *Page) countLines(blocks [][][]string, hidden []int, columns int) (n int) {
	for i, part := range p.parts {
		if part.gap && len(blocks[i]) > 0 {
			n++
		}
		if part.isNext {
			continue
		}
		n += countLines(blocks[i], columns)
		if hidden[i] > 0 {
			n++
		}
	}
	return n
}

// countLines counts the lines of a terminal. It breaks a command that is too long.
func countLines(block [][]string, columns int) (n int) {
	for _, lines := range block {
		for _, line := range lines {
			n += linesOf(line, columns)
		}
	}
	return n
}

// linesOf returns how many lines of a terminal a line fills.
func linesOf(line string, columns int) int {
	return max(1, (width(line)+columns-1)/max(1, columns))
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
