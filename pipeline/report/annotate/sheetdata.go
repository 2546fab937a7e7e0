package annotate

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// sheetData changes cells in the rows of a sheet, from top to bottom, and leaves
// every other byte as it is. excelize would take half a second to read and
// write ten thousand rows. It reads only XML as package inert writes it: tags
// without prefixes, < and > nowhere else, rows and cells in ascending order.
type sheetData struct {
	rest  []byte // rows that were not passed yet
	out   bytes.Buffer
	row   int                           // passed last
	style func(column int) (int, error) // of a column, from 0
}

// cellEdit changes a cell. Its style becomes mark(style).
type cellEdit struct {
	column int // from 0
	mark   func(style int) int
	text   string
	isText bool // the cell gets the text
}

// setText makes the cell get a text, cut off where a cell is full.
func (e *cellEdit) setText(text string) {
	if len(text) > limits.CellShown {
		if units := utf16.Encode([]rune(text)); len(units) > limits.CellShown {
			text = string(utf16.Decode(units[:limits.CellShown]))
		}
	}
	e.text, e.isText = text, true
}

var errSheetData = errors.New("the rows of the sheet are not as they were written")

const (
	sheetDataStart = "<sheetData>"
	sheetDataEnd   = "</sheetData>"
)

// splitSheet returns what is before, inside and after the rows of a sheet.
func splitSheet(sheet []byte) (before, rows, after []byte, err error) {
	before, rest, found := bytes.Cut(sheet, []byte(sheetDataStart))
	rows, after, ended := bytes.Cut(rest, []byte(sheetDataEnd))
	if !found || !ended {
		return nil, nil, nil, errSheetData
	}
	return before, rows, after, nil
}

// firstRows returns the rows up to a number.
func firstRows(rows []byte, last int) []byte {
	d := sheetData{rest: rows}
	for {
		tag, _, size, err := d.nextRow()
		if err != nil || d.rowNumber(tag) > last {
			return rows[:len(rows)-len(d.rest)]
		}
		d.row = d.rowNumber(tag)
		d.rest = d.rest[size:]
	}
}

// usedColumns returns the number of columns up to the last one with a value.
func usedColumns(rows []byte) (columns int) {
	d := sheetData{rest: rows}
	for {
		_, cells, size, err := d.nextRow()
		if err != nil {
			return columns
		}
		d.rest = d.rest[size:]
		for column := 0; len(cells) > 0; column++ {
			tag, content, size := nextCell(cells)
			if size == 0 {
				break
			}
			column = columnOf(tag, column)
			if len(content) > 0 {
				columns = max(columns, column+1)
			}
			cells = cells[size:]
		}
	}
}

// nextRow returns the next row: its start tag, its cells and its size in bytes.
// After the last it returns io.EOF.
func (d *sheetData) nextRow() (tag, cells []byte, size int, err error) {
	if len(d.rest) == 0 {
		return nil, nil, 0, io.EOF
	}
	const end = "</row>"
	from := bytes.IndexByte(d.rest, '>')
	to := bytes.Index(d.rest, []byte(end))
	if !bytes.HasPrefix(d.rest, []byte("<row")) || from < 0 || to < from {
		return nil, nil, 0, errSheetData
	}
	return d.rest[:from+1], d.rest[from+1 : to], to + len(end), nil
}

func (d *sheetData) rowNumber(tag []byte) int {
	if n, err := strconv.Atoi(attribute(tag, "r")); err == nil {
		return n
	}
	return d.row + 1
}

// edit changes cells of a row, which is below those that were edited before.
func (d *sheetData) edit(number int, edits []cellEdit) error {
	slices.SortFunc(edits, func(a, b cellEdit) int { return a.column - b.column })
	for {
		tag, cells, size, err := d.nextRow()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err != nil || d.rowNumber(tag) > number { // the sheet lacks the row
			d.row = number
			return d.writeRow([]byte(`<row r="`+strconv.Itoa(number)+`">`), nil, edits)
		}
		d.row = d.rowNumber(tag)
		if d.row == number {
			d.rest = d.rest[size:]
			return d.writeRow(tag, cells, edits)
		}
		d.out.Write(d.rest[:size])
		d.rest = d.rest[size:]
	}
}

