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
	Name    string
	LastRow int // written last, from 1

	book   *Workbook
	stream *excelize.StreamWriter
	cols   []Column
	cells  []any
	filter bool
}

// AddSheet starts a sheet with a header row. If the workbook's first sheet has
// that name, it is that sheet. filter puts a filter on the header.
func (b *Workbook) AddSheet(name string, cols []Column, filter bool) (*Sheet, error) {
	if _, err := b.File.NewSheet(name); err != nil {
		return nil, err
	}
	pagesWide := 1
	if len(cols) > 12 {
		pagesWide = 2 // on one page it would be illegible
	}
	header := &excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: "'" + name + "'!$1:$1", Scope: name} // on every page
	if err := errors.Join(b.SetLayout(name, "landscape", pagesWide), b.File.SetDefinedName(header)); err != nil {
		return nil, err
	}
	stream, err := b.File.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	s := &Sheet{Name: name, book: b, stream: stream, cols: cols, cells: make([]any, 0, len(cols)), filter: filter}
	if err := stream.SetPanes(FrozenPanes(1, 0)); err != nil {
		return nil, err
	}
	head := make([]string, len(cols))
	for i, c := range cols {
		head[i] = c.Title
		err := stream.SetColWidth(i+1, i+1, c.Width)
		if err == nil && c.Style > 0 {
			err = stream.SetColStyle(i+1, i+1, c.Style)
		}
		if err != nil {
			return nil, err
		}
	}
	return s, s.WriteStyled(head, b.Style.Head, 22)
}

// WriteStyled writes a row of text, guarded, in one style. height is in points.
func (s *Sheet) WriteStyled(cells []string, style int, height float64) error {
	s.cells = s.cells[:0]
	for _, c := range cells {
		s.cells = append(s.cells, excelize.Cell{StyleID: style, Value: reporttext.Guard(c)})
	}
	return s.write(height)
}

// WriteRow writes a row of text, guarded, each cell in its column's style.
// height is in points; 0 is that of one line.
func (s *Sheet) WriteRow(cells []string, height float64) error {
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
	if s.LastRow >= MaxRows {
		return fmt.Errorf("more than %d rows do not fit in a sheet: use .csv", MaxRows-1)
	}
	s.LastRow++
	at := "A" + strconv.Itoa(s.LastRow)
	if height > 0 {
		return s.stream.SetRow(at, s.cells, excelize.RowOpts{Height: height})
	}
	return s.stream.SetRow(at, s.cells)
}

// Flush ends the sheet.
func (s *Sheet) Flush() error {
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

// Series is a sheet that continues in further ones when it is full: "All rows",
// "All rows (2)", ...
type Series struct {
	*Sheet // the current one

	title   string
	maxRows int
	sheets  int
}

// AddSeries starts a series whose sheets have at most maxRows rows, header
// included.
func (b *Workbook) AddSeries(title string, cols []Column, maxRows int) (*Series, error) {
	first, err := b.AddSheet(title, cols, true)
	return &Series{Sheet: first, title: title, maxRows: maxRows, sheets: 1}, err
}

// makeRoom starts the next sheet if the current one is full.
func (s *Series) makeRoom() (err error) {
	if s.LastRow < s.maxRows {
		return nil
	}
	if err := s.Sheet.Flush(); err != nil {
		return err
	}
	s.sheets++
	s.Sheet, err = s.book.AddSheet(s.title+" ("+strconv.Itoa(s.sheets)+")", s.cols, true)
	return err
}

// WriteRow writes a row as Sheet.WriteRow does.
func (s *Series) WriteRow(cells []string, height float64) error {
	if err := s.makeRoom(); err != nil {
		return err
	}
	return s.Sheet.WriteRow(cells, height)
}

// WriteStyled writes a row as Sheet.WriteStyled does.
func (s *Series) WriteStyled(cells []string, style int, height float64) error {
	if err := s.makeRoom(); err != nil {
		return err
	}
	return s.Sheet.WriteStyled(cells, style, height)
}

// Flush ends the last sheet. A series without rows gets one that says so.
func (s *Series) Flush() error {
	if s.sheets == 1 && s.LastRow == 1 {
		if err := s.Sheet.WriteStyled([]string{"None."}, s.book.Style.Subtitle, 0); err != nil {
			return err
		}
	}
	return s.Sheet.Flush()
}
