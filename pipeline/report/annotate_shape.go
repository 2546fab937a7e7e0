package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// text lays out what is wrong in a cell, in the words of the sender's header,
// as runs of rich text, and tells how many lines of a comment that takes.
func (cell *commentedCell) text(header func(int) string) (runs string, lines int) {
	line := func(bold bool, s string) {
		runs += run(bold, s)
		lines += 1 + len(s)/44
	}
	for i, m := range cell.marks {
		title := problemLead
		if m.Warning {
			title = warningLead
		}
		if m.Column >= 0 || m.Field != "" {
			title += ": " + columnTitle(header(m.Column), m.Field)
		}
		if i > 0 {
			title = "\n" + title
		}
		line(true, title+"\n")
		line(false, sentence(m.Text)+"\n")
	}
	return runs, lines
}

// run is a run of rich text.
func run(bold bool, s string) string {
	look := `<sz val="10"/><color rgb="FF` + inkColour + `"/><rFont val="Calibri"/><family val="2"/>`
	if bold {
		look = "<b/>" + look
	}
	return `<r><rPr>` + look + `</rPr><t xml:space="preserve">` + escaped(s) + `</t></r>`
}

// asRuns makes runs of a comment's text, which may begin with plain text.
func asRuns(text string) string {
	if !strings.HasPrefix(text, "<t") {
		return text
	}
	if plain, rest, found := strings.Cut(text, "</t>"); found {
		return "<r>" + plain + "</t></r>" + rest
	}
	return ""
}

// emptyVML is a drawing that has no shapes yet, but the kind that comments are.
const emptyVML = `<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel">` +
	`<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout>` + noteType + `</xml>`

const noteType = `<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>`

// shapes are the boxes of a sheet's comments. Those of the sender stay where
// they are.
type shapes struct {
	file  *excelize.File
	sheet string
	kept  string // the drawing up to its end
	gone  map[string]bool
	added strings.Builder
	next  int
	width map[int]float64 // of columns, in pixels
}

func newShapes(f *excelize.File, sheet, vml string) *shapes {
	s := &shapes{file: f, sheet: sheet, gone: map[string]bool{}, next: 1024, width: map[int]float64{}}
	s.kept = vml[:strings.LastIndex(vml, "</xml>")]
	if !strings.Contains(s.kept, `id="_x0000_t202"`) {
		s.kept += noteType
	}
	for _, id := range regexp.MustCompile(`"_x0000_s(\d{1,8})"`).FindAllStringSubmatch(s.kept, -1) {
		if n, err := strconv.Atoi(id[1]); err == nil {
			s.next = max(s.next, n)
		}
	}
	return s
}

// remove takes away the box of a cell's comment.
func (s *shapes) remove(cell string) { s.gone[cell] = true }

// add puts a box beside a cell, wide enough to read and as high as its lines.
func (s *shapes) add(column, row, lines int) {
	const width, line = 300, 17 // pixels
	right := column + 1
	for have := 0.0; have < width && right < column+30; right++ {
		have += s.columnWidth(right)
	}
	height := min(26+line*lines, 500)
	top := max(row-2, 0)
	s.next++
	fmt.Fprintf(&s.added, `<v:shape id="_x0000_s%d" type="#_x0000_t202" style="position:absolute;width:%dpt;height:%dpt;z-index:1;visibility:hidden" fillcolor="#fffbe8" strokecolor="#b7791f" o:insetmode="auto">`+
		`<v:fill color2="#fffbe8"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>`+
		`<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>%d, 12, %d, 4, %d, 4, %d, 4</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>%d</x:Row><x:Column>%d</x:Column></x:ClientData></v:shape>`,
		s.next, width*3/4, height*3/4, column+1, top, right, top+(height+19)/20, row-1, column)
}

// columnWidth is in pixels, for a font of 11 points.
func (s *shapes) columnWidth(column int) float64 {
	if known, ok := s.width[column]; ok {
		return known
	}
	pixels := 64.0
	if name, err := excelize.ColumnNumberToName(column + 1); err == nil {
		if width, err := s.file.GetColWidth(s.sheet, name); err == nil {
			pixels = 7*width + 5
		}
	}
	s.width[column] = pixels
	return pixels
}

// vml is the drawing as it is now.
func (s *shapes) vml() string {
	row, column := regexp.MustCompile(`<x:Row>\s*(\d{1,7})\s*<`), regexp.MustCompile(`<x:Column>\s*(\d{1,7})\s*<`)
	kept := regexp.MustCompile(`(?s)<v:shape\s.*?</v:shape>`).ReplaceAllStringFunc(s.kept, func(shape string) string {
		r, c := row.FindStringSubmatch(shape), column.FindStringSubmatch(shape)
		if r == nil || c == nil || !strings.Contains(shape, `ObjectType="Note"`) {
			return shape
		}
		if s.gone[cellName(atoi(c[1]), atoi(r[1])+1)] {
			return ""
		}
		return shape
	})
	return kept + s.added.String() + "</xml>"
}

// atoi is for digits that a pattern has found.
func atoi(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
