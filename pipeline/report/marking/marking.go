// Package marking pairs the rows of an input with what a check says of them, for package
// annotate, which knows neither. The command line and the finance page use it alike, so
// that both return the same workbook. Start at [New].
package marking

import (
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/annotate"
	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Marked is what a check says of one row.
type Marked struct {
	Number   int
	Findings []ledger.Finding
}

// List is what a check says of the rows of a list, by ascending numbers. Its methods are
// the callbacks of pipeline.Check.
type List []Marked

// Add adds the findings of a row, if there are any.
func (l *List) Add(r *ledger.Row) {
	if len(r.Findings) > 0 {
		*l = append(*l, Marked{r.Number, r.Findings})
	}
}

// AddNote adds what later rows say of an earlier one.
func (l *List) AddNote(n ledger.RowNote) {
	at, found := slices.BinarySearchFunc(*l, n.Position.Number, func(m Marked, number int) int { return cmp.Compare(m.Number, number) })
	if found {
		m := &(*l)[at]
		m.Findings = append(slices.Clip(m.Findings), n.Finding)
		return
	}
	*l = slices.Insert(*l, at, Marked{n.Position.Number, []ledger.Finding{n.Finding}})
}

// New returns what the sender's list is given back with, but for its rows.
func New(file source.File) annotate.Annotation {
	note := annotate.Annotation{Sheet: file.Sheet, HeaderRow: file.HeaderRow, Header: file.Header, Hidden: file.Hidden, Headings: HeadingsOf(file), Choices: map[string][]string{}}
	for _, f := range validate.Fields() {
		if choices := f.Choices(); choices != nil {
			note.Choices[f.Name] = choices
		}
	}
	if file.Kind == "xlsx" {
		note.Workbook, note.SHA256 = file.Name, file.SHA256
	}
	return note
}

// HeadingsOf returns the sender's headings of the columns of a file that are read.
func HeadingsOf(file source.File) finance.Headings {
	h := finance.Headings{}
	for _, m := range file.Mapped {
		if m.Name != "" {
			h[m.Name] = m.Header
		}
	}
	return h
}

// ColumnIndexes returns where each column that is read is in a file, by its name in
// findings.
func ColumnIndexes(file source.File) map[string]int {
	at := map[string]int{}
	for _, m := range file.Mapped {
		if m.Name != "" {
			at[m.Name] = m.Column
		}
	}
	return at
}

// Rows reads the input once more, side by side with the marks.
func (l List) Rows(ctx context.Context, in *source.Input, columns map[string]int) iter.Seq2[annotate.Row, error] {
	return func(yield func(annotate.Row, error) bool) {
		marks := l
		for r, err := range ReadRows(ctx, in) {
			row := annotate.Row{}
			if err == nil {
				row.Number, row.Cells = r.Number, AllCells(r)
			}
			if err == nil && len(marks) > 0 && marks[0].Number == r.Number {
				row.Marks = MarksOf(marks[0].Findings, columns)
				marks = marks[1:]
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// OnlyMarked returns the marks without the cells of their rows.
func (l List) OnlyMarked(columns map[string]int) iter.Seq2[annotate.Row, error] {
	return func(yield func(annotate.Row, error) bool) {
		for _, m := range l {
			if !yield(annotate.Row{Number: m.Number, Marks: MarksOf(m.Findings, columns)}, nil) {
				return
			}
		}
	}
}

// ReadRows reads the input once more. A row is valid until the next one is read.
func ReadRows(ctx context.Context, in *source.Input) iter.Seq2[*source.Row, error] {
	return func(yield func(*source.Row, error) bool) {
		pass, err := in.Rows(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = pass.Close() }() // of what was only read
		for buf := make([]source.Row, 256); ; {
			n, err := pass.Read(buf)
			for i := range buf[:n] {
				if !yield(&buf[i], nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// AllCells returns the cells of a row with those beyond its header.
func AllCells(r *source.Row) []string { return append(slices.Clip(r.Cells), r.Extra...) }

// MarksOf returns findings as marks.
func MarksOf(list []ledger.Finding, columns map[string]int) []annotate.Mark {
	var marks []annotate.Mark
	for _, f := range list {
		at, ok := columns[f.Field]
		if !ok {
			at = -1
		}
		marks = append(marks, annotate.Mark{Column: at, Field: f.Field, Code: f.Code, Text: f.Message, Warning: f.Warning})
	}
	return marks
}
