package report

import (
	"strings"

	"github.com/xuri/excelize/v2"
)

// The fills of marked cells: pale, so that text stays legible in whatever
// colour the sender gave it. They are nobody else's, so that a later
// annotation knows its predecessor's.
const (
	problemFill = "FACFCB"
	warningFill = "FFEFB9"
)

// painter gives cells a fill and leaves the rest of their look alone.
type painter struct {
	file  *excelize.File
	fills [2]int         // fill ids: problem, warning
	known map[[2]int]int // style and fill → style
}

// newPainter also takes the fills of an earlier annotation off all cells.
func newPainter(f *excelize.File) (*painter, error) {
	p := &painter{file: f, known: map[[2]int]int{}}
	if _, err := f.NewStyle(&excelize.Style{}); err != nil { // has excelize read the styles
		return nil, err
	}
	p.unpaint()
	for i, colour := range []string{problemFill, warningFill} {
		style, err := f.NewStyle(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}})
		if err != nil {
			return nil, err
		}
		if id := f.Styles.CellXfs.Xf[style].FillID; id != nil {
			p.fills[i] = *id
		}
	}
	return p, nil
}

// unpaint makes every style with one of our fills one without a fill. What
// fill a cell had before is not known any more.
func (p *painter) unpaint() {
	if p.file.Styles.Fills == nil {
		return
	}
	ours := map[int]bool{}
	for i, fill := range p.file.Styles.Fills.Fill {
		if fill.PatternFill != nil && fill.PatternFill.FgColor != nil {
			rgb := strings.ToUpper(fill.PatternFill.FgColor.RGB)
			ours[i] = strings.HasSuffix(rgb, problemFill) || strings.HasSuffix(rgb, warningFill)
		}
	}
	none := 0 // ECMA-376 part 1, 18.8.20: the first fill is none
	for i := range p.file.Styles.CellXfs.Xf {
		if id := p.file.Styles.CellXfs.Xf[i].FillID; id != nil && ours[*id] {
			p.file.Styles.CellXfs.Xf[i].FillID = &none
		}
	}
}

// maxStyles is the most looks that Excel takes in a workbook.
const maxStyles = 64_000

// over gives the style that is this one with our fill. Going through
// excelize's own description of a style would lose what that cannot describe.
func (p *painter) over(style int, warning bool) (int, error) {
	fill := p.fills[0]
	if warning {
		fill = p.fills[1]
	}
	if known, ok := p.known[[2]int{style, fill}]; ok {
		return known, nil
	}
	xfs := p.file.Styles.CellXfs
	if style < 0 || style >= len(xfs.Xf) || len(xfs.Xf) >= maxStyles {
		style = 0
	}
	look, yes := xfs.Xf[style], true
	look.FillID, look.ApplyFill = &fill, &yes
	xfs.Xf = append(xfs.Xf, look)
	xfs.Count = len(xfs.Xf)
	p.known[[2]int{style, fill}] = len(xfs.Xf) - 1
	return len(xfs.Xf) - 1, nil
}
