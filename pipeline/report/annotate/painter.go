package annotate

import (
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// painter gives cells a fill and keeps the rest of their look.
type painter struct {
	file   *excelize.File
	fills  [2]int         // fill ids: problem, warning
	styles map[[2]int]int // style and fill → style
}

func newPainter(f *excelize.File) (*painter, error) {
	p := &painter{file: f, styles: map[[2]int]int{}}
	for i, colour := range []string{workbook.ProblemFill, workbook.WarningFill} {
		style, err := f.NewStyle(&excelize.Style{Fill: workbook.Fill(colour)})
		if err != nil {
			return nil, err
		}
		if id := f.Styles.CellXfs.Xf[style].FillID; id != nil {
			p.fills[i] = *id
		}
	}
	return p, nil
}

// removePaint removes our fills from all cells. The fill that a cell had before
// is lost.
func removePaint(f *excelize.File) error {
	if _, err := f.NewStyle(&excelize.Style{}); err != nil { // makes excelize read the styles
		return err
	}
	if f.Styles.Fills == nil {
		return nil
	}
	ours := map[int]bool{}
	for i, fill := range f.Styles.Fills.Fill {
		if fill.PatternFill != nil && fill.PatternFill.FgColor != nil {
			rgb := strings.ToUpper(fill.PatternFill.FgColor.RGB)
			ours[i] = strings.HasSuffix(rgb, workbook.ProblemFill) || strings.HasSuffix(rgb, workbook.WarningFill)
		}
	}
	none := 0 // ECMA-376 part 1, 18.8.20: the first fill is none
	for i := range f.Styles.CellXfs.Xf {
		if id := f.Styles.CellXfs.Xf[i].FillID; id != nil && ours[*id] {
			f.Styles.CellXfs.Xf[i].FillID = &none
		}
	}
	return nil
}

// maxStyles is Excel's limit for a workbook.
const maxStyles = 64_000

// over returns a style with our fill. It does not use excelize's own
// description of a style, which cannot describe everything.
func (p *painter) over(style int, isWarning bool) int {
	fill := p.fills[0]
	if isWarning {
		fill = p.fills[1]
	}
	if painted, ok := p.styles[[2]int{style, fill}]; ok {
		return painted
	}
	xfs := p.file.Styles.CellXfs
	if style < 0 || style >= len(xfs.Xf) || len(xfs.Xf) >= maxStyles {
		style = 0
	}
	look, yes := xfs.Xf[style], true
	look.FillID, look.ApplyFill = &fill, &yes
	xfs.Xf = append(xfs.Xf, look)
	xfs.Count = len(xfs.Xf)
	p.styles[[2]int{style, fill}] = len(xfs.Xf) - 1
	return len(xfs.Xf) - 1
}
