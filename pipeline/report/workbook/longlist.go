package workbook

import (
	"errors"
	"fmt"

	"github.com/xuri/excelize/v2"
)

// LongList is a sheet laid out from top to bottom like a ListSheet, but
// streamed: it may have many rows. After the first error its methods do
// nothing; Close returns it. Text is written as it is, unguarded.
type LongList struct {
	Row int // written last, from 1

	book   *Workbook
	stream *excelize.StreamWriter
	name   string
	widths []float64 // of its columns, in characters
	links  *LinkColumn
	cells  []any
	err    error
}

// NewLongList adds a sheet to the workbook, in landscape format. Its grid is
// hidden. widths are those of its columns, in characters.
func (b *Workbook) NewLongList(name string, widths ...float64) (*LongList, error) {
	if _, err := b.File.NewSheet(name); err != nil {
		return nil, err
	}
	if err := errors.Join(b.SetLayout(name, "landscape", 1), b.HideGrid(name)); err != nil {
		return nil, err
	}
	stream, err := b.File.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	p := &LongList{book: b, stream: stream, name: name, widths: widths}
	for i, width := range widths {
		p.keep(stream.SetColWidth(i+1, i+1, width))
	}
	return p, p.err
}

// WriteLine writes the next row, in one style. height is in points.
func (p *LongList) WriteLine(style int, height float64, cells ...any) {
	p.cells = p.cells[:0]
	for _, value := range cells {
		p.cells = append(p.cells, excelize.Cell{StyleID: style, Value: value})
	}
	p.write(height)
}

// WriteEntry writes the next row of a table, each cell in its style, as high as
// its texts need.
func (p *LongList) WriteEntry(styles []int, cells ...any) {
	height := 18.0
	for i, value := range cells {
		if text, isText := value.(string); isText && i < len(p.widths) {
			height = max(height, TextHeight(text, p.widths[i]))
		}
	}
	p.WriteRow(styles, height, cells...)
}

// WriteRow writes the next row, each cell in its style. height is in points.
func (p *LongList) WriteRow(styles []int, height float64, cells ...any) {
	p.cells = p.cells[:0]
	for i, value := range cells {
		p.cells = append(p.cells, excelize.Cell{StyleID: styles[i], Value: value})
	}
	p.write(height)
}

// Skip leaves a row empty.
func (p *LongList) Skip() { p.Row++ }

func (p *LongList) write(height float64) {
	p.Row++
	if p.err == nil {
		p.err = p.stream.SetRow(CellName(0, p.Row), p.cells, excelize.RowOpts{Height: height})
	}
}

// Jump makes a cell of the current row lead to a place in the workbook. All
// such cells of a sheet are in one column, which counts from 0.
func (p *LongList) Jump(column int, location string) {
	if p.err == nil && p.links == nil {
		p.links, p.err = p.book.addLinkColumn(p.name, p.stream.SheetID, column, true)
	}
	if p.err == nil {
		p.err = p.links.AddJump(p.Row, location)
	}
}

// Close ends the sheet, and puts a filter on the table whose header is row
// header. 0 means that there is no table.
func (p *LongList) Close(header int) error {
	if header > 0 {
		p.keep(p.book.File.AutoFilter(p.name, fmt.Sprintf("A%d:%s", header, CellName(len(p.widths)-1, p.Row)), nil))
	}
	if p.err != nil {
		return p.err
	}
	return p.stream.Flush()
}

// keep keeps an error about the sheet if it is the first.
func (p *LongList) keep(err error) {
	if p.err == nil {
		p.err = err
	}
}
