package xlsx

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// choice is how a test reads a workbook.
type choice struct {
	sheet          string
	refuseFormulas bool
	maxBytes       int64
}

// sheetRows are the rows of one sheet, which own their workbook.
type sheetRows struct {
	*Rows
	sheet Sheet
	notes []table.Note
}

func (r *sheetRows) Close() error { return errors.Join(r.Rows.Close(), r.book.Close()) }

// openRows opens a file and the sheet that is wanted of it.
func openRows(file File, size int64, name string, c choice) (*sheetRows, error) {
	book, err := Open(file, size, name, c.maxBytes)
	if err != nil {
		return nil, err
	}
	sheet, passed, err := book.FindSheet(c.sheet)
	if err != nil {
		return nil, errors.Join(err, book.Close())
	}
	rows, notes, err := book.ReadSheet(sheet, c.refuseFormulas)
	if err != nil {
		return nil, errors.Join(err, book.Close())
	}
	return &sheetRows{rows, sheet, append(passed, notes...)}, nil
}

// openFile opens a file on disk.
func openFile(name string, c choice) (*sheetRows, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return openRows(f, info.Size(), name, c)
}

// readToEnd reads rows to their end and closes them.
func readToEnd(r *sheetRows, err error) ([]table.Record, *sheetRows, error) {
	if err != nil {
		return nil, &sheetRows{}, err
	}
	var all []table.Record
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, r, r.Close()
		}
		if err != nil {
			return all, r, errors.Join(err, r.Close())
		}
		all = append(all, rec)
	}
}

func readAll(name string, c choice) ([]table.Record, *sheetRows, error) {
	return readToEnd(openFile(name, c))
}

// inMemory is a workbook in memory.
type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

func readBytes(data []byte, c choice) ([]table.Record, *sheetRows, error) {
	return readToEnd(openRows(inMemory{bytes.NewReader(data)}, int64(len(data)), "customers.xlsx", c))
}

// show writes records the way tests compare them: number, cells, issue codes.
func show(all []table.Record) string {
	var b strings.Builder
	for _, r := range all {
		b.WriteString(strconv.Itoa(r.Number) + ":" + strings.Join(r.Cells, "|"))
		for _, i := range r.Issues {
			if i.OnlyWritten || i.OnlyRequired { // count only in some columns
				continue
			}
			b.WriteString(" !" + table.ColumnName(i.Column+1) + "=" + i.Code)
			if i.Warning {
				b.WriteString("(warn)")
			}
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
