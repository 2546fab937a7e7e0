package report

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/internal/formula"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// byteOrderMark makes Excel read a CSV file as UTF-8.
const byteOrderMark = "\uFEFF"

// writeCSV writes the report that programs and mail merges read: UTF-8 with a
// byte-order mark, one line for each row, cells guarded.
func writeCSV(w io.Writer, _ string, m Meta, rows Rows) error {
	t := newRowTable(m)
	out, err := newCSVWriter(w, t.header)
	if err != nil {
		return err
	}
	for r, err := range rows {
		if err == nil {
			err = out.writeRow(t.rowCells(&r))
		}
		if err != nil {
			return err
		}
	}
	return out.flush()
}

// csvWriter writes rows under a header. Each cell is clean and guarded.
// encoding/csv does not quote text that looks like a formula behind a delimiter
// other than the comma.
type csvWriter struct {
	out *bufio.Writer
}

// newCSVWriter starts a file with a byte-order mark.
func newCSVWriter(w io.Writer, header []string) (*csvWriter, error) {
	f := &csvWriter{bufio.NewWriterSize(w, 1<<18)}
	_, _ = f.out.WriteString(byteOrderMark) // a bufio.Writer keeps its first error
	return f, f.writeRow(header)
}

// StreamCSV writes CSV without a byte-order mark, for a program that reads our
// standard output. fill calls row with the cells of each row after the header.
func StreamCSV(w io.Writer, header []string, fill func(row func(cells ...string) error) error) error {
	f := &csvWriter{bufio.NewWriter(w)}
	if err := f.writeRow(header); err != nil {
		return err
	}
	err := fill(func(cells ...string) error { return f.writeRow(cells) })
	return errors.Join(err, f.flush())
}

func (f *csvWriter) writeRow(cells []string) error {
	for i, c := range cells {
		if i > 0 {
			_ = f.out.WriteByte(',')
		}
		f.writeCell(reporttext.Guard(reporttext.Clean(c)))
	}
	if len(cells) == 1 && cells[0] == "" {
		_, _ = f.out.WriteString(`""`) // a blank line is no row
	}
	return f.out.WriteByte('\n') // or the first error
}

// writeCell writes one cell. It quotes it where RFC 4180 requires that, and
// where a program may find a formula behind another delimiter than ours.
func (f *csvWriter) writeCell(c string) {
	if strings.ContainsAny(c, "\",\t\r\n") || strings.HasPrefix(c, " ") || formula.HasInnerSign(c) {
		c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
	}
	_, _ = f.out.WriteString(c)
}

func (f *csvWriter) flush() error { return f.out.Flush() }

func openCSVTable(w io.Writer, _ string, header []string) (tableWriter, error) {
	f, err := newCSVWriter(w, header)
	if err != nil {
		return tableWriter{}, err
	}
	return tableWriter{f.writeRow, f.flush, func() error { return nil }}, nil
}
