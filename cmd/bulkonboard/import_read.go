package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// record is one row of a table that is imported: its number in the file, and
// its cells by the folded name of their column.
type record struct {
	row   int
	cells map[string]string
}

// get is the first cell that is filled of the columns with these names.
func (r record) get(names ...string) string {
	for _, n := range names {
		if v := strings.TrimSpace(r.cells[n]); v != "" {
			return v
		}
	}
	return ""
}

// foldName makes "E-Mail", "e_mail" and "email" one name.
func foldName(header string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, header)
}

// readRecords reads a report of ours (.csv, .xlsx, .json), or any CSV with a
// header row, from its first row to its last. Its errors name rows, never cells.
func readRecords(path string, each func(record) error) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return usagef("%s: %w", path, plainError(err))
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		return csvRecords(path, f, each)
	case ".json":
		return jsonRecords(path, f, each)
	case ".xlsx":
		return xlsxRecords(path, each)
	}
	return usage(fmt.Errorf("%s is neither .csv, .xlsx nor .json", path))
}

// zip makes a record of a row, given the folded headers.
func zip(row int, header, cells []string) record {
	r := record{row: row, cells: make(map[string]string, len(header))}
	for i, name := range header {
		if _, twice := r.cells[name]; i < len(cells) && name != "" && !twice { // a carried column does not hide one of ours
			r.cells[name] = report.Unguard(cells[i])
		}
	}
	return r
}

func foldAll(header []string) []string {
	out := make([]string, len(header))
	for i, h := range header {
		out[i] = foldName(h)
	}
	return out
}

func csvRecords(path string, f io.Reader, each func(record) error) error {
	in := bufio.NewReader(f)
	if bom, err := in.Peek(3); err == nil && string(bom) == "\ufeff" {
		_, _ = in.Discard(3) // they were just seen
	}
	first, err := in.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return usagef("%s: %w", path, plainError(err))
	}
	r := csv.NewReader(in)
	line, _, _ := strings.Cut(string(first), "\n")
	if strings.Count(line, ";") > strings.Count(line, ",") {
		r.Comma = ';'
	}
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	var header []string
	for row := 1; ; row++ {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			var bad *csv.ParseError
			if errors.As(err, &bad) {
				return usagef("%s, line %d: %w", path, bad.Line, bad.Err)
			}
			return usagef("%s: %w", path, plainError(err))
		}
		if header == nil {
			header = foldAll(cells)
			continue
		}
		if err := each(zip(row, header, cells)); err != nil {
			return err
		}
	}
}

// jsonRecords reads {"rows":[{...},...]}, a row at a time.
func jsonRecords(path string, f io.Reader, each func(record) error) error {
	dec := json.NewDecoder(bufio.NewReader(f))
	wrong := func(err error) error {
		return usage(fmt.Errorf("%s is not a JSON report: %w", path, plainError(err)), "bulkonboard report --report FILE.json writes one")
	}
	for depth, found := 0, false; !found; {
		token, err := dec.Token()
		if err != nil {
			return wrong(err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		case "rows":
			found = depth == 1 // the input's figures have the name, too
		}
	}
	if _, err := dec.Token(); err != nil {
		return wrong(err)
	}
	for row := 1; dec.More(); row++ {
		var cells map[string]any
		if err := dec.Decode(&cells); err != nil {
			return wrong(err)
		}
		r := record{row: row, cells: map[string]string{}}
		for name, v := range cells {
			if text, ok := v.(string); ok {
				r.cells[foldName(name)] = text
			}
		}
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

// xlsxRecords reads the sheets "All rows", "All rows (2)", ... of a report.
func xlsxRecords(path string, each func(record) error) (err error) {
	f, err := excelize.OpenFile(path)
	if err != nil {
		return usage(fmt.Errorf("%s is not a workbook that can be read: %w", path, plainError(err)))
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	found := false
	for _, name := range f.GetSheetList() {
		if !strings.HasPrefix(name, "All rows") {
			continue
		}
		found = true
		rows, err := f.Rows(name)
		if err != nil {
			return usagef("%s: %w", path, err)
		}
		var header []string
		for row := 1; rows.Next(); row++ {
			cells, err := rows.Columns()
			if err != nil {
				return errors.Join(usagef("%s, row %d: %w", path, row, err), rows.Close())
			}
			if header == nil {
				header = foldAll(cells)
				continue
			}
			if err := each(zip(row, header, cells)); err != nil {
				return errors.Join(err, rows.Close())
			}
		}
		if err := errors.Join(rows.Error(), rows.Close()); err != nil {
			return usagef("%s: %w", path, err)
		}
	}
	if !found {
		return usage(fmt.Errorf("%s has no sheet \"All rows\"", path), "it must be a report of bulkonboard; save another list as CSV")
	}
	return nil
}
