package report

import (
	"encoding/xml"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// comments gathers the comments on one sheet and writes them at the end, with
// those of the sender. It writes their parts itself: excelize cannot add to
// those that LibreOffice writes, and takes quadratic time.
type comments struct {
	file  *excelize.File
	sheet string
	parts commentParts
	able  bool // false: the workbook's comments are built so that nothing is safe but to leave them alone
	own   []ownComment
	stale map[string]bool // cells with a comment of an earlier annotation
	cells []commentedCell
	more  bool // than maxComments
}

type commentedCell struct {
	column, row int
	marks       []Mark
}

// ownComment is one of the sender's. text is the XML inside its text element.
type ownComment struct{ cell, author, text string }

// commentParts are the parts of a workbook that hold the comments of a sheet,
// "" if there are none.
type commentParts struct {
	comments, drawing string
	threaded          bool
}

// newComments reads the comments of a sheet. part is its part of the archive.
func newComments(f *excelize.File, sheet, part string) *comments {
	c := &comments{file: f, sheet: sheet, parts: relatedParts(f, part), stale: map[string]bool{}}
	c.able = part != "" && !c.parts.threaded && c.readable() && c.read()
	return c
}

// relatedParts finds the parts that belong to a sheet.
func relatedParts(f *excelize.File, part string) commentParts {
	var found commentParts
	dir, base := path.Split(part)
	var rels relationships
	if xml.Unmarshal(packed(f, dir+"_rels/"+base+".rels"), &rels) != nil {
		return found
	}
	for _, r := range rels.List {
		at := target(strings.TrimSuffix(dir, "/"), r.Target)
		switch path.Base(r.Type) {
		case "comments":
			found.comments = at
		case "vmlDrawing":
			found.drawing = at
		case "threadedComment":
			found.threaded = true
		}
	}
	return found
}

// packed is a part of a workbook as it came, nil if there is none.
func packed(f *excelize.File, part string) []byte {
	data, _ := f.Pkg.Load(part)
	text, _ := data.([]byte)
	return text
}

// readable reports whether the sheet's parts are of the usual build or, if it
// has none, whether the names that excelize will give them are free.
func (c *comments) readable() bool {
	if c.parts.drawing != "" {
		vml := string(packed(c.file, c.parts.drawing))
		for _, prefix := range []string{`xmlns:v="urn:schemas-microsoft-com:vml"`, `xmlns:x="urn:schemas-microsoft-com:office:excel"`, `xmlns:o="urn:schemas-microsoft-com:office:office"`, "</xml>"} {
			if !strings.Contains(vml, prefix) {
				return false
			}
		}
		return c.parts.comments != ""
	}
	if c.parts.comments != "" {
		return false
	}
	n := 1
	c.file.Pkg.Range(func(name, _ any) bool {
		if s, ok := name.(string); ok && strings.Contains(s, "xl/comments") {
			n++
		}
		return true
	})
	return packed(c.file, fmt.Sprintf("xl/comments%d.xml", n)) == nil && packed(c.file, fmt.Sprintf("xl/drawings/vmlDrawing%d.vml", n)) == nil
}

// read takes over the sender's comments.
func (c *comments) read() bool {
	if c.parts.comments == "" {
		return true
	}
	var part struct {
		Authors []string `xml:"authors>author"`
		List    []struct {
			Ref    string `xml:"ref,attr"`
			Author int    `xml:"authorId,attr"`
			Text   struct {
				Inner string `xml:",innerxml"`
			} `xml:"text"`
		} `xml:"commentList>comment"`
	}
	if xml.Unmarshal(packed(c.file, c.parts.comments), &part) != nil {
		return false
	}
	prefixed := regexp.MustCompile(`</?\w+:`)
	for _, one := range part.List {
		own := ownComment{cell: one.Ref, text: strings.TrimSpace(one.Text.Inner)}
		if prefixed.MatchString(own.text) {
			return false
		}
		if one.Author >= 0 && one.Author < len(part.Authors) {
			own.author = part.Authors[one.Author]
		}
		if own.ours() {
			c.stale[own.cell] = true
			if own = inherited(own); own.text == "" {
				continue
			}
		}
		c.own = append(c.own, own)
	}
	return true
}

// What our comments begin with.
const (
	problemLead = "Correct this"
	warningLead = "Please check"
)

// ours reports whether a comment is one of an earlier annotation. LibreOffice
// keeps no author, so that it is known by its beginning.
func (o *ownComment) ours() bool {
	if o.author == author {
		return true
	}
	_, text, _ := strings.Cut(o.text, "<t")
	_, text, _ = strings.Cut(text, ">")
	return strings.TrimSpace(o.author) == "" && (strings.HasPrefix(text, problemLead) || strings.HasPrefix(text, warningLead))
}

// Between our words and the sender's in one comment stands the name of who
// wrote them, or somebody, and wroteHere.
const (
	wroteHere = " wrote here:"
	somebody  = "Somebody"
)

func (o *ownComment) who() string {
	return either(strings.TrimSpace(o.author), somebody)
}

// inherited is the sender's comment that one of ours holds; its text is "" if
// it holds none.
func inherited(ours ownComment) ownComment {
	before, after, found := strings.Cut(ours.text, wroteHere)
	_, rest, ended := strings.Cut(after, "</r>")
	if !found || !ended || !strings.Contains(rest, "<t") {
		return ownComment{cell: ours.cell}
	}
	name := strings.TrimSpace(unescaped(before[strings.LastIndexByte(before, '>')+1:]))
	if name == somebody {
		name = " " // as LibreOffice has it
	}
	return ownComment{ours.cell, name, rest}
}

func unescaped(text string) string {
	var s string
	if xml.Unmarshal([]byte("<t>"+text+"</t>"), &s) != nil {
		return text
	}
	return s
}

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

// write writes them and tells how many there are, and if that is all.
func (c *comments) write(header func(int) string) (written int, all bool, err error) {
	if !c.able {
		return 0, len(c.cells) == 0, nil
	}
	if len(c.cells) == 0 && len(c.stale) == 0 {
		return 0, true, nil
	}
	if err := c.makeParts(); err != nil {
		return 0, false, err
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
		list = append(list, ownComment{at, author, text})
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
	return len(c.cells), !c.more, nil
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

// commentXML is the part of a sheet's comments (ECMA-376 part 1, 18.7).
func commentXML(list []ownComment) []byte {
	var authors []string
	for _, one := range list {
		if !slices.Contains(authors, one.author) {
			authors = append(authors, one.author)
		}
	}
	var b strings.Builder
	b.WriteString(xml.Header + `<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors>`)
	for _, name := range authors {
		b.WriteString("<author>" + escaped(name) + "</author>")
	}
	b.WriteString("</authors><commentList>")
	for _, one := range list {
		b.WriteString(`<comment ref="` + escaped(one.cell) + `" authorId="` + strconv.Itoa(slices.Index(authors, one.author)) + `"><text>` + one.text + "</text></comment>")
	}
	b.WriteString("</commentList></comments>")
	return []byte(b.String())
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(clean(s))) // a strings.Builder never fails
	return strings.ReplaceAll(b.String(), "&#xA;", "\n")
}
