package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// marked is what the check says of one row.
type marked struct {
	number   int
	findings []ledger.Finding
}

// keepMarks makes the collector keep what is said of every row.
func (f *findings) keepMarks(path string, files []source.File) error {
	switch {
	case len(files) > 1:
		return usage(errors.New("--annotate writes one file, and there are several inputs"), "annotate them one by one")
	case !strings.EqualFold(filepath.Ext(path), ".xlsx"):
		return usagef("--annotate %s: the file must be .xlsx", path)
	}
	f.keep = true
	return nil
}

// writeAnnotated gives the sender's list back with marks on what is wrong.
func (a *app) writeAnnotated(ctx context.Context, path string, in source.Input, found *findings, headerRow int) error {
	file := in.Files()[0]
	note := report.Annotation{Sheet: file.Sheet, HeaderRow: headerRow, Header: file.Header, Meanings: map[string]string{}}
	for _, c := range validate.Codes() {
		note.Meanings[c.Code] = c.Meaning
	}
	for _, c := range pipeline.Codes() {
		note.Meanings[c.Code] = c.Meaning
	}
	out := report.Output{}
	if file.Name != "-" {
		out.Inputs = []string{file.Name}
	}
	if file.Kind == "xlsx" {
		note.Workbook = file.Name
	}
	note.Rows = annotatedRows(ctx, in, found, columnsOf(file))
	done, err := out.Annotate(ctx, path, note)
	if err != nil {
		return fmt.Errorf("--annotate: %w", err)
	}
	fmt.Fprintf(a.err, "written: %s\n", printable(done.Path))
	if done.Copy {
		fmt.Fprintln(a.err, "  it holds the values alone: the workbook was too large or too unusual to be given back as it was")
	}
	return nil
}

// columnsOf is where each field stands in a file.
func columnsOf(f source.File) map[string]int {
	at := map[string]int{}
	for _, m := range f.Mapped {
		if m.Field != "" {
			at[m.Field] = m.Column
		}
	}
	return at
}

// annotatedRows reads the input once more, side by side with the marks.
func annotatedRows(ctx context.Context, in source.Input, found *findings, columns map[string]int) iter.Seq2[report.AnnotatedRow, error] {
	return func(yield func(report.AnnotatedRow, error) bool) {
		pass, err := in.Rows(ctx)
		if err != nil {
			yield(report.AnnotatedRow{}, err)
			return
		}
		defer pass.Close()
		marks := found.marks
		buf := make([]source.Row, 256)
		for {
			n, err := pass.Read(buf)
			for _, r := range buf[:n] {
				row := report.AnnotatedRow{Number: r.Number, Cells: append(r.Cells[:len(r.Cells):len(r.Cells)], r.Extra...)}
				if len(marks) > 0 && marks[0].number == r.Number {
					row.Marks = marksOf(marks[0].findings, columns)
					marks = marks[1:]
				}
				if !yield(row, nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(report.AnnotatedRow{}, err)
				return
			}
		}
	}
}

func marksOf(list []ledger.Finding, columns map[string]int) []report.Mark {
	var marks []report.Mark
	for _, f := range list {
		at, ok := columns[f.Field]
		if !ok {
			at = -1
		}
		marks = append(marks, report.Mark{Column: at, Field: f.Field, Code: f.Code, Text: f.Message, Warning: f.Warning})
	}
	return marks
}
