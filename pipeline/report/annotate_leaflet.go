package report

import "github.com/xuri/excelize/v2"

// leaflet is a sheet for people to read, written from top to bottom: a title, a
// few lines, a table or two. Its first error is kept in err, and ends it.
type leaflet struct {
	file   *excelize.File
	style  styles
	name   string
	widths []float64 // of its columns, in characters
	row    int       // written last, from 1
	err    error

	lead, cell, jump int    // styles: a line above the tables, a cell of a table, one that is a link
	signals          [2]int // correct it, have a look
}

// newLeaflet lays out a sheet that exists already.
func newLeaflet(b *book, name string, widths ...float64) (*leaflet, error) {
	p := &leaflet{file: b.file, style: b.style, name: name, widths: widths}
	for i, width := range widths {
		column, err := excelize.ColumnNumberToName(i + 1)
		if err == nil {
			err = p.file.SetColWidth(name, column, column, width)
		}
		if err != nil {
			return nil, err
		}
	}
	look := func(colour, fill string, bold bool) excelize.Style {
		s := excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 11, Color: colour, Bold: bold}, NumFmt: 49,
			Alignment: &excelize.Alignment{Vertical: "top", Horizontal: "left", WrapText: true},
			Border:    []excelize.Border{{Type: "bottom", Color: lineColour, Style: 1}}}
		if fill != "" {
			s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{fill}}
		}
		return s
	}
	jump := look(linkColour, "", false)
	jump.Font.Underline = "single"
	for _, s := range []struct {
		id   *int
		look excelize.Style
	}{
		{&p.lead, excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 12, Color: inkColour}, Alignment: &excelize.Alignment{Vertical: "center"}}},
		{&p.cell, look(inkColour, "", false)},
		{&p.jump, jump},
		{&p.signals[0], look(inkColour, problemFill, true)},
		{&p.signals[1], look(inkColour, warningFill, true)},
	} {
		var err error
		if *s.id, err = p.file.NewStyle(&s.look); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// line writes the next row of a table, as high as its texts need.
func (p *leaflet) line(cells ...any) {
	height := 18.0
	for i, c := range cells {
		if text, ok := c.(string); ok && i < len(p.widths) {
			height = max(height, heightFor(text, p.widths[i]))
		}
	}
	p.put(p.cell, height, cells...)
}

// put writes the next row in one style.
func (p *leaflet) put(style int, height float64, cells ...any) {
	p.row++
	for i, value := range cells {
		at := cellName(i, p.row)
		var err error
		if text, ok := value.(string); ok {
			err = p.file.SetCellStr(p.name, at, text)
		} else {
			err = p.file.SetCellValue(p.name, at, value)
		}
		p.keep(err)
		p.keep(p.file.SetCellStyle(p.name, at, at, style))
	}
	p.keep(p.file.SetRowHeight(p.name, p.row, height))
}

// signal colours the fourth cell of the row as the cell in question is.
func (p *leaflet) signal(warning bool) {
	style := p.signals[0]
	if warning {
		style = p.signals[1]
	}
	at := cellName(3, p.row)
	p.keep(p.file.SetCellStyle(p.name, at, at, style))
}

// link makes the second cell of the row lead to a cell of the workbook.
func (p *leaflet) link(tip, location string) {
	at := cellName(1, p.row)
	p.keep(p.file.SetCellHyperLink(p.name, at, location, "Location", excelize.HyperlinkOpts{Tooltip: &tip}))
	p.keep(p.file.SetCellStyle(p.name, at, at, p.jump))
}

func (p *leaflet) keep(err error) {
	if p.err == nil {
		p.err = err
	}
}
