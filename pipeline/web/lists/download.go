package lists

import (
	"context"
	"errors"
	"io"
	"iter"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/intake"
	"github.com/bulkonboard/bulkonboard/pipeline/report/annotate"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/marking"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/validate"
)

// FileWriter writes a file of a list. begin is called once the size is known, before
// the first byte.
type FileWriter func(ctx context.Context, id string, begin func(size int64) io.Writer) error

// download is a file that is made of a list as it was when it was asked for.
type download struct {
	snap  *Snapshot
	file  source.File
	edits []annotate.RowEdit
	dir   string // private, removed afterwards
	done  func() // the folder of the list may be removed
}

// WriteCorrected writes the sender's list with the corrected cells. Read with the flags
// of the list's command, it has the same rows.
func (s *Store) WriteCorrected(ctx context.Context, id string, begin func(int64) io.Writer) error {
	return s.withDownload(id, begin, func(d *download, to string) error { return d.writeCorrected(ctx, to) })
}

// WriteMarked writes what validate --annotate writes of the list: of the sender's file,
// or of the corrected one if anything was corrected.
func (s *Store) WriteMarked(ctx context.Context, id string, begin func(int64) io.Writer) error {
	return s.withDownload(id, begin, func(d *download, to string) error { return d.writeMarked(ctx, to) })
}

// withDownload makes a file in a private folder and copies it to where begin says.
func (s *Store) withDownload(id string, begin func(int64) io.Writer, write func(d *download, to string) error) (err error) {
	d, err := s.newDownload(id)
	if err != nil {
		return err
	}
	defer d.done()
	defer func() { err = errors.Join(err, os.RemoveAll(d.dir)) }()
	path := filepath.Join(d.dir, "list.xlsx")
	if err := write(d, path); err != nil {
		return nameInput(err, d.snap.Name)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, _ = io.Copy(begin(info.Size()), f) // the browser may be gone
	return nil
}

// newDownload prepares a file of a list that is checked.
func (s *Store) newDownload(id string) (*download, error) {
	l, err := s.lock(id)
	if err != nil {
		return nil, err
	}
	defer l.mu.Unlock()
	if l.isChecking() || l.result == nil {
		l.ensureCheck()
		return nil, api.Refuse(http.StatusConflict, "still_checking")
	}
	d := &download{file: l.outl.file}
	if d.snap, err = l.snapshot(); err != nil {
		return nil, err
	}
	if d.edits, err = l.planEdits(); err != nil {
		return nil, err
	}
	if d.dir, err = os.MkdirTemp(l.dir, "download-"); err != nil {
		return nil, err
	}
	l.writers.Add(1)
	d.done = l.writers.Done
	return d, nil
}

// planEdits returns what is changed in the sender's workbook: corrected cells, rows that
// are left out, and cells whose formula must not pass for a value that was entered.
func (l *list) planEdits() ([]annotate.RowEdit, error) {
	cells := map[int]map[int]annotate.CellEdit{}
	set := func(number int, c annotate.CellEdit) {
		if cells[number] == nil {
			cells[number] = map[int]annotate.CellEdit{}
		}
		cells[number][c.Column] = c
	}
	for i := range l.result.rows {
		for _, f := range l.result.rows[i].findings {
			if at := l.columnOf(f.Field); at >= 0 && !f.Warning && (f.Code == "formula" || f.Code == "formula_uncached") {
				set(int(l.rows.numbers[i]), annotate.CellEdit{Column: at, Text: annotate.NoValue})
			}
		}
	}
	for number, edits := range l.state.overlay.cells {
		rec, err := l.recordOf(number)
		if err != nil {
			return nil, err
		}
		for column, text := range edits {
			isNoticed := func(is table.CellIssue) bool {
				return is.Column >= 0 && is.Column <= column && column <= max(is.Column, is.LastColumn)
			}
			set(number, annotate.CellEdit{Column: column, Text: text, IsPlain: slices.ContainsFunc(rec.Issues, isNoticed)})
		}
	}
	for number := range l.state.overlay.left {
		rec, err := l.recordOf(number)
		if err != nil {
			return nil, err
		}
		for column := range rec.Cells {
			set(number, annotate.CellEdit{Column: column})
		}
	}
	var edits []annotate.RowEdit
	for _, number := range slices.Sorted(maps.Keys(cells)) {
		edits = append(edits, annotate.RowEdit{Number: number, Cells: slices.Collect(maps.Values(cells[number]))})
	}
	return edits, nil
}

// recordOf returns a row of the file by its number.
func (l *list) recordOf(number int) (table.Record, error) {
	i, isThere := l.rows.find(number)
	if !isThere {
		return table.Record{}, source.ErrChanged
	}
	return l.rows.read(i)
}

// writeCorrected writes the corrected list to a file.
func (d *download) writeCorrected(ctx context.Context, to string) (err error) {
	in, err := d.snap.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	c := annotate.Correction{SHA256: d.file.SHA256, Sheet: d.file.Sheet, HeaderRow: d.file.HeaderRow, Header: d.file.Header, Hidden: d.file.Hidden,
		Edits: d.edits, Rows: correctedRows(ctx, in)}
	if d.file.Kind == "xlsx" {
		c.Workbook = d.snap.path
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = annotate.WriteCorrected(ctx, f, d.dir, c)
	return err
}

// correctedRows returns the rows of a list as text. What makes a row invalid because of
// how it is written would be lost: such a cell gets a value that is refused.
func correctedRows(ctx context.Context, in *source.Input) iter.Seq2[annotate.Row, error] {
	email := marking.ColumnIndexes(in.Files()[0])[validate.FieldEmail]
	return func(yield func(annotate.Row, error) bool) {
		for r, err := range marking.ReadRows(ctx, in) {
			var row annotate.Row
			if err == nil {
				row = annotate.Row{Number: r.Number, Cells: slices.Clone(marking.AllCells(r))}
				for _, is := range r.Issues {
					at := is.Column
					if at < 0 || at >= len(row.Cells) {
						at = email
					}
					if !is.Warning {
						row.Cells[at] = annotate.NoValue
					}
				}
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// writeMarked checks the list and writes it with marks to a file.
func (d *download) writeMarked(ctx context.Context, to string) (err error) {
	path, opt := d.snap.path, d.snap.Options
	opt.Overlay = nil
	if !d.snap.overlay.isEmpty() {
		path = filepath.Join(d.dir, "corrected.xlsx")
		if err := d.writeCorrected(ctx, path); err != nil {
			return err
		}
		opt.Encoding, opt.Delimiter = "", 0 // it is a workbook now
	}
	in, err := source.Open(ctx, []string{path}, nil, opt)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	var marks marking.List
	cfg := pipeline.Config{Input: &intake.Batch{Input: in}, Environment: "check", Rules: d.snap.Rules}
	if _, err := pipeline.Check(ctx, cfg, func(r ledger.Row) error { marks.Add(&r); return nil }, marks.AddNote); err != nil {
		return err
	}
	note := marking.New(in.Files()[0])
	columns := marking.ColumnIndexes(in.Files()[0])
	note.Rows, note.Marked = marks.Rows(ctx, in, columns), marks.OnlyMarked(columns)
	_, err = annotate.Write(ctx, atomicfile.Writer{}, to, note)
	return err
}
