package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
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
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv", ".xlsx":
		return tableRecords(path, each)
	case ".json":
		return jsonRecords(path, each)
	}
	return usage(fmt.Errorf("%s is neither .csv, .xlsx nor .json", path))
}

// zip makes a record of a row, given the folded headers.
func zip(row int, header, cells []string) record {
	r := record{row: row, cells: make(map[string]string, len(header))}
	for i, name := range header {
		if _, twice := r.cells[name]; i < len(cells) && name != "" && !twice { // a carried column does not hide one of ours
			r.cells[name] = reporttext.Unguard(cells[i])
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

// jsonRecords reads {"rows":[{...},...]}, a row at a time.
func jsonRecords(path string, each func(record) error) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return usagef("%s: %w", path, plainError(err))
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	bounded := limits.NewRecordReader(f)
	dec := json.NewDecoder(bounded)
	row := 0
	wrong := func(err error) error {
		switch {
		case errors.Is(err, limits.ErrRecord) && row == 0:
			return usagef("%s, before its rows: %w", path, err)
		case errors.Is(err, limits.ErrRecord):
			return usagef("%s, row %d: %w", path, row, err)
		}
		return usage(fmt.Errorf("%s is not a JSON report: %w", path, plainError(err)), "bulkonboard report --report FILE.json writes one")
	}
	for depth, found := 0, false; !found; {
		bounded.NextRecord()
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
	for row = 1; dec.More(); row++ {
		bounded.NextRecord()
		var cells map[string]json.RawMessage
		if err := dec.Decode(&cells); err != nil {
			return wrong(err)
		}
		r := record{row: row, cells: map[string]string{}}
		for name, v := range cells {
			var text *string
			if json.Unmarshal(v, &text) == nil && text != nil { // else no text, and nothing that is taken over
				r.cells[foldName(name)] = *text
			}
		}
		if err := each(r); err != nil {
			return err
		}
		bounded.NextRecord()
	}
	if _, err := dec.Token(); err != nil { // cut short: rows are missing
		return wrong(err)
	}
	return nil
}

// tableRecords reads a CSV file, or the sheets "All rows", "All rows (2)", ... of
// a report.
func tableRecords(path string, each func(record) error) error {
	isOurs := func(sheet string) bool { return strings.HasPrefix(sheet, "All rows") }
	var first *string // of the header that folded was made of
	var folded []string
	err := source.ReadTable(context.Background(), path, isOurs, func(header []string, row int, cells []string) error {
		if first != &header[0] {
			first, folded = &header[0], foldAll(header)
		}
		return each(zip(row, folded, cells))
	})
	if errors.Is(err, source.ErrNoSheet) {
		return usage(fmt.Errorf("%s has no sheet \"All rows\"", path), "it must be a report of bulkonboard; save another list as CSV")
	}
	return err
}
