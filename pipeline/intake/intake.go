// Package intake gives CSV and XLSX files to the pipeline, which knows nothing of
// files: it opens them with the columns of package validate and turns their rows
// into pipeline rows. Start at [Open].
package intake

import (
	"context"
	"io"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Batch is a list of files as the input of a run. It may be read by one
// goroutine at a time, like the source behind it.
type Batch struct {
	*source.Input

	// OnRead is called with each group of rows that a pass reads, in order, and
	// with how many rows the pass has read. The slice is valid until it returns.
	// nil = not called.
	OnRead func(rows []validate.Raw, total int)
}

var _ pipeline.Input = (*Batch)(nil)

// Open opens files as one batch, see source.Open. Options.Fields is set to
// the fields of package validate. The caller closes the batch.
func Open(ctx context.Context, paths []string, stdin io.Reader, opt source.Options) (*Batch, error) {
	opt.Fields = Fields(validate.Fields())
	in, err := source.Open(ctx, paths, stdin, opt)
	if err != nil {
		return nil, err
	}
	return &Batch{Input: in}, nil
}

// Fields returns the fields of a table as columns to look for.
func Fields(table validate.FieldTable) []source.Field {
	var fields []source.Field
	for _, f := range table {
		fields = append(fields, source.Field{Name: f.Name, Aliases: f.Aliases(), Required: f.Required, Identifies: f.Name == validate.FieldEmail, Written: f.IsBool, Shared: f.Defaultable || f.IsBool,
			Foreign: f.Foreign(), Parts: f.Parts(), AdjacentParts: f.AdjacentParts()})
	}
	return fields
}

// Files lists the files. Their numbers of rows are not known before a pass.
func (b *Batch) Files() []ledger.File {
	var files []ledger.File
	for _, f := range b.Input.Files() {
		files = append(files, ledger.File{Name: f.Name, Sheet: f.Sheet, SHA256: f.SHA256})
	}
	return files
}

// Rows starts a pass over all files.
func (b *Batch) Rows(ctx context.Context) (pipeline.Rows, error) {
	rows, err := b.Input.Rows(ctx)
	if err != nil {
		return nil, err
	}
	return &batchRows{rows: rows, onRead: b.OnRead}, nil
}

// batchRows turns cells into fields.
type batchRows struct {
	rows   *source.Pass
	cells  []source.Row
	raw    []validate.Raw
	total  int
	onRead func([]validate.Raw, int)
}

var _ pipeline.Rows = (*batchRows)(nil)

// Read fills dst with rows that outlive the next Read.
func (r *batchRows) Read(dst []pipeline.Row) (int, error) {
	if cap(r.cells) < len(dst) {
		r.cells = make([]source.Row, len(dst))
	}
	n, err := r.rows.Read(r.cells[:len(dst)])
	if n == 0 {
		return 0, err
	}
	cells := r.cells[:n]
	if failed := convertRows(cells, &r.raw, dst); failed != nil {
		return 0, failed
	}
	r.total += n
	if r.onRead != nil {
		r.onRead(r.raw[:n], r.total)
	}
	return n, err
}

// RowsOf returns rows of a reader as rows of the pipeline.
func RowsOf(cells []source.Row) ([]pipeline.Row, error) {
	rows, raw := make([]pipeline.Row, len(cells)), []validate.Raw(nil)
	if len(cells) == 0 {
		return rows, nil
	}
	return rows, convertRows(cells, &raw, rows)
}

// convertRows fills dst. raw is room for their fields.
func convertRows(cells []source.Row, raw *[]validate.Raw, dst []pipeline.Row) error {
	if err := source.Decode(cells, raw); err != nil {
		return err
	}
	for i, c := range cells {
		dst[i] = pipeline.Row{File: c.File, Number: c.Number, Line: c.Line, Raw: (*raw)[i], ID: c.ID, Carry: slices.Clone(c.Carry), Issues: problemsOf(c.Issues),
			Again: c.Was == string(ledger.DuplicateInInput)}
		dst[i].Raw.Extra = slices.Clone(c.Send)
	}
	return nil
}

// Close ends the pass.
func (r *batchRows) Close() error { return r.rows.Close() }

func problemsOf(issues []source.Issue) []validate.Problem {
	var problems []validate.Problem
	for _, is := range issues {
		problems = append(problems, validate.Problem{Field: is.Field, Code: is.Code, Message: is.Message, Warning: is.Warning})
	}
	return problems
}
