package term

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
