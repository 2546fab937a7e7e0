package workbook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Box is the box of a comment.
type Box struct {
	Column, Row int    // of the cell, from 0
	Anchor      string // eight numbers: the cells and pixels of its corners; "" = beside the cell
	IsShown     bool   // at all times
	isOurs      bool
}

// DrawBoxes returns the VML drawing of the boxes of a sheet.
func DrawBoxes(boxes []Box) []byte {
	var b strings.Builder
	b.WriteString(`<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel">` +
		`<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout>` +
		`<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>`)
	for i, box := range boxes {
		if box.Anchor == "" {
			box.Anchor = fmt.Sprintf("%d, 12, %d, 4, %d, 4, %d, 4", box.Column+1, max(box.Row-1, 0), box.Column+4, box.Row+4)
		}
		visibility, visible := "hidden", ""
		if box.IsShown {
			visibility, visible = "visible", "<x:Visible/>"
		}
		fill, stroke := "#ffffe1", ""
		if box.isOurs {
			fill, stroke = "#fffbe8", ` strokecolor="#b7791f"`
		}
		fmt.Fprintf(&b, `<v:shape id="_x0000_s%d" type="#_x0000_t202" style="position:absolute;z-index:%d;visibility:%s" fillcolor="%s"%s o:insetmode="auto">`+
			`<v:fill color2="%[4]s"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>`+
			`<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>%[6]s</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>%[7]d</x:Row><x:Column>%[8]d</x:Column>%[9]s</x:ClientData></v:shape>`,
			1025+i, i+1, visibility, fill, stroke, box.Anchor, box.Row, box.Column, visible)
	}
	b.WriteString("</xml>")
	return []byte(b.String())
}

// Boxes are the boxes of a sheet's comments. Those of the sender stay where
// they are.
type Boxes struct {
	file  *excelize.File
	sheet string
	list  []Box
}

// Remove removes the box of a cell's comment.
func (b *Boxes) Remove(cell string) {
	b.list = slices.DeleteFunc(b.list, func(box Box) bool { return CellName(box.Column, box.Row+1) == cell })
}

// Add puts a box beside a cell, wide enough to read and as high as its lines.
// column is from 0, row from 1.
func (b *Boxes) Add(column, row, lines int) {
	const width, line = 300, 17 // pixels
	right := column + 1
	for have := 0.0; have < width && right < column+30; right++ {
		have += b.columnWidth(right)
	}
	top, height := max(row-2, 0), min(26+line*lines, 500)
	anchor := fmt.Sprintf("%d, 12, %d, 4, %d, 4, %d, 4", column+1, top, right, top+(height+19)/20)
	b.list = append(b.list, Box{Column: column, Row: row - 1, Anchor: anchor, isOurs: true})
}

// columnWidth returns the width in pixels, for a font of 11 points.
func (b *Boxes) columnWidth(column int) float64 {
	width, err := b.file.GetColWidth(b.sheet, ColumnName(column))
	if err != nil {
		return 64
	}
	return 7*width + 5
}