// writeRow writes a row with its edits.
func (d *sheetData) writeRow(tag, cells []byte, edits []cellEdit) error {
	if spans := attribute(tag, "spans"); spans != "" { // they may be wider now, and need not be there
		tag = bytes.Replace(tag, []byte(` spans="`+spans+`"`), nil, 1)
	}
	d.out.Write(tag)
	rowStyle, _ := strconv.Atoi(attribute(tag, "s"))
	add := func(e cellEdit) error {
		if e.isText && e.text == "" {
			return nil
		}
		style, err := rowStyle, error(nil)
		if style == 0 && d.style != nil {
			style, err = d.style(e.column)
		}
		if err == nil {
			d.writeCell(e, style, "", nil)
		}
		return err
	}
	for column := 0; len(cells) > 0; column++ {
		cell, content, size := nextCell(cells)
		if size == 0 {
			return errSheetData
		}
		column = columnOf(cell, column)
		for len(edits) > 0 && edits[0].column < column {
			if err := add(edits[0]); err != nil {
				return err
			}
			edits = edits[1:]
		}
		if len(edits) > 0 && edits[0].column == column {
			style, _ := strconv.Atoi(attribute(cell, "s"))
			d.writeCell(edits[0], style, attribute(cell, "t"), content)
			edits = edits[1:]
		} else {
			d.out.Write(cells[:size])
		}
		cells = cells[size:]
	}
	for _, e := range edits {
		if err := add(e); err != nil {
			return err
		}
	}
	d.out.WriteString("</row>")
	return nil
}

// writeCell writes a cell with its edit. style, kind and content are what the
// cell has.
func (d *sheetData) writeCell(e cellEdit, style int, kind string, content []byte) {
	if e.mark != nil {
		style = e.mark(style)
	}
	if e.isText {
		kind, content = "", nil
		if e.text != "" {
			kind, content = "inlineStr", []byte(`<is><t xml:space="preserve">`+workbook.EscapeXML(e.text)+`</t></is>`)
		}
	}
	d.out.WriteString(`<c r="` + workbook.CellName(e.column, d.row) + `"`)
	if style > 0 {
		d.out.WriteString(` s="` + strconv.Itoa(style) + `"`)
	}
	if kind != "" {
		d.out.WriteString(` t="` + kind + `"`)
	}
	d.out.WriteByte('>')
	d.out.Write(content)
	d.out.WriteString("</c>")
}

// writeTo writes the element of all rows, the edited ones and the others.
func (d *sheetData) writeTo(w io.Writer) error {
	for _, part := range [][]byte{[]byte(sheetDataStart), d.out.Bytes(), d.rest, []byte(sheetDataEnd)} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// nextCell returns the next cell: its start tag, what is inside it, and its size
// in bytes, 0 if there is none.
func nextCell(cells []byte) (tag, content []byte, size int) {
	const end = "</c>"
	from := bytes.IndexByte(cells, '>')
	to := bytes.Index(cells, []byte(end))
	if !bytes.HasPrefix(cells, []byte("<c")) || from < 0 || to < from {
		return nil, nil, 0
	}
	return cells[:from+1], cells[from+1 : to], to + len(end)
}

// columnOf returns the column of a cell, from 0; next is that of one without a
// name.
func columnOf(tag []byte, next int) int {
	name := attribute(tag, "r")
	if name == "" {
		return next
	}
	column, err := excelize.ColumnNameToNumber(strings.TrimRight(name, "0123456789"))
	if err != nil {
		return next
	}
	return column - 1
}

// attribute returns the value of an attribute of a start tag, "" if there is
// none. Values that are asked for have nothing escaped.
func attribute(tag []byte, name string) string {
	_, rest, found := bytes.Cut(tag, []byte(" "+name+`="`))
	if !found {
		return ""
	}
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(value)
}
