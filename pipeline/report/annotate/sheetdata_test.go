package annotate

import (
	"bytes"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

func TestSheetData(t *testing.T) {
	const rows = `<row r="2" spans="1:2" s="7" customFormat="1"><c r="A2" s="1" t="s"><v>4</v></c><c r="C2" s=""><v>5</v></c></row>` +
		`<row><c><v>1</v></c><c t="str"><v>x</v></c></row>` +
		`<row r="9" hidden="1"></row>`
	text := func(column int, s string) cellEdit {
		e := cellEdit{column: column}
		e.setText(s)
		return e
	}
	mark := func(column int) cellEdit {
		return cellEdit{column: column, mark: func(style int) int { return style + 100 }}
	}
	for _, tt := range []struct {
		name  string
		edit  func(d *sheetData) error
		wants string
	}{
		{"nothing", func(*sheetData) error { return nil }, rows},
		{"cells that are there, and between them", func(d *sheetData) error { return d.edit(2, []cellEdit{mark(3), mark(1), mark(0), text(2, "a < b")}) },
			`<row r="2" s="7" customFormat="1"><c r="A2" s="101" t="s"><v>4</v></c><c r="B2" s="107"></c><c r="C2" t="inlineStr"><is><t xml:space="preserve">a &lt; b</t></is></c><c r="D2" s="107"></c></row>` + rows[strings.Index(rows, "<row><c>"):]},
		{"rows and cells without names", func(d *sheetData) error { return d.edit(3, []cellEdit{mark(1), text(0, "")}) },
			strings.Replace(rows, `<c><v>1</v></c><c t="str"><v>x</v></c>`, `<c r="A3"></c><c r="B3" s="100" t="str"><v>x</v></c>`, 1)},
		{"a row that is not there", func(d *sheetData) error { return d.edit(5, []cellEdit{mark(1), text(2, "")}) },
			strings.Replace(rows, `<row r="9"`, `<row r="5"><c r="B5" s="103"></c></row><row r="9"`, 1)},
		{"rows beyond the last", func(d *sheetData) error {
			if err := d.edit(9, []cellEdit{mark(0)}); err != nil {
				return err
			}
			return d.edit(12, []cellEdit{text(0, "x")})
		}, strings.Replace(rows, `hidden="1"></row>`, `hidden="1"><c r="A9" s="103"></c></row><row r="12"><c r="A12" s="3" t="inlineStr"><is><t xml:space="preserve">x</t></is></c></row>`, 1)},
	} {
		d := &sheetData{rest: []byte(rows), style: func(int) (int, error) { return 3, nil }}
		var out bytes.Buffer
		if err := tt.edit(d); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err := d.writeTo(&out); err != nil || out.String() != sheetDataStart+tt.wants+sheetDataEnd {
			t.Errorf("%s:\n%s\nwant\n%s (%v)", tt.name, out.String(), tt.wants, err)
		}
	}
	if got := usedColumns([]byte(rows)); got != 3 {
		t.Errorf("%d columns", got)
	}
	if got := string(firstRows([]byte(rows), 3)); got != rows[:strings.Index(rows, `<row r="9"`)] {
		t.Errorf("first rows %s", got)
	}
	for _, odd := range []string{"<x:row></x:row>", "<row r=\"2\"><c>", "<row r=\"2\"><x></x></row>"} {
		d := &sheetData{rest: []byte(odd)}
		if err := d.edit(2, []cellEdit{mark(0)}); err == nil {
			t.Errorf("%s is taken for rows", odd)
		}
	}
	e := text(0, strings.Repeat("é", limits.CellShown+1))
	if n := len([]rune(e.text)); n != limits.CellShown {
		t.Errorf("a text of %d characters", n)
	}
}
