package report

import (
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// copiedBook is a workbook made from rows: of an input that is no workbook, or
// of one too large to keep. All cells are text, so that nothing in them changes
// when somebody saves them. It is written in a stream.
type copiedBook struct {
	*book
	a       Annotation
	sheet   string
	stream  *excelize.StreamWriter
	paint   [3]int // styles: plain, problem, warning
	outcome []string
	cells   []any
}

// copy writes the rows with their marks.
func (a Annotation) copy(w io.Writer, scratch string) (done Annotated, err error) {
	c, err := newCopy(a, scratch)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	marks := newMarkList()
	notes := &comments{file: c.file, sheet: c.sheet}
	header := func(column int) string {
		if column >= 0 && column < len(a.Header) {
			return a.Header[column]
		}
		return ""
	}
	var early []AnnotatedRow // before the widths of the columns are settled
	put := func(r *AnnotatedRow) error {
		marks.add(r, header)
		notes.add(r)
		return c.row(r)
	}
	begin := func() error {
		if len(early) == 0 {
			return errNoRows
		}
		if err := c.head(early); err != nil {
			return err
		}
		for i := range early {
			if err := put(&early[i]); err != nil {
				return err
			}
		}
		return nil
	}
	n, size, begun := 0, 0, false
	for r, err := range a.Rows {
		if err != nil {
			return done, err
		}
		if begun {
			err = put(&r)
		} else {
			r.Cells, r.Marks = slices.Clone(r.Cells), slices.Clone(r.Marks)
			early = append(early, r)
			for _, cell := range r.Cells {
				size += len(cell)
			}
		}
		if n++; !begun && (n == earlyRows || size > limits.Batch) {
			begun, err = true, begin()
		}
		if err != nil {
			return done, err
		}
	}
	if !begun {
		if err := begin(); err != nil {
			return done, err
		}
	}
	if err := notes.write(header, &marks.done); err != nil {
		return done, err
	}
	if err := c.stream.Flush(); err != nil {
		return done, err
	}
	if err := marks.write(c.book, c.sheet, a); err != nil {
		return done, err
	}
	return marks.done, c.saveMarked(w)
}

// usualSheetName makes of a sheet's name one that spreadsheet programs take:
// other programs write longer ones, and signs that have a meaning in formulas.
func usualSheetName(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]`, r) || r < ' ' {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	for len(utf16.Encode([]rune(name))) > excelize.MaxSheetNameLength {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	return strings.Trim(name, "' ")
}

func newCopy(a Annotation, scratch string) (_ *copiedBook, err error) {
	c := &copiedBook{a: a, sheet: either(usualSheetName(a.Sheet), "List")}
	if c.book, err = newBook(scratch, c.sheet); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	c.paint[0] = c.style.text
	paint, err := newPainter(c.file)
	if err != nil {
		return nil, err
	}
	for i, warning := range []bool{false, true} {
		if c.paint[1+i], err = paint.over(c.style.text, warning); err != nil {
			return nil, err
		}
	}
	c.outcome = []string{RejectColumns()[2]}
	if a.Outcome {
		c.outcome = OutcomeColumns()
	}
	c.stream, err = c.file.NewStreamWriter(c.sheet)
	return c, err
}

// earlyRows are looked at to settle how wide columns are.
const earlyRows = 100

// width is that of a column in characters, so that what stands in the early
// rows can be read.
func (c *copiedBook) width(column int, early []AnnotatedRow) float64 {
	longest := utf8.RuneCountInString(c.a.Header[column]) + 2
	for _, r := range early {
		if column < len(r.Cells) {
			longest = max(longest, utf8.RuneCountInString(r.Cells[column]))
		}
	}
	return float64(min(max(longest+2, 12), 50))
}

// head writes the headers, and freezes them.
func (c *copiedBook) head(early []AnnotatedRow) error {
	row := min(max(c.a.HeaderRow, 1), early[0].Number-1)
	if row < 1 {
		return errors.New("the first row of data stands where the headers should be")
	}
	if row <= maxFrozen {
		if err := c.stream.SetPanes(frozen(row, 0)); err != nil {
			return err
		}
	}
	c.cells = c.cells[:0]
	for _, h := range c.a.Header {
		c.cells = append(c.cells, excelize.Cell{StyleID: c.style.head, Value: clean(h)})
	}
	for i := range c.a.Header {
		if err := errors.Join(c.stream.SetColWidth(i+1, i+1, c.width(i, early)), c.stream.SetColStyle(i+1, i+1, c.style.text)); err != nil {
			return err
		}
	}
	for i, name := range c.added() {
		column := len(c.a.Header) + i + 1
		width := 22.0
		switch name {
		case "onboard_link":
			width = 48
		case "onboard_problem":
			width = 72
		}
		if err := c.stream.SetColWidth(column, column, width); err != nil {
			return err
		}
		c.cells = append(c.cells, excelize.Cell{StyleID: c.style.head, Value: name})
	}
	return c.stream.SetRow(cellName(0, row), c.cells, excelize.RowOpts{Height: 22})
}

// added are the columns that the header does not have from an earlier time.
func (c *copiedBook) added() []string {
	var names []string
	for _, name := range c.outcome {
		if c.at(name) < 0 {
			names = append(names, name)
		}
	}
	return names
}

func (c *copiedBook) at(name string) int {
	return slices.IndexFunc(c.a.Header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
}

func (c *copiedBook) row(r *AnnotatedRow) error {
	marked, empty := cellsOf(r.Marks), unanswered(r.Marks)
	c.cells = c.cells[:0]
	for i := range max(len(c.a.Header), len(r.Cells)) {
		value, style := "", c.paint[0]
		if i < len(r.Cells) {
			value = clean(r.Cells[i])
		}
		if slices.Contains(empty, i) {
			value = noValue
		}
		warning, is := marked[i]
		switch {
		case is && warning:
			style = c.paint[2]
		case is:
			style = c.paint[1]
		case value == "":
			c.cells = append(c.cells, nil)
			continue
		}
		c.cells = append(c.cells, excelize.Cell{StyleID: style, Value: value})
	}
	// What is beyond the headers stands beyond our columns too.
	extra := slices.Clone(c.cells[len(c.a.Header):])
	c.cells = c.cells[:len(c.a.Header)]
	own := map[string]string{"onboard_status": r.Status, "onboard_link": r.Link, "onboard_problem": r.problem()}
	for _, name := range c.outcome {
		var cell any
		if value := clean(own[name]); value != "" {
			cell = excelize.Cell{StyleID: c.style.wrapped, Value: value}
		}
		if at := c.at(name); at >= 0 {
			c.cells[at] = cell
		} else {
			c.cells = append(c.cells, cell)
		}
	}
	return c.stream.SetRow(cellName(0, r.Number), append(c.cells, extra...))
}
