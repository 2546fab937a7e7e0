package report

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// comments gathers the comments on one sheet and writes them at the end, with
// those of the sender. It writes their parts itself: excelize takes quadratic
// time.
type comments struct {
	file  *excelize.File
	sheet string
	parts commentParts
	own   []ownComment
	talks map[string]bool // cells with a conversation of the sender's, which no other comment can stand beside
	stale map[string]bool // cells with a comment of an earlier annotation
	cells []commentedCell
	more  bool // than maxComments
}

type commentedCell struct {
	column, row int
	marks       []Mark
}

// ownComment is one of the sender's. text is the XML inside its text element;
// uid joins it to a conversation, "" = to none.
type ownComment struct{ cell, author, text, uid string }

// add takes the marks of a row, one comment for each cell.
func (c *comments) add(r *AnnotatedRow) {
	var here []commentedCell
	for _, m := range r.Marks {
		column := max(m.Column, 0)
		i := slices.IndexFunc(here, func(o commentedCell) bool { return o.column == column })
		if i < 0 {
			here = append(here, commentedCell{column: column, row: r.Number})
			i = len(here) - 1
		}
		here[i].marks = append(here[i].marks, m)
	}
	for _, cell := range here {
		// Warnings do not take the room of problems.
		room := maxComments - len(c.cells)
		if room > maxComments/2 || room > 0 && slices.ContainsFunc(cell.marks, func(m Mark) bool { return !m.Warning }) {
			c.cells = append(c.cells, cell)
		} else {
			c.more = true
		}
	}
}

// write writes them, and tells of how many there are.
func (c *comments) write(header func(int) string, done *Annotated) error {
	done.Commented = !c.more
	marked := len(c.cells)
	c.cells = slices.DeleteFunc(c.cells, func(cell commentedCell) bool { return c.talks[cellName(cell.column, cell.row)] })
	done.Comments, done.Displaced = len(c.cells), marked-len(c.cells)
	if len(c.cells) == 0 && len(c.stale) == 0 {
		return nil
	}
	if err := c.makeParts(); err != nil {
		return err
	}
	shapes, ours := newShapes(c.file, c.sheet, string(packed(c.file, c.parts.drawing))), map[string]string{}
	for at := range c.stale {
		shapes.remove(at)
	}
	var list []ownComment
	for _, cell := range c.cells {
		at := cellName(cell.column, cell.row)
		text, lines := cell.text(header)
		if i := slices.IndexFunc(c.own, func(o ownComment) bool { return o.cell == at }); i >= 0 {
			text += run(true, "\n"+c.own[i].who()+wroteHere+"\n") + asRuns(c.own[i].text)
			lines += 4
			shapes.remove(at)
		}
		ours[at] = text
		list = append(list, ownComment{cell: at, author: author, text: text})
		shapes.add(cell.column, cell.row, lines)
	}
	for _, own := range c.own {
		if ours[own.cell] != "" {
			continue
		}
		if c.stale[own.cell] { // freed from one of ours
			if column, row, err := excelize.CellNameToCoordinates(own.cell); err == nil {
				shapes.add(column-1, row, 4)
			}
		}
		list = append(list, own)
	}
	c.file.Pkg.Store(c.parts.comments, commentXML(list))
	c.file.Pkg.Store(c.parts.drawing, []byte(shapes.vml()))
	return nil
}

// makeParts makes sure that there are parts to write. excelize makes them for
// its own first comment, which is then taken out of its hands.
func (c *comments) makeParts() error {
	if c.parts.drawing != "" {
		return nil
	}
	before := map[string]bool{}
	for name := range c.file.Comments {
		before[name] = true
	}
	drawn := map[string]bool{}
	for name := range c.file.VMLDrawing {
		drawn[name] = true
	}
	defer lendFontName(c.file)()
	if err := c.file.AddComment(c.sheet, excelize.Comment{Cell: "A1", Author: author, Text: "x"}); err != nil {
		return err
	}
	for name := range c.file.Comments {
		if !before[name] {
			c.parts.comments = name
			delete(c.file.Comments, name)
		}
	}
	for name := range c.file.VMLDrawing {
		if !drawn[name] {
			c.parts.drawing = name
			delete(c.file.VMLDrawing, name)
		}
	}
	c.file.Pkg.Store(c.parts.drawing, []byte(emptyVML))
	return nil
}

// lendFontName gives the workbook's default font a name, which excelize panics
// without and small programs leave out, until giveBack is called.
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

// commentXML is the part of a sheet's comments (ECMA-376 part 1, 18.7).
func commentXML(list []ownComment) []byte {
	var authors []string
	for _, one := range list {
		if !slices.Contains(authors, one.author) {
			authors = append(authors, one.author)
		}
	}
	var b strings.Builder
	b.WriteString(xml.Header + `<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:xr="` + revisionSpace + `" mc:Ignorable="xr"><authors>`)
	for _, name := range authors {
		b.WriteString("<author>" + escaped(name) + "</author>")
	}
	b.WriteString("</authors><commentList>")
	for _, one := range list {
		b.WriteString(`<comment ref="` + escaped(one.cell) + `" authorId="` + strconv.Itoa(slices.Index(authors, one.author)) + `"`)
		if one.uid != "" {
			b.WriteString(` xr:uid="` + escaped(one.uid) + `"`)
		}
		b.WriteString(`><text>` + one.text + "</text></comment>")
	}
	b.WriteString("</commentList></comments>")
	return []byte(b.String())
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(clean(s))) // a strings.Builder never fails
	return strings.ReplaceAll(b.String(), "&#xA;", "\n")
}
