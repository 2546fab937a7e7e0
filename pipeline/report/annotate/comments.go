package annotate

import (
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// comments gathers the comments on one sheet and writes them at the end, with
// those of the sender.
type comments struct {
	file    *excelize.File
	sheet   string
	parts   workbook.CommentParts
	sender  []workbook.Comment
	threads map[string]bool // cells with a conversation of the sender's, where no other comment is possible
	stale   map[string]bool // cells with a comment of an earlier annotation
	cells   []commentedCell
	isFull  bool // there are more than maxComments
}

type commentedCell struct {
	column, row int
	marks       []Mark
}

// add adds the marks of a row, one comment for each cell.
func (c *comments) add(r *Row) {
	var here []commentedCell
	for _, m := range r.Marks {
		if m.anchor > 0 {
			continue // its cell is not seen, and the one that is has marks of its own
		}
		column := max(m.Column, 0)
		i := slices.IndexFunc(here, func(o commentedCell) bool { return o.column == column })
		if i < 0 {
			here = append(here, commentedCell{column: column, row: r.Number})
			i = len(here) - 1
		}
		here[i].marks = append(here[i].marks, m)
	}
	for _, cell := range here {
		// Half of the room is for problems only.
		room := maxComments - len(c.cells)
		if room > maxComments/2 || room > 0 && slices.ContainsFunc(cell.marks, func(m Mark) bool { return !m.Warning }) {
			c.cells = append(c.cells, cell)
		} else {
			c.isFull = true
		}
	}
}

// write writes all comments, and counts ours in done.
func (c *comments) write(a *Annotation, done *Result) error {
	done.Commented = !c.isFull
	marked := len(c.cells)
	c.cells = slices.DeleteFunc(c.cells, func(cell commentedCell) bool { return c.threads[cell.name()] })
	done.Comments, done.Displaced = len(c.cells), marked-len(c.cells)
	if len(c.cells) == 0 && len(c.stale) == 0 {
		return nil
	}
	boxes, err := c.parts.OpenBoxes(c.file, c.sheet)
	if err != nil {
		return err
	}
	for at := range c.stale {
		boxes.Remove(at)
	}
	var list []workbook.Comment
	ours := map[string]bool{}
	for _, cell := range c.cells {
		at := cell.name()
		text, lines := cell.text(a)
		if i := slices.IndexFunc(c.sender, func(o workbook.Comment) bool { return o.Cell == at }); i >= 0 {
			text += quoteSender(c.sender[i])
			lines += 4
			boxes.Remove(at)
		}
		ours[at] = true
		list = append(list, workbook.Comment{Cell: at, Author: workbook.Author, Text: text})
		boxes.Add(cell.column, cell.row, lines)
	}
	for _, own := range c.sender {
		if ours[own.Cell] {
			continue
		}
		if c.stale[own.Cell] { // it was part of one of ours
			if column, row, err := excelize.CellNameToCoordinates(own.Cell); err == nil {
				boxes.Add(column-1, row, 4)
			}
		}
		list = append(list, own)
	}
	c.parts.Store(c.file, list, boxes)
	return nil
}

func (cell *commentedCell) name() string { return workbook.CellName(cell.column, cell.row) }

// What our comments begin with.
const (
	problemLead = "Correct this"
	warningLead = "Please check"
)

// text returns what is wrong in a cell as runs of rich text, with the sender's
// header, and the number of lines that the comment needs.
func (cell *commentedCell) text(a *Annotation) (runs string, lines int) {
	line := func(bold bool, s string) {
		runs += workbook.TextRun(bold, s)
		lines += 1 + len(s)/44
	}
	for i := range cell.marks {
		m := &cell.marks[i]
		title := problemLead
		if m.Warning {
			title = warningLead
		}
		if m.Column >= 0 || m.Field != "" {
			title += ": " + a.columnTitle(a.columnHeader(m.Column), m.Field)
		}
		if i > 0 {
			title = "\n" + title
		}
		line(true, title+"\n")
		line(false, a.sentence(m)+"\n")
	}
	return runs, lines
}

// quoteSender returns the sender's comment as runs to append to one of ours.
func quoteSender(own workbook.Comment) string {
	name := strings.TrimSpace(own.Author)
	if name == "" {
		name = unknownAuthor
	}
	text := own.Text
	if strings.HasPrefix(text, "<t") { // plain text before the first run
		plain, rest, found := strings.Cut(text, "</t>")
		if text = ""; found {
			text = "<r>" + plain + "</t></r>" + rest
		}
	}
	return workbook.TextRun(true, "\n"+name+wroteHere+"\n") + text
}
