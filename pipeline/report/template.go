package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// TemplateField is one column of an input file to fill in.
type TemplateField struct {
	Name     string // the header
	Required bool
	Rule     string   // one sentence for people
	Example  string   // a valid value, for the note
	Row      string   // the cell of the example row; "" = Example
	Choices  []string // offered in a list, and the only ones accepted; nil = free text
}

const (
	// templateRows is the number of rows that get lists of choices.
	templateRows  = 10_000
	templateSheet = "Customers"
	templateGuide = "How to fill this in"
	// templateTitle is the first cell of the sheet that explains the template.
	templateTitle = workbook.SheetMark + "how to fill this in"
)

// Template writes an input file to fill in, .xlsx or .csv: the headers and one
// example row, which is refused when it is sent. In a workbook the headers have
// notes, all columns are text, so that a phone number stays what was typed, and
// a second sheet explains the rules. A file at path is never replaced: the new
// one becomes -2 (-3, ...).
func (o Output) Template(ctx context.Context, path string, fields []TemplateField) (written string, err error) {
	kind, err := tableFormat("template", path)
	if err != nil {
		return "", err
	}
	if len(fields) == 0 {
		return "", fmt.Errorf("template %s: no fields", path)
	}
	written, err = o.Replace(path, atomicfile.ReplaceNone, func(f *os.File) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if kind == CSV {
			return writeTemplateCSV(f, fields)
		}
		return writeTemplateWorkbook(f, filepath.Dir(f.Name()), fields)
	})
	if err != nil {
		return "", fmt.Errorf("template %s: %w", path, err)
	}
	return written, nil
}

// StreamTemplate writes a template to w as [Output.Template] writes a .csv.
func StreamTemplate(w io.Writer, fields []TemplateField) error { return writeTemplateCSV(w, fields) }

func writeTemplateCSV(w io.Writer, fields []TemplateField) error {
	header, example := make([]string, len(fields)), make([]string, len(fields))
	for i, f := range fields {
		header[i], example[i] = f.Name, f.exampleCell()
	}
	out, err := newCSVWriter(w, header)
	if err != nil {
		return err
	}
	return errors.Join(out.writeRow(example), out.flush())
}

func (f *TemplateField) exampleCell() string { return cmp.Or(f.Row, f.Example) }

// requirement returns whether the field is required, in a word.
func (f *TemplateField) requirement() string {
	if f.Required {
		return "required"
	}
	return "optional"
}

func writeTemplateWorkbook(w io.Writer, scratch string, fields []TemplateField) (err error) {
	b, err := workbook.New(scratch, templateSheet)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	for i, field := range fields {
		if err := writeTemplateColumn(b, workbook.ColumnName(i), &field); err != nil {
			return err
		}
	}
	if err := b.File.SetRowHeight(templateSheet, 1, 24); err != nil {
		return err
	}
	if err := writeTemplateNotes(b, fields); err != nil {
		return err
	}
	if err := errors.Join(b.File.SetPanes(templateSheet, workbook.FrozenPanes(1, 0)), b.SetLayout(templateSheet, "landscape", 1)); err != nil {
		return err
	}
	if err := writeTemplateGuide(b, fields); err != nil {
		return err
	}
	b.File.SetActiveSheet(0)
	return b.Save(w, "")
}

// writeTemplateColumn writes the header and the example of a field.
func writeTemplateColumn(b *workbook.Workbook, column string, field *TemplateField) error {
	look := b.Style.TemplateOptional
	if field.Required {
		look = b.Style.TemplateNeeded
	}
	f := b.File
	width := min(max(float64(utf8.RuneCountInString(field.Name)), float64(utf8.RuneCountInString(field.exampleCell())))+4, 48)
	return errors.Join(
		f.SetColWidth(templateSheet, column, column, width),
		f.SetColStyle(templateSheet, column, b.Style.Text),
		f.SetCellStr(templateSheet, column+"1", field.Name),
		f.SetCellStyle(templateSheet, column+"1", column+"1", look),
		f.SetCellStr(templateSheet, column+"2", field.exampleCell()),
		f.SetCellStyle(templateSheet, column+"2", column+"2", b.Style.TemplateExample),
		addChoices(f, column, field))
}

// addChoices offers the choices in a list, and refuses anything else.
func addChoices(f *excelize.File, column string, field *TemplateField) error {
	if len(field.Choices) == 0 {
		return nil
	}
	v := excelize.NewDataValidation(true)
	v.SetSqref(fmt.Sprintf("%s2:%s%d", column, column, templateRows+1))
	if err := v.SetDropList(field.Choices); err != nil {
		return err
	}
	v.SetError(excelize.DataValidationErrorStyleStop, field.Name, "Choose one of: "+strings.Join(field.Choices, ", "))
	return f.AddDataValidation(templateSheet, v)
}

// writeTemplateNotes puts the rule and an example on every header.
func writeTemplateNotes(b *workbook.Workbook, fields []TemplateField) error {
	var parts workbook.CommentParts
	boxes, err := parts.OpenBoxes(b.File, templateSheet)
	if err != nil {
		return err
	}
	var list []workbook.Comment
	for i, field := range fields {
		text := workbook.TextRun(true, field.Name+" ("+field.requirement()+")\n") + workbook.TextRun(false, field.Rule+"\nExample: "+field.Example)
		list = append(list, workbook.Comment{Cell: workbook.CellName(i, 1), Author: workbook.Author, Text: text})
		boxes.Add(i, 1, 3+len(field.Rule)/44+len(field.Example)/40)
	}
	parts.Store(b.File, list, boxes)
	return nil
}

// writeTemplateGuide writes the sheet that explains the first one.
func writeTemplateGuide(b *workbook.Workbook, fields []TemplateField) error {
	if _, err := b.File.NewSheet(templateGuide); err != nil {
		return err
	}
	p := b.NewListSheet(templateGuide, 30, 12, 76, 48)
	p.WriteLine(b.Style.Title, 30, templateTitle)
	for _, line := range []string{
		"1.  Fill in the sheet \"" + templateSheet + "\": one row for each customer, below the headers. Leave the headers as they are.",
		"2.  Delete the yellow example row. It is never sent, and is reported as a problem until it is deleted.",
		"3.  Dark columns are required; in the light ones a cell may stay empty. Delete a light column that you do not need.",
		"4.  Point at a header to see its rule. Where a list opens in a cell, choose from it.",
		"5.  All cells are text, so that phone numbers keep their + and postal codes their zeros. When you paste, paste values only.",
		"6.  Save the file as .xlsx and return it. This sheet may stay as it is.",
	} {
		p.WriteLine(b.Style.Lead, 19, line)
	}
	p.Row++
	p.WriteLine(b.Style.Head, 20, "Column", "Needed", "Rule", "Example")
	for _, field := range fields {
		p.WriteEntry(field.Name, field.requirement(), field.Rule, field.Example)
	}
	return errors.Join(p.Err(), b.SetLayout(templateGuide, "landscape", 1), b.HideGrid(templateGuide))
}
