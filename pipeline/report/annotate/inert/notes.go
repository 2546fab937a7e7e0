package inert

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// copyComments copies the comments of a sheet and returns the id of the relationship
// to their boxes, "" if there are none, and the names of the parts. The boxes
// are drawn by us: a drawing can hold pictures, macros and controls.
func (c *copier) copyComments(rels []relation, out *relList) (drawing string, parts Sheet, err error) {
	data, err := c.from.readPart(firstTarget(rels, "comments"))
	if data == nil || err != nil {
		return "", parts, err
	}
	vml, err := c.from.readPart(firstTarget(rels, "vmlDrawing"))
	if err != nil {
		return "", parts, err
	}
	threads, err := c.from.readPart(firstTarget(rels, "threadedComment"))
	if err != nil {
		return "", parts, err
	}
	text, cells, err := rewriteComments(data)
	if err != nil || len(cells) == 0 {
		return "", parts, err
	}
	if c.boxes += len(cells); c.boxes > maxNotes {
		return "", parts, ErrTooLarge
	}
	c.comments++
	parts.Boxes = readBoxes(vml, cells)
	add := func(kind, name, contentType string, data []byte) (id, part string) {
		name = fmt.Sprintf(name, c.comments)
		if err == nil {
			err = c.to.addPart("xl/"+name, contentType, data)
		}
		return out.addRelation(kind, "../"+name), "xl/" + name
	}
	drawing, parts.Drawing = add("vmlDrawing", "drawings/vmlDrawing%d.vml", "", workbook.DrawBoxes(parts.Boxes))
	_, parts.Comments = add("comments", "comments%d.xml", sheetType+"comments+xml", text)
	if threads != nil && err == nil {
		if text, err = c.byGrammar(threadsGrammar, threadSpace)(threads); err == nil {
			_, parts.Threads = add("threadedComment", "threadedComments/threadedComment%d.xml", microsoftXML+"threadedcomments+xml", text)
		}
	}
	return drawing, parts, err
}

const revisionSpace = "http://schemas.microsoft.com/office/spreadsheetml/2014/revision"

// rewriteComments copies the part of comments, and returns their cells. The id
// that joins a comment to a conversation is kept.
func rewriteComments(data []byte) (text []byte, cells []cellPlace, err error) {
	r := &rewriter{grammar: parseGrammar(commentsGrammar+textGrammar, mainSpace, strictSpace),
		more: ` xmlns:mc="` + compatSpace + `" xmlns:xr="` + revisionSpace + `" mc:Ignorable="xr"`}
	uid := regexp.MustCompile(`^\{[0-9A-Fa-f-]{36}\}$`)
	r.inspect = func(at *xml.StartElement) (verdict, error) {
		if at.Name.Local != "comment" {
			return verdictCopy, nil
		}
		place, ok := parsePlace(attr(*at, "ref"))
		if !ok {
			return verdictDrop, nil
		}
		cells = append(cells, place)
		more := ""
		for _, a := range at.Attr {
			if a.Name.Space == revisionSpace && a.Name.Local == "uid" && uid.MatchString(a.Value) {
				more = ` xr:uid="` + a.Value + `"`
			}
		}
		r.writeStart(*at, more)
		if _, err := r.copyContent(r.rules["comment"]); err != nil {
			return verdictWritten, err
		}
		r.out.WriteString("</comment>")
		return verdictWritten, nil
	}
	text, err = r.rewrite(data, nil)
	return text, cells, err
}

// cellPlace is a cell; both numbers are from 0.
type cellPlace struct{ row, column int }

// parsePlace reads a reference such as C7.
func parsePlace(ref string) (cellPlace, bool) {
	m := regexp.MustCompile(`^([A-Z]{1,3})([1-9]\d{0,6})$`).FindStringSubmatch(ref)
	if m == nil {
		return cellPlace{}, false
	}
	column := 0
	for _, letter := range m[1] {
		column = column*26 + int(letter-'A') + 1
	}
	row, _ := strconv.Atoi(m[2])
	return cellPlace{row - 1, column - 1}, column <= 16_384 && row <= 1_048_576
}

// readBoxes returns the boxes of comments on cells, placed as in a drawing, of
// which nothing else is read. One that cannot be read is beside its cell.
func readBoxes(vml []byte, cells []cellPlace) []workbook.Box {
	found := map[cellPlace]workbook.Box{}
	d := xml.NewDecoder(bytes.NewReader(vml))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		token, err := d.Token()
		if err != nil {
			break
		}
		var data struct {
			ObjectType  string `xml:",attr"`
			Anchor      string
			Row, Column string
			Visible     *struct{}
		}
		at, ok := token.(xml.StartElement)
		if !ok || at.Name.Local != "ClientData" || d.DecodeElement(&data, &at) != nil || data.ObjectType != "Note" {
			continue
		}
		row, errRow := strconv.Atoi(strings.TrimSpace(data.Row))
		column, errColumn := strconv.Atoi(strings.TrimSpace(data.Column))
		if errRow == nil && errColumn == nil {
			found[cellPlace{row, column}] = workbook.Box{Anchor: cleanAnchor(data.Anchor), IsShown: data.Visible != nil}
		}
	}
	boxes := make([]workbook.Box, len(cells))
	for i, at := range cells {
		boxes[i] = found[at]
		boxes[i].Row, boxes[i].Column = at.row, at.column
	}
	return boxes
}

// cleanAnchor returns the eight numbers of an anchor, "" if the text is
// something else.
func cleanAnchor(text string) string {
	numbers := strings.Split(text, ",")
	for i, part := range numbers {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 0 || n > 1<<21 || len(numbers) != 8 {
			return ""
		}
		numbers[i] = strconv.Itoa(n)
	}
	return strings.Join(numbers, ", ")
}
