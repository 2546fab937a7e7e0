package source

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source/csvfile"
	"github.com/bulkonboard/bulkonboard/pipeline/source/jsonl"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// textRows is a CSV file open for one pass.
type textRows struct {
	*csvfile.Reader
	hashedFile
}

// hashedFile is a text file that is hashed while it is read from front to back.
type hashedFile struct {
	ctxErr  func() error
	content *content
	file    *handle
	raw     io.Reader // of file, hashed as it is read
	hash    hash.Hash
}

var _ recordReader = (*textRows)(nil)

func (c *content) openHashed(ctx context.Context) (hashedFile, error) {
	f, err := c.open()
	if err != nil {
		return hashedFile{}, err
	}
	h := hashedFile{ctxErr: ctx.Err, content: c, file: f, hash: sha256.New()}
	h.raw = io.TeeReader(untilDone(ctx, f), h.hash)
	return h, nil
}

// openText opens a CSV file at its first row and settles its dialect.
func (m *matcher) openText(ctx context.Context, c *content) (*textRows, error) {
	h, err := c.openHashed(ctx)
	if err != nil {
		return nil, err
	}
	t := &textRows{hashedFile: h}
	text, err := c.unpackText(t.raw, m.opt.MaxBytes)
	if err == nil {
		t.Reader, err = csvfile.NewReader(text, m.textOptions(c.name))
	}
	if err != nil {
		return nil, errors.Join(t.locateError(err), t.Close())
	}
	return t, nil
}

func (m *matcher) textOptions(name string) csvfile.Options {
	opt := csvfile.Options{Encoding: m.opt.Encoding, CountKnown: m.countKnown,
		PreferTabs: strings.HasPrefix(filepath.Ext(strings.TrimSuffix(strings.ToLower(name), ".gz")), ".t")}
	if m.opt.Delimiter != 0 {
		opt.Delimiter = string(m.opt.Delimiter)
	}
	return opt
}

// Next places errors in the file.
func (t *textRows) Next() (table.Record, error) {
	rec, err := t.Reader.Next()
	if err != nil && !errors.Is(err, io.EOF) {
		err = t.locateError(err)
	}
	return rec, err
}

func (t *hashedFile) locateError(err error) error {
	var e *Error
	switch {
	case t.ctxErr() != nil:
		return t.ctxErr()
	case errors.As(err, &e):
		if e.File == "" {
			t.content.withText(func(text io.Reader) { csvfile.ProposeEncodings(e, text) })
		}
		e.File = t.content.name
		return e
	case t.content.kind == kindGzip:
		return &Error{File: t.content.name, Reason: "the gzip file is damaged or cut short: " + err.Error(), Hint: "Download it again"}
	}
	return table.FileError(t.content.name, err)
}

// finish reads what is left of the file and compares its hash.
func (t *textRows) finish(context.Context) ([]Note, error) {
	var notes []Note
	if t.HasCtrlZ() {
		notes = append(notes, Note{Code: "ctrl_z", Warning: true, Message: "the end-of-file mark (Ctrl-Z) at its end is not read"})
	}
	if t.HasSpacedQuotes() {
		notes = append(notes, Note{Code: "quote_blanks", Message: "spaces between delimiters and quotation marks are not read"})
	}
	return notes, t.compareHash()
}

// compareHash reads what is left of the file and compares its hash.
func (t *hashedFile) compareHash() error {
	if _, err := io.Copy(io.Discard, t.raw); err != nil {
		return t.locateError(err)
	}
	if [sha256.Size]byte(t.hash.Sum(nil)) != t.content.sum {
		return t.content.changedError()
	}
	return nil
}

// isOther reports whether the file that was opened cannot be the one that Open saw.
func (t *hashedFile) isOther() bool {
	return t.file.size != t.content.size || t.file.modified != t.content.modified
}

// Close closes the file.
func (t *hashedFile) Close() error { return t.file.Close() }

// findWidth returns how many cells a row of this file has. Normally as many as
// there are headers; one more or less where all rows, but not the header row,
// end in a delimiter, or the other way round.
func findWidth(header []string, rows []table.Record) (cells int, trailing bool) {
	n := len(header)
	if len(rows) == 0 {
		return n, false
	}
	all := func(is func(cells []string) bool) bool {
		return !slices.ContainsFunc(rows, func(r table.Record) bool { return !is(r.Cells) })
	}
	switch {
	case all(func(c []string) bool { return len(c) == n+1 && c[n] == "" }):
		return n + 1, true
	case strings.TrimSpace(header[n-1]) == "" && all(func(c []string) bool { return len(c) == n-1 }):
		return n - 1, false
	}
	return n, false
}

// formatDelimiter names a delimiter for a message.
func formatDelimiter(d string) string {
	if d == "\t" {
		return "tabs"
	}
	return fmt.Sprintf("%q", d)
}

// jsonRows is a file of JSON lines open for one pass.
type jsonRows struct {
	*jsonl.Reader
	hashedFile
}

var _ recordReader = (*jsonRows)(nil)

// openLines opens a file of JSON lines. The keys of all its objects are the
// headers, so the file is read through before its first row.
func (c *content) openLines(ctx context.Context) (*jsonRows, error) {
	if c.columns == nil {
		h, err := c.openHashed(ctx)
		if err != nil {
			return nil, err
		}
		c.columns, err = jsonl.Columns(h.raw)
		if err != nil {
			return nil, errors.Join(h.locateError(err), h.Close())
		}
		if err := h.Close(); err != nil {
			return nil, err
		}
	}
	h, err := c.openHashed(ctx)
	if err != nil {
		return nil, err
	}
	return &jsonRows{jsonl.NewReader(h.raw, c.columns), h}, nil
}

// Next places errors in the file.
func (j *jsonRows) Next() (table.Record, error) {
	rec, err := j.Reader.Next()
	if err != nil && !errors.Is(err, io.EOF) {
		err = j.locateError(err)
	}
	return rec, err
}

// finish compares the hash of the file.
func (j *jsonRows) finish(context.Context) ([]Note, error) { return nil, j.compareHash() }
