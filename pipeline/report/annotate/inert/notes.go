package inert

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// box is where the box of a comment stands, as a drawing says.
type box struct {
	anchor string // eight numbers
	shown  bool
}

// place is a cell, from 0.
type place struct{ row, column int }

// notes copies the comments of a sheet and returns the id of the relationship
// to their boxes, "" if there are none, and the names of the parts. The boxes
// are drawn by us: a drawing can hold pictures, macros and controls.
func (c *copier) notes(rels []relation, out *relList) (drawing string, parts Sheet, err error) {
	data, err := c.from.read(first(rels, "comments"))
	if data == nil || err != nil {
		return "", parts, err
	}
	vml, err := c.from.read(first(rels, "vmlDrawing"))
	if err != nil {
		return "", parts, err
	}
	threads, err := c.from.read(first(rels, "threadedComment"))
	if err != nil {
		return "", parts, err
	}
	text, cells, err := comments(data)
	if err != nil || len(cells) == 0 {
		return "", parts, err
	}
	if c.boxes += len(cells); c.boxes > maxNotes {
		return "", parts, ErrTooLarge
	}
	c.comments++
	add := func(kind, name, contentType string, data []byte) (id, part string) {
		name = fmt.Sprintf(name, c.comments)
		if err == nil {
			err = c.to.add("xl/"+name, contentType, data)
		}
		return out.add(kind, "../"+name), "xl/" + name
	}
	drawing, parts.Drawing = add("vmlDrawing", "drawings/vmlDrawing%d.vml", "", drawBoxes(cells, readBoxes(vml)))
	_, parts.Comments = add("comments", "comments%d.xml", sheetType+"comments+xml", text)
	if threads != nil && err == nil {
		if text, err = c.plain(threadsGrammar, threadSpace)(threads); err == nil {
			_, parts.Threads = add("threadedComment", "threadedComments/threadedComment%d.xml", microsoftXML+"threadedcomments+xml", text)
		}
	}
	return drawing, parts, err
}

const commentsGrammar = `
comments  authors commentList
authors  author
author  =
commentList  comment
comment  @ref @authorId text
text  t r rPh phoneticPr
` + textGrammar

const revisionSpace = "http://schemas.microsoft.com/office/spreadsheetml/2014/revision"

// comments copies the part of comments, and tells their cells. The id that
// joins a comment to a conversation stays.
func comments(data []byte) (text []byte, cells []place, err error) {
	r := &rewriter{grammar: parseGrammar(commentsGrammar, mainSpace, strictSpace),
		more: ` xmlns:mc="` + compatSpace + `" xmlns:xr="` + revisionSpace + `" mc:Ignorable="xr"`}
	uid := regexp.MustCompile(`^\{[0-9A-Fa-f-]{36}\}$`)
	r.inspect = func(at *xml.StartElement) (verdict, error) {
		if at.Name.Local != "comment" {
			return take, nil
		}
		at1, ok := placeOf(attr(*at, "ref"))
		if !ok {
			return drop, nil
		}
		cells = append(cells, at1)
		r.out.WriteString("<comment")
		r.attributes(*at)
		for _, a := range at.Attr {
			if a.Name.Space == revisionSpace && a.Name.Local == "uid" && uid.MatchString(a.Value) {
				r.out.WriteString(` xr:uid="` + a.Value + `"`)
			}
		}
		r.out.WriteString(">")
		if _, err := r.content(r.rules["comment"]); err != nil {
			return done, err
		}
		r.out.WriteString("</comment>")
		return done, nil
	}
	text, err = r.rewrite(data, nil)
	return text, cells, err
}

// placeOf reads a reference such as C7.
func placeOf(ref string) (place, bool) {
	m := regexp.MustCompile(`^([A-Z]{1,3})([1-9]\d{0,6})$`).FindStringSubmatch(ref)
	if m == nil {
		return place{}, false
	}
	column := 0
	for _, letter := range m[1] {
		column = column*26 + int(letter-'A') + 1
	}
	row, _ := strconv.Atoi(m[2])
	return place{row - 1, column - 1}, column <= 16_384 && row <= 1_048_576
}

// readBoxes finds the boxes of comments in a drawing, and nothing else. One
// that cannot be read has none.
func readBoxes(vml []byte) map[place]box {
	found := map[place]box{}
	d := xml.NewDecoder(bytes.NewReader(vml))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var at place
	var now box
	isNote := false
	for {
		token, err := d.Token()
		if err != nil {
			return found
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "ClientData":
				at, now, isNote = place{-1, -1}, box{}, attr(token, "ObjectType") == "Note"
			case "Visible":
				now.shown = true
			case "Anchor", "Row", "Column":
				text, err := textOf(d)
				if err != nil {
					return found
				}
				n, err := strconv.Atoi(strings.TrimSpace(text))
				switch {
				case token.Name.Local == "Anchor":
					now.anchor = anchor(text)
				case err != nil:
				case token.Name.Local == "Row":
					at.row = n
				default:
					at.column = n
				}
			}
		case xml.EndElement:
			if token.Name.Local == "ClientData" && isNote {
				found[at] = now
			}
		}
	}
}

// anchor gives eight numbers back, "" if the text is something else.
func anchor(text string) string {
	var numbers []string
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 0 || n > 1<<21 {
			return ""
		}
		numbers = append(numbers, strconv.Itoa(n))
	}
	if len(numbers) != 8 {
		return ""
	}
	return strings.Join(numbers, ", ")
}

// drawBoxes draws a box for each comment.
func drawBoxes(cells []place, known map[place]box) []byte {
	var b strings.Builder
	b.WriteString(`<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel">` +
		`<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout>` +
		`<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>`)
	for i, cell := range cells {
		one := known[cell]
		if one.anchor == "" {
			one.anchor = fmt.Sprintf("%d, 12, %d, 4, %d, 4, %d, 4", cell.column+1, max(cell.row-1, 0), cell.column+4, cell.row+4)
		}
		look, visible := "hidden", ""
		if one.shown {
			look, visible = "visible", "<x:Visible/>"
		}
		fmt.Fprintf(&b, `<v:shape id="_x0000_s%d" type="#_x0000_t202" style="position:absolute;z-index:%d;visibility:%s" fillcolor="#ffffe1" o:insetmode="auto">`+
			`<v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>`+
			`<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>%s</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>%d</x:Row><x:Column>%d</x:Column>%s</x:ClientData></v:shape>`,
			1025+i, i+1, look, one.anchor, cell.row, cell.column, visible)
	}
	b.WriteString("</xml>")
	return []byte(b.String())
}
