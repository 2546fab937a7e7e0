package workbook

import (
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// Styles are the ids of the looks that workbooks for people share.
type Styles struct {
	Title, Subtitle, Lead             int
	Head, HeadEdge, HeadRight         int
	HeadIndent, Group                 int
	Text, Wrapped, Number, Note, Link int
	Count, Share, Sum, SumCount       int
	Label, Cause, Key, Value          int // cells of a list
	Good, Warn, Bad, Muted            int
	Entry, Jump, Problem, Warning     int // cells of a list of problems
	TemplateNeeded, TemplateOptional  int
	TemplateExample                   int
}

// Colours are few: ink, lines, one dark head, and three signals that stay
// distinct in print.
const (
	InkColour   = "1F2933"
	HeadColour  = "243B53"
	GreyColour  = "616E7C"
	GreenColour = "2F7D5B"
	AmberColour = "B7791F"
	RedColour   = "B23A3A"
	BarColour   = "3B6EA5"
	lineColour  = "CBD2D9"
	paleColour  = "F1F4F7"
	noteColour  = "FFF4CC"
	linkColour  = "1D5FA8"
	white       = "FFFFFF"

	// The fills and frames of marked cells. The fills are pale, so that text
	// stays legible. All are used for nothing else, so that a later annotation
	// recognises them.
	ProblemFill  = "FACFCB"
	ProblemFrame = "C1121F"
	WarningFill  = "FFEFB9"
	WarningFrame = "9A6700"
)

// ProblemLook returns the mark of a cell to be corrected.
func ProblemLook() excelize.Style {
	return excelize.Style{Fill: Fill(ProblemFill), Border: frame(ProblemFrame, 2)}
}

// WarningLook returns the mark of a cell to be checked. Its frame is dashed, so
// that the two differ in print too.
func WarningLook() excelize.Style {
	return excelize.Style{Fill: Fill(WarningFill), Border: frame(WarningFrame, 8)}
}

// frame returns the four borders of a cell in one colour and style of excelize.
func frame(colour string, style int) (all []excelize.Border) {
	for _, side := range []string{"left", "right", "top", "bottom"} {
		all = append(all, border(side, colour, style)...)
	}
	return all
}

func font(size float64, bold bool, colour string) *excelize.Font {
	return &excelize.Font{Family: "Calibri", Size: size, Bold: bold, Color: colour}
}

// Fill returns the plain fill of a colour.
func Fill(colour string) excelize.Fill {
	return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}
}

func border(side, colour string, style int) []excelize.Border {
	return []excelize.Border{{Type: side, Color: colour, Style: style}}
}

// look is a style, and where its id goes.
type look struct {
	id    *int
	style excelize.Style
}

func (b *Workbook) addLooks(list ...look) error {
	for _, l := range list {
		var err error
		if *l.id, err = b.File.NewStyle(&l.style); err != nil {
			return err
		}
	}
	return nil
}

const asText, thousands = 49, 3 // built-in formats "@" and "#,##0"

