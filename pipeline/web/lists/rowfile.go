package lists

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// rowFile has the rows of a list as they are in the sender's file, so that any of them
// can be shown and checked again without reading the whole list. The rows are in a
// private file, and their places in memory. It is read by any number of goroutines.
type rowFile struct {
	file    *os.File
	numbers []int32 // as the spreadsheet shows them, ascending
	offsets []int64 // of each row, and of the end
}

// rowWriter writes a rowFile.
type rowWriter struct {
	rowFile

	out *bufio.Writer
	at  int64
}

// newRowWriter begins a file in the folder of a list. Files that a killed process left are
// removed when the list is loaded.
func newRowWriter(dir string) (*rowWriter, error) {
	f, err := os.CreateTemp(dir, "rows-*.jsonl")
	if err != nil {
		return nil, err
	}
	return &rowWriter{rowFile: rowFile{file: f}, out: bufio.NewWriterSize(f, 1<<16)}, nil
}

func (w *rowWriter) add(rec *table.Record) error {
	line, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	w.numbers, w.offsets = append(w.numbers, int32(rec.Number)), append(w.offsets, w.at)
	w.at += int64(len(line)) + 1
	_, err = w.out.Write(append(line, '\n'))
	return err
}

// finish returns the file to be read.
func (w *rowWriter) finish() (*rowFile, error) {
	w.offsets = append(w.offsets, w.at)
	if err := w.out.Flush(); err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.numbers, w.offsets = slices.Clip(w.numbers), slices.Clip(w.offsets)
	return &w.rowFile, nil
}

// close removes the file.
func (r *rowFile) close() error { return errors.Join(r.file.Close(), os.Remove(r.file.Name())) }

// find returns the index of a row by its number.
func (r *rowFile) find(number int) (int, bool) {
	return slices.BinarySearch(r.numbers, int32(number))
}

// read returns a row by its index.
func (r *rowFile) read(i int) (rec table.Record, err error) {
	line := make([]byte, r.offsets[i+1]-r.offsets[i])
	if _, err := r.file.ReadAt(line, r.offsets[i]); err != nil {
		return rec, fmt.Errorf("reading the kept rows: %w", err)
	}
	return rec, json.Unmarshal(line, &rec)
}

// search calls found with the indexes of the rows whose line, in lower case, has a text.
func (r *rowFile) search(text string, found func(i int)) error {
	lines := bufio.NewReaderSize(io.NewSectionReader(r.file, 0, r.offsets[len(r.numbers)]), 1<<18)
	needle, line := []byte(text), []byte(nil)
	for i := range r.numbers {
		line = slices.Grow(line[:0], int(r.offsets[i+1]-r.offsets[i]))[:r.offsets[i+1]-r.offsets[i]]
		if _, err := io.ReadFull(lines, line); err != nil {
			return fmt.Errorf("reading the kept rows: %w", err)
		}
		if bytes.Contains(bytes.ToLower(line), needle) {
			found(i)
		}
	}
	return nil
}

// readRows reads the rows as they are in the file. A refusal is one that a change of the
// settings may help against.
func (c *check) readRows(ctx context.Context) (outl *outline, rows *rowFile, refusal *api.Error, err error) {
	path := c.l.filePath()
	recorded := &recorder{}
	opt := c.base
	opt.Overlay = recorded
	in, err := source.Open(ctx, []string{path}, nil, opt)
	var e *source.Error
	if errors.As(err, &e) && !errors.Is(err, source.ErrChanged) {
		body := InputRefusal(nameError(e, c.l.name()))
		outl, err = c.outlineRefused(ctx)
		return outl, nil, &body, err
	}
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if outl, err = newOutline(ctx, path, in, settingsKey(c.state)); err != nil {
		return nil, nil, nil, err
	}
	pass, err := in.Rows(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() { err = errors.Join(err, pass.Close()) }()
	w, err := newRowWriter(c.l.dir)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := c.copyRows(pass, recorded, w, outl); err != nil {
		if errors.As(err, &e) && !errors.Is(err, source.ErrChanged) {
			body := InputRefusal(nameError(e, c.l.name()))
			return outl, nil, &body, w.close()
		}
		return nil, nil, nil, errors.Join(err, w.close())
	}
	outl.notes = in.Notes()
	outl.setRows(len(w.numbers))
	rows, err = w.finish()
	return outl, rows, nil, err
}

// copyRows writes the records of the rows that a pass hands on.
func (c *check) copyRows(pass *source.Pass, recorded *recorder, w *rowWriter, outl *outline) error {
	for buf := make([]source.Row, 256); ; {
		n, err := pass.Read(buf)
		for i := range buf[:n] {
			rec, isThere := recorded.take(buf[i].Number)
			if !isThere {
				return fmt.Errorf("row %d was not recorded", buf[i].Number)
			}
			outl.addRow(rec.Cells)
			if err := w.add(&rec); err != nil {
				return err
			}
		}
		c.job.set(len(w.numbers))
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// recorder keeps the records that a pass reads until the pass hands their rows on.
type recorder struct{ waiting []table.Record }

var _ source.Overlay = (*recorder)(nil)

// Correct keeps a record as it is.
func (r *recorder) Correct(rec *table.Record) bool {
	r.waiting = append(r.waiting, *rec)
	return true
}

// Fingerprint returns "": nothing is corrected.
func (r *recorder) Fingerprint() string { return "" }

// take returns the record of a row, and drops those before it: they are no customers.
func (r *recorder) take(number int) (table.Record, bool) {
	for i, rec := range r.waiting {
		if rec.Number == number {
			r.waiting = append(r.waiting[:0], r.waiting[i+1:]...)
			return rec, true
		}
	}
	return table.Record{}, false
}
