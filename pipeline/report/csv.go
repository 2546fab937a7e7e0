package report

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/internal/formula"
)

// byteOrderMark tells Excel that a CSV file is UTF-8.
const byteOrderMark = "\uFEFF"

// csvFormat is the report that programs and mail merges read: UTF-8 with a
// byte-order mark, one line for each row, cells guarded.
type csvFormat struct{}

func (csvFormat) write(_ context.Context, w io.Writer, _ string, m Meta, rows Rows) error {
	t := newTable(m)
	out, err := newCSV(w, t.header)
	if err != nil {
		return err
	}
	for r, err := range rows {
		if err != nil {
			return err
		}
		if err := out.row(t.row(&r)); err != nil {
			return err
		}
	}
	return out.flush()
}

// csvFile writes rows under a header: the only writer of CSV that there is. Each
// cell is clean and guarded.
type csvFile struct {
	out *bufio.Writer
}

// newCSV starts a file with a byte-order mark.
func newCSV(w io.Writer, header []string) (*csvFile, error) {
	f := &csvFile{bufio.NewWriterSize(w, 1<<18)}
	_, _ = f.out.WriteString(byteOrderMark) // a bufio.Writer keeps its first error
	return f, f.row(header)
}

// StreamCSV writes CSV without a byte-order mark, for a program at the other end of
// standard output. fill calls row with the cells of each row after the header.
func StreamCSV(w io.Writer, header []string, fill func(row func(cells ...string) error) error) error {
	f := &csvFile{bufio.NewWriter(w)}
	if err := f.row(header); err != nil {
		return err
	}
	err := fill(func(cells ...string) error { return f.row(cells) })
	return errors.Join(err, f.flush())
}

// row writes cells.
func (f *csvFile) row(cells []string) error {
	for i, c := range cells {
		if i > 0 {
			_ = f.out.WriteByte(',')
		}
		f.cell(Guard(clean(c)))
	}
	if len(cells) == 1 && cells[0] == "" {
		_, _ = f.out.WriteString(`""`) // a blank line is no row
	}
	return f.out.WriteByte('\n') // or the first error before it
}

// cell writes one cell, in quotation marks where RFC 4180 asks for them, and where
// a program may find a formula behind a delimiter that is not ours.
func (f *csvFile) cell(c string) {
	if !strings.ContainsAny(c, "\",\t\r\n") && !strings.HasPrefix(c, " ") && !formula.HasInnerSign(c) {
		_, _ = f.out.WriteString(c)
		return
	}
	_ = f.out.WriteByte('"')
	for {
		before, after, found := strings.Cut(c, `"`)
		_, _ = f.out.WriteString(before)
		if !found {
			break
		}
		_, _ = f.out.WriteString(`""`)
		c = after
	}
	_ = f.out.WriteByte('"')
}

func (f *csvFile) flush() error { return f.out.Flush() }
