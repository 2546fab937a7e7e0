// Package reportfile reads rows back from reports of this program, and from the
// lists of others.
package reportfile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// Record is one row of a table that is imported: its number in the file, and
// its cells by the folded name of their column.
type Record struct {
	Row   int
	Cells map[string]string
}

// Get returns the first cell that is filled of the columns with these names.
func (r Record) Get(names ...string) string {
	for _, n := range names {
		if v := strings.TrimSpace(r.Cells[n]); v != "" {
			return v
		}
	}
	return ""
}

// IsReport reports whether a record has the columns of a report.
func (r Record) IsReport() bool {
	_, key := r.Cells["idempotencykey"]
	_, id := r.Cells["serviceid"]
	return key && id
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

// Read reads a report of ours (.csv, .xlsx, .json), or any CSV with a
// header row, from its first row to its last. Its errors name rows, never cells.
func Read(ctx context.Context, path string, each func(Record) error) (err error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv", ".xlsx":
		return readTable(ctx, path, each)
	case ".json":
		return readJSON(path, each)
	}
	return exit.UsageErrorf("%s is neither .csv, .xlsx nor .json", path)
}

// newRecord makes a record of a row, given the folded headers.
func newRecord(row int, header, cells []string) Record {
	r := Record{Row: row, Cells: make(map[string]string, len(header))}
	for i, name := range header {
		if _, twice := r.Cells[name]; i < len(cells) && name != "" && !twice { // a carried column does not hide one of ours
			r.Cells[name] = reporttext.Unguard(cells[i])
		}
	}
	return r
}

func foldNames(header []string) []string {
	out := make([]string, len(header))
	for i, h := range header {
		out[i] = foldName(h)
	}
	return out
}

// readJSON reads {"rows":[{...},...]}, a row at a time.
func readJSON(path string, each func(Record) error) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return exit.UsageErrorf("%s: %w", path, term.PlainError(err))
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	bounded := limits.NewRecordReader(f)
	dec := json.NewDecoder(bounded)
	row := 0
	wrong := func(err error) error {
		switch {
		case errors.Is(err, limits.ErrRecord) && row == 0:
			return exit.UsageErrorf("%s, before its rows: %w", path, err)
		case errors.Is(err, limits.ErrRecord):
			return exit.UsageErrorf("%s, row %d: %w", path, row, err)
		}
		return exit.NewUsageError(fmt.Errorf("%s is not a JSON report: %w", path, term.PlainError(err)), "bulkonboard report --report FILE.json writes one")
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
		r := Record{Row: row, Cells: map[string]string{}}
		for name, v := range cells {
			var text *string
			if json.Unmarshal(v, &text) == nil && text != nil { // else no text, and nothing that is taken over
				r.Cells[foldName(name)] = *text
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

// readTable reads a CSV file, or the sheets "All rows", "All rows (2)", ... of
// a report.
func readTable(ctx context.Context, path string, each func(Record) error) error {
	isOurs := func(sheet string) bool { return strings.HasPrefix(sheet, "All rows") }
	var first *string // of the header that folded was made of
	var folded []string
	err := source.ReadTable(ctx, path, isOurs, func(header []string, row int, cells []string) error {
		if first != &header[0] {
			first, folded = &header[0], foldNames(header)
		}
		return each(newRecord(row, folded, cells))
	})
	if errors.Is(err, source.ErrNoSheet) {
		return exit.NewUsageError(fmt.Errorf("%s has no sheet \"All rows\"", path), "it must be a report of bulkonboard; save another list as CSV")
	}
	return err
}

// HashFile returns the SHA-256 of a file's bytes in hexadecimal.
func HashFile(path string) (sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// HasKey reports whether the idempotency key of a record is that of a customer
// in an environment, of any generation that there can be.
func (r Record) HasKey(environment, identity string) bool {
	key := r.Get("idempotencykey")
	for generation := range maxGeneration {
		if ledger.Key(environment, identity, generation) == key {
			return true
		}
	}
	return false
}

// maxGeneration is more than a customer ever reaches: each generation needs a
// refusal.
const maxGeneration = 1000
