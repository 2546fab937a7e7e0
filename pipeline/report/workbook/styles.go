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

	// ProblemFill and WarningFill mark cells. They are pale, so that text in
	// any colour stays legible, and used for nothing else, so that a later
	// annotation recognises them.
	ProblemFill = "FACFCB"
	WarningFill = "FFEFB9"
)

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

func (b *Workbook) addStyles() error {
	const asText, thousands = 49, 3 // built-in formats "@" and "#,##0"
	percent := "0.0%"
	ink, bold, grey := font(11, false, InkColour), font(11, true, InkColour), font(11, false, GreyColour)
	section, blue := font(12, true, HeadColour), font(11, false, linkColour)
	blue.Underline = "single"
	example := font(11, false, GreyColour)
	example.Italic = true
	under, edge, total := border("bottom", lineColour, 1), border("bottom", HeadColour, 2), border("top", InkColour, 1)
	top, topWrap, topLeft := &excelize.Alignment{Vertical: "top"}, &excelize.Alignment{Vertical: "top", WrapText: true}, &excelize.Alignment{Vertical: "top", Horizontal: "left"}
	topLeftWrap := &excelize.Alignment{Vertical: "top", Horizontal: "left", WrapText: true}
	centre, centreWrap := &excelize.Alignment{Vertical: "center"}, &excelize.Alignment{Vertical: "center", WrapText: true}
	right := &excelize.Alignment{Vertical: "center", Horizontal: "right"}
	indented := &excelize.Alignment{Vertical: "center", Horizontal: "left", WrapText: true, Indent: 1}
	listed := func(f *excelize.Font, a *excelize.Alignment) excelize.Style {
		return excelize.Style{Font: f, NumFmt: asText, Border: under, Alignment: a}
	}
	marked := func(colour string) excelize.Style {
		return excelize.Style{Font: bold, NumFmt: asText, Border: under, Alignment: topLeftWrap, Fill: Fill(colour)}
	}
	header := func(fill, ink string) excelize.Style {
		return excelize.Style{Font: font(11, true, ink), Fill: Fill(fill), NumFmt: asText, Alignment: centre, Border: border("right", white, 1)}
	}
	st := &b.Style
	for _, s := range []struct {
		id   *int
		look excelize.Style
	}{
		{&st.Title, excelize.Style{Font: font(20, true, HeadColour)}},
		{&st.Subtitle, excelize.Style{Font: grey}},
		{&st.Lead, excelize.Style{Font: font(12, false, InkColour), Alignment: centre}},
		{&st.Head, excelize.Style{Font: font(11, true, white), Fill: Fill(HeadColour), NumFmt: asText, Alignment: centre}},
		{&st.HeadEdge, excelize.Style{Font: section, Border: edge, Alignment: centre}},
		{&st.HeadRight, excelize.Style{Font: section, Border: edge, Alignment: right}},
		{&st.HeadIndent, excelize.Style{Font: section, Border: edge, Alignment: indented}},
		{&st.Group, excelize.Style{Font: section, Fill: Fill(paleColour), NumFmt: asText, Alignment: centreWrap}},
		{&st.Text, excelize.Style{Font: ink, NumFmt: asText, Alignment: top}},
		{&st.Wrapped, excelize.Style{Font: ink, NumFmt: asText, Alignment: topWrap}},
		{&st.Number, excelize.Style{Font: ink, Alignment: topLeft}},
		{&st.Note, excelize.Style{Font: ink, NumFmt: asText, Alignment: topWrap, Fill: Fill(noteColour)}},
		{&st.Link, excelize.Style{Font: blue, NumFmt: asText, Alignment: top}},
		{&st.Count, excelize.Style{Font: ink, NumFmt: thousands, Border: under, Alignment: right}},
		{&st.Share, excelize.Style{Font: grey, CustomNumFmt: &percent, Border: under, Alignment: right}},
		{&st.Sum, excelize.Style{Font: bold, NumFmt: asText, Border: total, Alignment: centre}},
		{&st.SumCount, excelize.Style{Font: bold, NumFmt: thousands, Border: total, Alignment: right}},
		{&st.Label, listed(ink, indented)},
		{&st.Cause, listed(bold, centreWrap)},
		{&st.Key, listed(grey, centre)},
		{&st.Value, listed(bold, indented)},
		{&st.Good, listed(font(11, true, GreenColour), centre)},
		{&st.Warn, listed(font(11, true, AmberColour), centre)},
		{&st.Bad, listed(font(11, true, RedColour), centre)},
		{&st.Muted, listed(font(11, true, GreyColour), centre)},
		{&st.Entry, listed(ink, topLeftWrap)},
		{&st.Jump, listed(blue, topLeftWrap)},
		{&st.Problem, marked(ProblemFill)},
		{&st.Warning, marked(WarningFill)},
		{&st.TemplateNeeded, header(HeadColour, white)},
		{&st.TemplateOptional, header(lineColour, HeadColour)},
		{&st.TemplateExample, excelize.Style{Font: example, NumFmt: asText, Fill: Fill(noteColour)}},
	} {
		var err error
		if *s.id, err = b.File.NewStyle(&s.look); err != nil {
			return err
		}
	}
	return nil
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
