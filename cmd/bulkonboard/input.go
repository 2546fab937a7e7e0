package main

import (
	"context"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// batch gives files to the pipeline, which knows nothing of files. It may be
// read by one goroutine at a time, like the input behind it.
type batch struct {
	source.Input
	sleuth *sleuth
}

var _ pipeline.Input = batch{}

// Files lists the files; how many rows they have is not known yet.
func (b batch) Files() []ledger.File {
	var files []ledger.File
	for _, f := range b.Input.Files() {
		files = append(files, ledger.File{Name: f.Name, Sheet: f.Sheet, SHA256: f.SHA256})
	}
	return files
}

// Rows starts a pass over all files.
func (b batch) Rows(ctx context.Context) (pipeline.Rows, error) {
	rows, err := b.Input.Rows(ctx)
	if err != nil {
		return nil, err
	}
	return &batchRows{rows: rows, sleuth: b.sleuth}, nil
}

// batchRows turns cells into fields, a slice at a time.
type batchRows struct {
	rows   source.Rows
	cells  []source.Row
	raw    []validate.Raw
	read   int
	sleuth *sleuth
}

var _ pipeline.Rows = (*batchRows)(nil)

func (r *batchRows) Read(dst []pipeline.Row) (int, error) {
	if cap(r.cells) < len(dst) {
		r.cells = make([]source.Row, len(dst))
	}
	n, err := r.rows.Read(r.cells[:len(dst)])
	if n == 0 {
		return 0, err
	}
	cells := r.cells[:n]
	if failed := source.Decode(cells, &r.raw); failed != nil {
		return 0, failed
	}
	r.sleuth.read(r.raw[:n])
	r.read += n
	r.sleuth.room.reached(r.read)
	lists := make([]string, 0, n*(len(cells[0].Carry)+len(cells[0].Send)))
	for i := range cells {
		c := &cells[i]
		dst[i] = pipeline.Row{File: c.File, Number: c.Number, Line: c.Line, Raw: r.raw[i], ID: c.ID, Carry: kept(&lists, c.Carry), Issues: problems(c.Issues),
			Again: c.Was == string(ledger.DuplicateInInput)}
		dst[i].Raw.Extra = kept(&lists, c.Send)
	}
	return n, err
}

// kept copies a list of cells to the end of lists. The pipeline reads on while
// the rows before are checked, and the reader uses its lists again.
func kept(lists *[]string, cells []string) []string {
	if len(cells) == 0 {
		return nil
	}
	from := len(*lists)
	*lists = append(*lists, cells...)
	return slices.Clip((*lists)[from:])
}

func (r *batchRows) Close() error { return r.rows.Close() }

func problems(issues []source.Issue) []validate.Problem {
	if len(issues) == 0 {
		return nil
	}
	out := make([]validate.Problem, len(issues))
	for i, is := range issues {
		out[i] = validate.Problem{Field: is.Field, Code: is.Code, Message: is.Message, Warning: is.Warning}
	}
	return out
}
