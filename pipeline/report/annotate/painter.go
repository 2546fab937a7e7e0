package annotate

import (
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// painter marks cells: with a fill, and with a frame that shows beside the
// sender's own fills and in print. It keeps the rest of a cell's look, except
// for a font too light for the fill.
type painter struct {
	file   *excelize.File
	looks  [2]markLook    // of problems and warnings
	styles map[[2]int]int // style, and index in looks → style
	fonts  map[int]int    // font → the same in ink
	ink    int            // a font in the colour of ink
}

// markLook is the look of a mark, by ids of the workbook's styles.
type markLook struct{ fill, border int }

func newPainter(f *excelize.File) (*painter, error) {
	p := &painter{file: f, styles: map[[2]int]int{}, fonts: map[int]int{}}
	for i, look := range []excelize.Style{workbook.ProblemLook(), workbook.WarningLook()} {
		look.Font = &excelize.Font{Color: workbook.InkColour}
		style, err := f.NewStyle(&look)
		if err != nil {
			return nil, err
		}
		xf := f.Styles.CellXfs.Xf[style]
		p.looks[i] = markLook{valueOf(xf.FillID), valueOf(xf.BorderID)}
		p.ink = valueOf(xf.FontID)
	}
	return p, nil
}

func valueOf(id *int) int {
	if id == nil {
		return 0
	}
	return *id
}

// removePaint removes our fills and frames from all cells. Those that a cell had
// before are lost.
func removePaint(f *excelize.File) error {
	if _, err := f.NewStyle(&excelize.Style{}); err != nil { // makes excelize read the styles
		return err
	}
	if f.Styles.Fills == nil {
		return nil
	}
	fills, borders := map[int]bool{}, map[int]bool{}
	for i, fill := range f.Styles.Fills.Fill {
		if fill.PatternFill != nil && fill.PatternFill.FgColor != nil {
			fills[i] = isColour(fill.PatternFill.FgColor.RGB, workbook.ProblemFill, workbook.WarningFill)
		}
	}
	if f.Styles.Borders != nil {
		for i, border := range f.Styles.Borders.Border {
			if border != nil && border.Left != nil && border.Left.Color != nil {
				borders[i] = isColour(border.Left.Color.RGB, workbook.ProblemFrame, workbook.WarningFrame)
			}
		}
	}
	none := 0 // ECMA-376 part 1, 18.8.5 and 18.8.20: the first border and fill are none
	for i := range f.Styles.CellXfs.Xf {
		if xf := &f.Styles.CellXfs.Xf[i]; fills[valueOf(xf.FillID)] {
			xf.FillID = &none
			if borders[valueOf(xf.BorderID)] {
				xf.BorderID = &none
			}
		}
	}
	return nil
}

// isColour reports whether a colour, with or without its alpha channel, is one
// of ours.
func isColour(rgb string, ours ...string) bool {
	for _, colour := range ours {
		if strings.HasSuffix(strings.ToUpper(rgb), colour) {
			return true
		}
	}
	return false
}

// maxStyles is Excel's limit for a workbook.
const maxStyles = 64_000

// over returns a style with our mark. It does not use excelize's own
// description of a style, which cannot describe everything.
func (p *painter) over(style int, isWarning bool) int {
	kind := 0
	if isWarning {
		kind = 1
	}
	if painted, ok := p.styles[[2]int{style, kind}]; ok {
		return painted
	}
	xfs := p.file.Styles.CellXfs
	base := style
	if base < 0 || base >= len(xfs.Xf) || len(xfs.Xf) >= maxStyles {
		base = 0
	}
	look, mark, yes := xfs.Xf[base], p.looks[kind], true
	font := p.inkFont(valueOf(look.FontID))
	look.FillID, look.ApplyFill = &mark.fill, &yes
	look.BorderID, look.ApplyBorder = &mark.border, &yes
	look.FontID, look.ApplyFont = &font, &yes
	xfs.Xf = append(xfs.Xf, look)
	xfs.Count = len(xfs.Xf)
	p.styles[[2]int{style, kind}] = len(xfs.Xf) - 1
	return len(xfs.Xf) - 1
}

// inkFont returns a font whose text is legible on our fills: the same one, or
// if it is too light, the same in ink.
func (p *painter) inkFont(font int) int {
	fonts := p.file.Styles.Fonts
	if font < 0 || font >= len(fonts.Font) {
		return p.ink
	}
	colour := fonts.Font[font].Color
	const darkTexts = 1 // of the theme; 0 is its light one
	if colour == nil || colour.Auto || colour.RGB != "" && isDark(colour.RGB) ||
		colour.RGB == "" && colour.Theme != nil && *colour.Theme == darkTexts && colour.Tint <= 0 {
		return font
	}
	if dark, ok := p.fonts[font]; ok {
		return dark
	}
	same := *fonts.Font[font]
	same.Color = fonts.Font[p.ink].Color
	fonts.Font = append(fonts.Font, &same)
	fonts.Count = len(fonts.Font)
	p.fonts[font] = len(fonts.Font) - 1
	return len(fonts.Font) - 1
}

// isDark reports whether text of a colour, as AARRGGBB or RRGGBB, is legible on
// our fills, which are pale.
func isDark(rgb string) bool {
	value, err := strconv.ParseUint(rgb[max(0, len(rgb)-6):], 16, 32)
	if err != nil {
		return false
	}
	// ITU-R BT.601: how bright the eye finds red, green and blue.
	return 299*(value>>16&0xff)+587*(value>>8&0xff)+114*(value&0xff) < 110_000
}
