package report

import (
	"bufio"
	"context"
	"encoding/csv"
	"io"
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

// csvFile writes guarded rows under a header.
type csvFile struct {
	buf *bufio.Writer
	csv *csv.Writer
}

func newCSV(w io.Writer, header []string) (*csvFile, error) {
	buf := bufio.NewWriterSize(w, 1<<18)
	if _, err := buf.WriteString(byteOrderMark); err != nil {
		return nil, err
	}
	f := &csvFile{buf, csv.NewWriter(buf)}
	return f, f.row(append([]string(nil), header...))
}

// row writes cells, which it guards in place.
func (f *csvFile) row(cells []string) error {
	for i, c := range cells {
		cells[i] = Guard(c)
	}
	return f.csv.Write(cells)
}

func (f *csvFile) flush() error {
	f.csv.Flush()
	if err := f.csv.Error(); err != nil {
		return err
	}
	return f.buf.Flush()
}