// addStyles adds the styles of reports.
func (b *Workbook) addStyles() error {
	percent := "0.0%"
	ink, bold, grey := font(11, false, InkColour), font(11, true, InkColour), font(11, false, GreyColour)
	section := font(12, true, HeadColour)
	under, edge, total := border("bottom", lineColour, 1), border("bottom", HeadColour, 2), border("top", InkColour, 1)
	top, topWrap, topLeft := &excelize.Alignment{Vertical: "top"}, &excelize.Alignment{Vertical: "top", WrapText: true}, &excelize.Alignment{Vertical: "top", Horizontal: "left"}
	centre, centreWrap := &excelize.Alignment{Vertical: "center"}, &excelize.Alignment{Vertical: "center", WrapText: true}
	right := &excelize.Alignment{Vertical: "center", Horizontal: "right"}
	indented := &excelize.Alignment{Vertical: "center", Horizontal: "left", WrapText: true, Indent: 1}
	st := &b.Style
	return b.addLooks(
		look{&st.Title, excelize.Style{Font: font(20, true, HeadColour)}},
		look{&st.Subtitle, excelize.Style{Font: grey}},
		look{&st.Lead, excelize.Style{Font: font(12, false, InkColour), Alignment: centre}},
		look{&st.Head, excelize.Style{Font: font(11, true, white), Fill: Fill(HeadColour), NumFmt: asText, Alignment: centre}},
		look{&st.HeadEdge, excelize.Style{Font: section, Border: edge, Alignment: centre}},
		look{&st.HeadRight, excelize.Style{Font: section, Border: edge, Alignment: right}},
		look{&st.HeadIndent, excelize.Style{Font: section, Border: edge, Alignment: indented}},
		look{&st.Group, excelize.Style{Font: section, Fill: Fill(paleColour), NumFmt: asText, Alignment: centreWrap}},
		look{&st.Text, excelize.Style{Font: ink, NumFmt: asText, Alignment: top}},
		look{&st.Wrapped, excelize.Style{Font: ink, NumFmt: asText, Alignment: topWrap}},
		look{&st.Number, excelize.Style{Font: ink, Alignment: topLeft}},
		look{&st.Note, excelize.Style{Font: ink, NumFmt: asText, Alignment: top, Fill: Fill(noteColour)}},
		look{&st.Link, excelize.Style{Font: linkFont(), NumFmt: asText, Alignment: top}},
		look{&st.Count, excelize.Style{Font: ink, NumFmt: thousands, Border: under, Alignment: right}},
		look{&st.Share, excelize.Style{Font: grey, CustomNumFmt: &percent, Border: under, Alignment: right}},
		look{&st.Sum, excelize.Style{Font: bold, NumFmt: asText, Border: total, Alignment: centre}},
		look{&st.SumCount, excelize.Style{Font: bold, NumFmt: thousands, Border: total, Alignment: right}},
		look{&st.Label, listStyle(ink, indented)},
		look{&st.Cause, listStyle(bold, centreWrap)},
		look{&st.Key, listStyle(grey, centre)},
		look{&st.Value, listStyle(bold, indented)},
		look{&st.Good, listStyle(font(11, true, GreenColour), centre)},
		look{&st.Warn, listStyle(font(11, true, AmberColour), centre)},
		look{&st.Bad, listStyle(font(11, true, RedColour), centre)},
		look{&st.Muted, listStyle(font(11, true, GreyColour), centre)})
}

// addListStyles adds the styles of annotated lists and templates.
func (b *Workbook) addListStyles() error {
	wrap := &excelize.Alignment{Vertical: "top", Horizontal: "left", WrapText: true}
	marked := func(mark excelize.Style) excelize.Style {
		s := listStyle(font(11, true, InkColour), wrap)
		s.Fill, s.Border = mark.Fill, mark.Border
		return s
	}
	header := func(fill, ink string) excelize.Style {
		return excelize.Style{Font: font(11, true, ink), Fill: Fill(fill), NumFmt: asText, Alignment: &excelize.Alignment{Vertical: "center"}, Border: border("right", white, 1)}
	}
	example := font(11, false, GreyColour)
	example.Italic = true
	st := &b.Style
	return b.addLooks(
		look{&st.Entry, listStyle(font(11, false, InkColour), wrap)},
		look{&st.Jump, listStyle(linkFont(), wrap)},
		look{&st.Problem, marked(ProblemLook())},
		look{&st.Warning, marked(WarningLook())},
		look{&st.TemplateNeeded, header(HeadColour, white)},
		look{&st.TemplateOptional, header(lineColour, HeadColour)},
		look{&st.TemplateExample, excelize.Style{Font: example, NumFmt: asText, Fill: Fill(noteColour)}})
}

func linkFont() *excelize.Font {
	f := font(11, false, linkColour)
	f.Underline = "single"
	return f
}

// listStyle returns the look of a cell of a list, with a line under it.
func listStyle(f *excelize.Font, a *excelize.Alignment) excelize.Style {
	return excelize.Style{Font: f, NumFmt: asText, Border: border("bottom", lineColour, 1), Alignment: a}
}

// MoneyStyle returns the style of amounts in a currency, with their cents.
func (b *Workbook) MoneyStyle(currency string) (int, error) {
	format := "#,##0.00##"
	if currency = strings.ReplaceAll(reporttext.Clean(currency), `"`, ""); currency != "" {
		format += ` "` + currency + `"`
	}
	return b.File.NewStyle(&excelize.Style{Font: font(11, true, InkColour), Border: border("bottom", lineColour, 1), CustomNumFmt: &format,
		Alignment: &excelize.Alignment{Vertical: "center", Horizontal: "left", Indent: 1}})
}
