package annotate

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// copiedBook is a workbook created from rows, streamed: of an input that is no
// workbook, or of one that cannot be kept. All cells are text, so that saving
// it changes none of them.
type copiedBook struct {
	*workbook.Workbook
	a       *Annotation
	sheet   string
	stream  *excelize.StreamWriter
	paint   [3]int // styles: plain, problem, warning
	outcome []string
	cells   []any

	header, width int // row of the headers, and their number
	last          int // row

	early     []Row // before the widths of the columns are settled; nil afterwards
	earlySize int   // bytes
	begun     bool
}

// maxEarly is the number of rows that settle the widths of the columns.
const maxEarly = 500

// writeCopy writes the rows with their marks.
func (a *Annotation) writeCopy(w io.Writer, scratch string) (done Result, err error) {
	sheet := cmp.Or(usualSheetName(a.Sheet), "List")
	book, err := workbook.New(scratch, sheet)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	c := &copiedBook{Workbook: book, a: a, sheet: sheet}
	switch {
	case a.Outcome:
		c.outcome = outcomeColumns()
	case !a.List:
		c.outcome = []string{"onboard_problem"}
	}
	paint, err := newPainter(c.File)
	if err != nil {
		return done, err
	}
	c.paint = [3]int{c.Style.Text, paint.over(c.Style.Text, false), paint.over(c.Style.Text, true)}
	if done, err = a.writeRows(a.Rows, target{c.placeMarks, c.writeRow, c.endRows}, book, sheet, &comments{file: c.File, sheet: sheet}); err != nil {
		return done, err
	}
	if err := c.stream.Flush(); err != nil {
		return done, err
	}
	return done, c.Save(w, untouchedNote)
}

// usualSheetName makes a sheet's name valid for spreadsheet programs: other
// programs write longer ones, and characters that have a meaning in formulas.
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

// writeRow writes a row, or keeps it until the header can be written.
func (c *copiedBook) writeRow(r *Row) error {
	if c.begun {
		return c.streamRow(r)
	}
	early := *r
	early.Cells, early.Marks = slices.Clone(r.Cells), slices.Clone(r.Marks)
	c.early = append(c.early, early)
	for _, text := range r.Cells {
		c.earlySize += len(text)
	}
	if len(c.early) < maxEarly && c.earlySize <= limits.Batch {
		return nil
	}
	return c.begin()
}

// placeMarks returns the marks as they are: nothing is merged.
func (c *copiedBook) placeMarks(r *Row) []Mark { return r.Marks }

// endRows writes the early rows if that was not done. The stream stays open
// for the comments.
func (c *copiedBook) endRows(*Result) error {
	if !c.begun {
		if err := c.begin(); err != nil {
			return err
		}
	}
	return c.File.AutoFilter(c.sheet, fmt.Sprintf("A%d:%s", c.header, workbook.CellName(c.width-1, c.last)), nil)
}

// begin writes the headers and the early rows.
func (c *copiedBook) begin() error {
	if len(c.early) == 0 {
		return errNoRows
	}
	if err := c.writeHeaders(); err != nil {
		return err
	}
	for i := range c.early {
		if err := c.streamRow(&c.early[i]); err != nil {
			return err
		}
	}
	c.begun, c.early = true, nil
	return nil
}

// columnWidth returns the width in characters at which the early rows are
// legible.
func (c *copiedBook) columnWidth(column int) float64 {
	longest := utf8.RuneCountInString(c.a.Header[column]) + 3 // the arrow of the filter
	for _, r := range c.early {
		if column < len(r.Cells) {
			longest = max(longest, utf8.RuneCountInString(r.Cells[column]))
		}
	}
	widest := 40
	if c.isNote(column) {
		widest = 60 // and the frozen columns still leave room for others on a small screen
	}
	return float64(min(max(longest+2, 12), widest))
}

// isNote reports whether a column says what is wrong with its row.
func (c *copiedBook) isNote(column int) bool { return c.a.List && column == c.a.Frozen-1 }

