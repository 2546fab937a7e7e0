package workbook

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// Column is a column of a sheet.
type Column struct {
	Title string
	Width float64 // in characters
	Style int     // of its cells, empty ones included
}

// Sheet is a streamed sheet: a frozen header, then rows from top to bottom.
type Sheet struct {
	Name    string // of the current sheet, if it is a series
	LastRow int    // written last, from 1

	book     *Workbook
	stream   *excelize.StreamWriter
	cols     []Column
	cells    []any
	filter   bool
	title    string
	maxRows  int
	isSeries bool
	number   int // in its series, from 1
}

// AddSheet starts a sheet with a header row. If the workbook's first sheet has
// that name, it is that sheet. filter puts a filter on the header.
func (b *Workbook) AddSheet(name string, cols []Column, filter bool) (*Sheet, error) {
	s := &Sheet{book: b, cols: cols, filter: filter, title: name, maxRows: MaxRows}
	return s, s.begin(name)
}

// AddSeries starts a sheet that continues in further ones when it has maxRows
// rows, header included: "All rows", "All rows (2)", ... Without rows it says
// so.
func (b *Workbook) AddSeries(title string, cols []Column, maxRows int) (*Sheet, error) {
	s := &Sheet{book: b, cols: cols, filter: true, title: title, maxRows: maxRows, isSeries: true}
	return s, s.begin(title)
}

// begin starts the next sheet, under this name.
func (s *Sheet) begin(name string) error {
	b := s.book
	s.Name, s.LastRow, s.number = name, 0, s.number+1
	if _, err := b.File.NewSheet(name); err != nil {
		return err
	}
	pagesWide := 1
	if len(s.cols) > 12 {
		pagesWide = 2 // on one page it would be illegible
	}
	header := &excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: "'" + name + "'!$1:$1", Scope: name} // on every page
	if err := errors.Join(b.SetLayout(name, "landscape", pagesWide), b.File.SetDefinedName(header)); err != nil {
		return err
	}
	var err error
	if s.stream, err = b.File.NewStreamWriter(name); err != nil {
		return err
	}
	if err := s.stream.SetPanes(FrozenPanes(1, 0)); err != nil {
		return err
	}
	head := make([]string, len(s.cols))
	for i, c := range s.cols {
		head[i] = c.Title
		err := s.stream.SetColWidth(i+1, i+1, c.Width)
		if err == nil && c.Style > 0 {
			err = s.stream.SetColStyle(i+1, i+1, c.Style)
		}
		if err != nil {
			return err
		}
	}
	return s.WriteStyled(head, b.Style.Head, 22)
}

// makeRoom continues a full series in its next sheet.
func (s *Sheet) makeRoom() error {
	switch {
	case s.LastRow < s.maxRows:
		return nil
	case !s.isSeries:
		return fmt.Errorf("more than %d rows do not fit in a sheet: use .csv", MaxRows-1)
	}
	if err := s.Flush(); err != nil {
		return err
	}
	return s.begin(s.title + " (" + strconv.Itoa(s.number+1) + ")")
}

// WriteStyled writes a row of text, guarded, in one style. height is in points.
func (s *Sheet) WriteStyled(cells []string, style int, height float64) error {
	if err := s.makeRoom(); err != nil {
		return err
	}
	s.cells = s.cells[:0]
	for _, c := range cells {
		s.cells = append(s.cells, excelize.Cell{StyleID: style, Value: reporttext.Guard(c)})
	}
	return s.write(height)
}

// WriteRow writes a row of text, guarded, each cell in its column's style.
// height is in points; 0 is that of one line.
func (s *Sheet) WriteRow(cells []string, height float64) error {
	if err := s.makeRoom(); err != nil {
		return err
	}
	s.cells = s.cells[:0]
	for i, c := range cells {
		if c == "" {
			s.cells = append(s.cells, nil)
			continue
		}
		var value any = reporttext.Guard(c)
		if s.cols[i].Style == s.book.Style.Number {
			if n, err := strconv.Atoi(c); err == nil {
				value = n
			}
		}
		s.cells = append(s.cells, excelize.Cell{StyleID: s.cols[i].Style, Value: value})
	}
	return s.write(height)
}

// write writes s.cells as the next row.
func (s *Sheet) write(height float64) error {
	s.LastRow++
	at := "A" + strconv.Itoa(s.LastRow)
	if height > 0 {
		return s.stream.SetRow(at, s.cells, excelize.RowOpts{Height: height})
	}
	return s.stream.SetRow(at, s.cells)
}

// Flush ends the sheet.
func (s *Sheet) Flush() error {
	if s.isSeries && s.LastRow == 1 {
		if err := s.WriteStyled([]string{"None."}, s.book.Style.Subtitle, 0); err != nil {
			return err
		}
	}
	if s.filter {
		if err := s.book.File.AutoFilter(s.Name, "A1:"+CellName(len(s.cols)-1, max(s.LastRow, 2)), nil); err != nil {
			return err
		}
	}
	return s.stream.Flush()
}

// TextHeight returns the height in points of text in a column of this width in
// characters: that of its lines, at most 12. It is 0 for one line.
func TextHeight(text string, width float64) float64 {
	lines := 0
	for part := range strings.SplitSeq(text, "\n") {
		lines += 1 + int(float64(utf8.RuneCountInString(part))/width)
	}
	if lines <= 1 {
		return 0
	}
	return 15 * float64(min(lines, 12))
}
