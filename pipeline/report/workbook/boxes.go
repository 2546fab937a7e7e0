package workbook

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// emptyDrawing is a VML drawing without shapes.
const emptyDrawing = `<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel">` +
	`<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout>` + noteType + `</xml>`

const noteType = `<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>`

// Boxes are the boxes of a sheet's comments. Those of the sender stay where
// they are.
type Boxes struct {
	file    *excelize.File
	sheet   string
	kept    string // the drawing up to its end
	removed map[string]bool
	added   strings.Builder
	lastID  int
}

func newBoxes(f *excelize.File, sheet, drawing string) *Boxes {
	b := &Boxes{file: f, sheet: sheet, removed: map[string]bool{}, lastID: 1024}
	b.kept = drawing[:strings.LastIndex(drawing, "</xml>")]
	if !strings.Contains(b.kept, `id="_x0000_t202"`) {
		b.kept += noteType
	}
	for _, id := range regexp.MustCompile(`"_x0000_s(\d{1,8})"`).FindAllStringSubmatch(b.kept, -1) {
		b.lastID = max(b.lastID, atoi(id[1]))
	}
	return b
}

// Remove removes the box of a cell's comment.
func (b *Boxes) Remove(cell string) { b.removed[cell] = true }

// Add puts a box beside a cell, wide enough to read and as high as its lines.
// column is from 0, row from 1.
func (b *Boxes) Add(column, row, lines int) {
	const width, line = 300, 17 // pixels
	right := column + 1
	for have := 0.0; have < width && right < column+30; right++ {
		have += b.columnWidth(right)
	}
	height := min(26+line*lines, 500)
	top := max(row-2, 0)
	b.lastID++
	fmt.Fprintf(&b.added, `<v:shape id="_x0000_s%d" type="#_x0000_t202" style="position:absolute;width:%dpt;height:%dpt;z-index:1;visibility:hidden" fillcolor="#fffbe8" strokecolor="#b7791f" o:insetmode="auto">`+
		`<v:fill color2="#fffbe8"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>`+
		`<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>%d, 12, %d, 4, %d, 4, %d, 4</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>%d</x:Row><x:Column>%d</x:Column></x:ClientData></v:shape>`,
		b.lastID, width*3/4, height*3/4, column+1, top, right, top+(height+19)/20, row-1, column)
}

// columnWidth returns the width in pixels, for a font of 11 points.
func (b *Boxes) columnWidth(column int) float64 {
	width, err := b.file.GetColWidth(b.sheet, ColumnName(column))
	if err != nil {
		return 64
	}
	return 7*width + 5
}

// drawing returns the VML drawing of the boxes.
func (b *Boxes) drawing() []byte {
	row, column := regexp.MustCompile(`<x:Row>\s*(\d{1,7})\s*<`), regexp.MustCompile(`<x:Column>\s*(\d{1,7})\s*<`)
	kept := regexp.MustCompile(`(?s)<v:shape\s.*?</v:shape>`).ReplaceAllStringFunc(b.kept, func(shape string) string {
		r, c := row.FindStringSubmatch(shape), column.FindStringSubmatch(shape)
		if r != nil && c != nil && strings.Contains(shape, `ObjectType="Note"`) && b.removed[CellName(atoi(c[1]), atoi(r[1])+1)] {
			return ""
		}
		return shape
	})
	return []byte(kept + b.added.String() + "</xml>")
}

// atoi converts digits that a pattern has found.
func atoi(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
