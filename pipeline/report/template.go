package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// TemplateField is one column of an input file to fill in.
type TemplateField struct {
	Name     string // the header
	Required bool
	Rule     string   // one sentence for a person
	Example  string   // a sound value, for the note
	Row      string   // the cell of the example row; "" = Example
	Choices  []string // offered in a list, and the only ones accepted; nil = free text
}

const (
	// templateRows are prepared with lists to choose from.
	templateRows = 10_000
	// templateTitle is the first cell of the sheet that explains the template.
	templateTitle = SheetMark + "how to fill this in"
	templateGuide = "How to fill this in"
)

// Template writes an input file to fill in, .xlsx or .csv: the headers and one
// example row, which is to be refused when it is sent. In a workbook the
// headers have notes, all columns are text, so that a phone number stays what
// was typed, and a second sheet explains the rules. A file that stands at path
// is never replaced: the new one becomes -2 (-3, ...).
func (o Output) Template(ctx context.Context, path string, fields []TemplateField) (written string, err error) {
	kind, err := KindOf(path)
	if err != nil || kind != XLSX && kind != CSV {
		return "", fmt.Errorf("template %s: not a template format: use .xlsx or .csv", path)
	}
	if len(fields) == 0 {
		return "", fmt.Errorf("template %s: no fields", path)
	}
	never := func(string) (bool, error) { return false, nil }
	written, err = o.replace(path, never, func(f *os.File) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if kind == CSV {
			return templateCSV(f, fields)
		}
		return templateWorkbook(f, filepath.Dir(f.Name()), fields)
	})
	if err != nil {
		return "", fmt.Errorf("template %s: %w", path, err)
	}
	return written, nil
}

func templateCSV(w io.Writer, fields []TemplateField) error {
	header, example := make([]string, len(fields)), make([]string, len(fields))
	for i, f := range fields {
		header[i], example[i] = f.Name, f.row()
	}
	out, err := newCSV(w, header)
	if err != nil {
		return err
	}
	return errors.Join(out.row(example), out.flush())
}

func (f *TemplateField) row() string { return either(f.Row, f.Example) }

func templateWorkbook(w io.Writer, scratch string, fields []TemplateField) (err error) {
	const name = "Customers"
	b, err := newBook(scratch, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	t := &templateSheet{book: b, name: name, fields: fields, notes: &comments{file: b.file, sheet: name}}
	if err := t.write(); err != nil {
		return err
	}
	if err := t.guide(); err != nil {
		return err
	}
	b.file.SetActiveSheet(0)
	return b.save(w)
}

// templateSheet is the workbook under way.
type templateSheet struct {
	book            *book
	name            string
	fields          []TemplateField
	notes           *comments
	need, may, grey int // styles: headers of required and other fields, the example
}

func (t *templateSheet) addStyles() (err error) {
	head := func(fill, ink string) *excelize.Style {
		return &excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 11, Bold: true, Color: ink}, NumFmt: 49,
			Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{fill}}, Alignment: &excelize.Alignment{Vertical: "center"},
			Border: []excelize.Border{{Type: "right", Color: "FFFFFF", Style: 1}}}
	}
	if t.need, err = t.book.file.NewStyle(head(headColour, "FFFFFF")); err != nil {
		return err
	}
	if t.may, err = t.book.file.NewStyle(head(lineColour, headColour)); err != nil {
		return err
	}
	t.grey, err = t.book.file.NewStyle(&excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 11, Italic: true, Color: greyColour}, NumFmt: 49,
		Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{noteColour}}})
	return err
}

func (t *templateSheet) write() error {
	if err := t.addStyles(); err != nil {
		return err
	}
	f := t.book.file
	for i, field := range t.fields {
		column, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		look := t.may
		if field.Required {
			look = t.need
		}
		width := min(max(float64(utf8.RuneCountInString(field.Name)), float64(utf8.RuneCountInString(field.row())))+4, 48)
		for _, err := range []error{
			f.SetColWidth(t.name, column, column, width),
			f.SetColStyle(t.name, column, t.book.style.text),
			f.SetCellStr(t.name, column+"1", field.Name),
			f.SetCellStyle(t.name, column+"1", column+"1", look),
			f.SetCellStr(t.name, column+"2", field.row()),
			f.SetCellStyle(t.name, column+"2", column+"2", t.grey),
			t.choices(column, field),
		} {
			if err != nil {
				return err
			}
		}
	}
	if err := f.SetRowHeight(t.name, 1, 24); err != nil {
		return err
	}
	if err := t.writeNotes(); err != nil {
		return err
	}
	return errors.Join(f.SetPanes(t.name, frozen(1, 0)), t.book.landscape(t.name))
}

// choices lets a person choose from a list, and refuses anything else.
func (t *templateSheet) choices(column string, field TemplateField) error {
	if len(field.Choices) == 0 {
		return nil
	}
	v := excelize.NewDataValidation(true)
	v.SetSqref(fmt.Sprintf("%s2:%s%d", column, column, templateRows+1))
	if err := v.SetDropList(field.Choices); err != nil {
		return err
	}
	v.SetError(excelize.DataValidationErrorStyleStop, field.Name, "Choose one of: "+strings.Join(field.Choices, ", "))
	return t.book.file.AddDataValidation(t.name, v)
}

// writeNotes puts the rule and an example on every header.
func (t *templateSheet) writeNotes() error {
	if err := t.notes.makeParts(); err != nil {
		return err
	}
	shapes := newShapes(t.book.file, t.name, emptyVML)
	var list []ownComment
	for i, field := range t.fields {
		text := run(true, field.Name+" ("+needed(field.Required)+")\n") + run(false, field.Rule+"\nExample: "+field.Example)
		list = append(list, ownComment{cell: cellName(i, 1), author: author, text: text})
		shapes.add(i, 1, 3+len(field.Rule)/44+len(field.Example)/40)
	}
	t.book.file.Pkg.Store(t.notes.parts.comments, commentXML(list))
	t.book.file.Pkg.Store(t.notes.parts.drawing, []byte(shapes.vml()))
	return nil
}

func needed(required bool) string {
	if required {
		return "required"
	}
	return "optional"
}

// guide writes the sheet that explains the first one.
func (t *templateSheet) guide() error {
	f := t.book.file
	if _, err := f.NewSheet(templateGuide); err != nil {
		return err
	}
	p, err := newLeaflet(t.book, templateGuide, 30, 12, 76, 48)
	if err != nil {
		return err
	}
	p.put(p.style.title, 30, templateTitle)
	for _, line := range []string{
		"1.  Fill in the sheet \"" + t.name + "\": one row for each customer, below the headers. Leave the headers as they are.",
		"2.  Delete the yellow example row. It is never sent: as long as it is there, it is reported as a problem.",
		"3.  Dark columns are required; in the light ones a cell may stay empty. A light column that nobody needs may be deleted.",
		"4.  Point at a header to see its rule. Where a list opens in a cell, choose from it.",
		"5.  All cells are text, so that phone numbers keep their + and postal codes their zeros. When you paste, paste values only.",
		"6.  Save the file, as .xlsx, and give it to bulkonboard. This sheet may stay as it is.",
	} {
		p.put(p.lead, 19, line)
	}
	p.row++
	p.put(p.style.head, 20, "Column", "Needed", "Rule", "Example")
	for _, field := range t.fields {
		p.line(field.Name, needed(field.Required), field.Rule, field.Example)
	}
	if p.err != nil {
		return p.err
	}
	off := false
	return errors.Join(t.book.landscape(templateGuide), f.SetSheetView(templateGuide, 0, &excelize.ViewOptions{ShowGridLines: &off}))
}
