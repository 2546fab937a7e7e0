package workbook

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// RevisionSpace is the XML name space of the ids that join comments to
// conversations.
const RevisionSpace = "http://schemas.microsoft.com/office/spreadsheetml/2014/revision"

// Comment is a comment on a cell.
type Comment struct {
	Cell, Author string
	Text         string // the XML inside its text element, see TextRun
	UID          string // joins it to a conversation; "" = to none
}

// CommentParts are the two parts that hold the comments of a sheet, by name,
// and the boxes there. excelize would change the sender's comments, and needs
// quadratic time for many. The zero value is that of a sheet without comments.
type CommentParts struct {
	Comments, Drawing string
	Boxes             []Box
}

// OpenBoxes returns the boxes, to be changed. A sheet that has no parts gets
// them. excelize makes them for its own first comment, which is removed again.
func (p *CommentParts) OpenBoxes(f *excelize.File, sheet string) (*Boxes, error) {
	if p.Drawing == "" {
		defer lendFontName(f)()
		if err := f.AddComment(sheet, excelize.Comment{Cell: "A1", Author: Author, Text: "x"}); err != nil {
			return nil, err
		}
		// Parts that the workbook came with are raw, so these are new.
		for name := range f.Comments {
			p.Comments = name
			delete(f.Comments, name)
		}
		for name := range f.VMLDrawing {
			p.Drawing = name
			delete(f.VMLDrawing, name)
		}
	}
	return &Boxes{file: f, sheet: sheet, list: p.Boxes}, nil
}

// Store writes comments and boxes into their parts.
func (p *CommentParts) Store(f *excelize.File, list []Comment, boxes *Boxes) {
	f.Pkg.Store(p.Comments, commentsXML(list))
	f.Pkg.Store(p.Drawing, DrawBoxes(boxes.list))
}

// RawPart returns a part of a workbook as it came, nil if there is none.
func RawPart(f *excelize.File, part string) []byte {
	data, _ := f.Pkg.Load(part)
	text, _ := data.([]byte)
	return text
}

// lendFontName gives the workbook's default font a name until giveBack is
// called. Small programs leave the name out; excelize panics without it.
func lendFontName(f *excelize.File) (giveBack func()) {
	if f.Styles == nil || f.Styles.Fonts == nil || len(f.Styles.Fonts.Font) == 0 {
		return func() {}
	}
	first := f.Styles.Fonts.Font[0]
	was := first.Name
	if was != nil && was.Val != nil {
		return func() {}
	}
	for _, other := range f.Styles.Fonts.Font {
		if other.Name != nil && other.Name.Val != nil {
			first.Name = other.Name
		}
	}
	return func() { first.Name = was }
}

// commentsXML returns the part of a sheet's comments (ECMA-376 part 1, 18.7).
func commentsXML(list []Comment) []byte {
	var authors []string
	for _, one := range list {
		if !slices.Contains(authors, one.Author) {
			authors = append(authors, one.Author)
		}
	}
	var b strings.Builder
	b.WriteString(xml.Header + `<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:xr="` + RevisionSpace + `" mc:Ignorable="xr"><authors>`)
	for _, name := range authors {
		b.WriteString("<author>" + EscapeXML(name) + "</author>")
	}
	b.WriteString("</authors><commentList>")
	for _, one := range list {
		b.WriteString(`<comment ref="` + EscapeXML(one.Cell) + `" authorId="` + strconv.Itoa(slices.Index(authors, one.Author)) + `"`)
		if one.UID != "" {
			b.WriteString(` xr:uid="` + EscapeXML(one.UID) + `"`)
		}
		b.WriteString(`><text>` + one.Text + "</text></comment>")
	}
	b.WriteString("</commentList></comments>")
	return []byte(b.String())
}

// TextRun returns a run of rich text as XML.
func TextRun(bold bool, s string) string {
	look := `<sz val="10"/><color rgb="FF` + InkColour + `"/><rFont val="Calibri"/><family val="2"/>`
	if bold {
		look = "<b/>" + look
	}
	return `<r><rPr>` + look + `</rPr><t xml:space="preserve">` + EscapeXML(s) + `</t></r>`
}

// EscapeXML returns text as it is written in XML, cleaned of what XML does not
// allow.
func EscapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(reporttext.Clean(s))) // a strings.Builder never fails
	return strings.ReplaceAll(b.String(), "&#xA;", "\n")
}