// writeHeaders writes the headers, and freezes them.
func (c *copiedBook) writeHeaders() error {
	row := min(max(c.a.HeaderRow, 1), c.early[0].Number-1)
	if row < 1 {
		return errors.New("the first row of data is where the headers should be")
	}
	if err := c.openStream(row); err != nil {
		return err
	}
	head := c.Style.Head
	c.cells = c.cells[:0]
	for i, h := range c.a.Header {
		c.cells = append(c.cells, excelize.Cell{StyleID: head, Value: reporttext.Clean(h)})
		if err := errors.Join(c.stream.SetColWidth(i+1, i+1, c.columnWidth(i)), c.stream.SetColStyle(i+1, i+1, c.Style.Text),
			c.stream.SetColVisible(i+1, i+1, !slices.Contains(c.a.Hidden, i))); err != nil {
			return err
		}
	}
	widths := map[string]float64{"onboard_status": 22, "onboard_link": 48, "onboard_problem": 72}
	for _, name := range c.outcome {
		if c.headerIndex(name) >= 0 {
			continue // it is there from an earlier annotation
		}
		c.cells = append(c.cells, excelize.Cell{StyleID: head, Value: name})
		if err := c.stream.SetColWidth(len(c.cells), len(c.cells), widths[name]); err != nil {
			return err
		}
	}
	c.header, c.width = row, len(c.cells)
	return c.stream.SetRow(workbook.CellName(0, row), c.cells, excelize.RowOpts{Height: 22})
}

// openStream opens the sheet for its first row. Its header is frozen, and
// printed on every page.
func (c *copiedBook) openStream(header int) (err error) {
	pagesWide := 1
	if len(c.a.Header) > 12 {
		pagesWide = 2 // on one page it would be illegible
	}
	titles := &excelize.DefinedName{Name: "_xlnm.Print_Titles", Scope: c.sheet,
		RefersTo: fmt.Sprintf("'%s'!$%d:$%[2]d", strings.ReplaceAll(c.sheet, "'", "''"), header)}
	if err := errors.Join(c.SetLayout(c.sheet, "landscape", pagesWide), c.File.SetDefinedName(titles)); err != nil {
		return err
	}
	if c.stream, err = c.File.NewStreamWriter(c.sheet); err != nil || header > maxFrozen {
		return err
	}
	return c.stream.SetPanes(workbook.FrozenPanes(header, c.a.Frozen))
}

func (c *copiedBook) headerIndex(name string) int { return indexHeader(c.a.Header, name) }

// indexHeader returns the column that has this header, -1 if there is none.
func indexHeader(header []string, name string) int {
	return slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
}

// lineHeight is the height in points of a row of one line, which a cell of
// several lines does not make higher.
const lineHeight = 15

// streamRow writes a row to the sheet.
func (c *copiedBook) streamRow(r *Row) error {
	marked, empty := markedColumns(r.Marks, r.Number), unansweredColumns(r.Marks)
	c.cells = c.cells[:0]
	for i := range max(len(c.a.Header), len(r.Cells)) {
		value, style := "", c.paint[0]
		if i < len(r.Cells) {
			value = reporttext.Clean(r.Cells[i])
		}
		if slices.Contains(empty, i) {
			value = noValue
		}
		if c.isNote(i) {
			style = c.Style.Note
		}
		isWarning, isMarked := marked[i]
		switch {
		case isMarked && isWarning:
			style = c.paint[2]
		case isMarked:
			style = c.paint[1]
		case value == "":
			c.cells = append(c.cells, nil)
			continue
		}
		c.cells = append(c.cells, excelize.Cell{StyleID: style, Value: value})
	}
	// Cells beyond the headers go beyond our columns too.
	extra := slices.Clone(c.cells[len(c.a.Header):])
	c.cells = c.cells[:len(c.a.Header)]
	own := map[string]string{"onboard_status": r.Status, "onboard_link": r.Link, "onboard_problem": c.a.problemText(r)}
	for _, name := range c.outcome {
		var value any
		if text := reporttext.Clean(own[name]); text != "" {
			value = excelize.Cell{StyleID: c.Style.Text, Value: text}
		}
		if at := c.headerIndex(name); at >= 0 {
			c.cells[at] = value
		} else {
			c.cells = append(c.cells, value)
		}
	}
	c.last = r.Number
	var row excelize.RowOpts
	if c.a.List {
		row.Height = lineHeight
	}
	return c.stream.SetRow(workbook.CellName(0, r.Number), append(c.cells, extra...), row)
}
