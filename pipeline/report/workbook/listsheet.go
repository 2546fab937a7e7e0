package workbook

// ListSheet is a sheet laid out cell by cell from top to bottom: a title, a few
// lines, a table or two. After the first error its methods do nothing; Err
// returns it. Text is written as it is, unguarded.
type ListSheet struct {
	Row int // written last, from 1

	book   *Workbook
	name   string
	widths []float64 // of its columns, in characters
	err    error
}

// NewListSheet lays out a sheet of the workbook, which must exist.
func (b *Workbook) NewListSheet(name string, widths ...float64) *ListSheet {
	p := &ListSheet{book: b, name: name, widths: widths}
	for i, width := range widths {
		column := ColumnName(i)
		p.Keep(b.File.SetColWidth(name, column, column, width))
	}
	return p
}

// WriteLine writes the next row, in one style.
func (p *ListSheet) WriteLine(style int, height float64, cells ...any) {
	styles := make([]int, len(cells))
	for i := range styles {
		styles[i] = style
	}
	p.WriteRow(styles, height, cells...)
}

// WriteEntry writes the next row of a table, as high as its texts need.
func (p *ListSheet) WriteEntry(cells ...any) {
	height := 18.0
	for i, c := range cells {
		if text, ok := c.(string); ok && i < len(p.widths) {
			height = max(height, TextHeight(text, p.widths[i]))
		}
	}
	p.WriteLine(p.book.Style.Entry, height, cells...)
}

// WriteRow writes the next row, each cell in its style. height is in points.
func (p *ListSheet) WriteRow(styles []int, height float64, cells ...any) {
	p.Row++
	for i, value := range cells {
		if p.err == nil {
			p.Keep(p.book.File.SetCellValue(p.name, CellName(i, p.Row), value))
		}
		p.SetStyle(i, styles[i])
	}
	p.Keep(p.book.File.SetRowHeight(p.name, p.Row, height))
}

// SetStyle changes the style of a cell of the current row; column is from 0.
func (p *ListSheet) SetStyle(column, style int) {
	at := CellName(column, p.Row)
	p.Keep(p.book.File.SetCellStyle(p.name, at, at, style))
}

// MergeCells joins cells of the current row; columns are from 0.
func (p *ListSheet) MergeCells(from, to int) {
	p.Keep(p.book.File.MergeCell(p.name, CellName(from, p.Row), CellName(to, p.Row)))
}

// Err returns the first error.
func (p *ListSheet) Err() error { return p.err }

// Keep keeps an error about the sheet if it is the first.
func (p *ListSheet) Keep(err error) {
	if p.err == nil {
		p.err = err
	}
}
