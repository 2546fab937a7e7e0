package source

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// dialect is how a text file is written: what was detected or asked for.
type dialect struct {
	Encoding  string `json:"encoding"`
	Delimiter string `json:"delimiter"`
	sep       bool   // the first line is `sep=;`, which spreadsheet programs do not show
}

// textRecords is a CSV file open for one pass.
type textRecords struct {
	*csvReader
	dialect
	content *content
	raw     *hashing
	unzip   *gunzip // nil unless compressed
}

// openText opens a CSV file, settles its dialect and stands before its first
// row.
func openText(ctx context.Context, c *content, m *matcher) (*textRecords, error) {
	f, err := c.open()
	if err != nil {
		return nil, err
	}
	t := &textRecords{content: c, raw: &hashing{handle: f, ctx: ctx, hash: sha256.New()}}
	if err := t.start(m); err != nil {
		return nil, errors.Join(t.place(err), t.Close())
	}
	return t, nil
}

func (t *textRecords) start(m *matcher) error {
	r := bufio.NewReaderSize(t.raw, textBuffer)
	if t.content.kind == kindGzip {
		unzip, err := newGunzip(r)
		if err != nil {
			return err
		}
		t.unzip = unzip
		inner := bufio.NewReaderSize(unzip, textBuffer)
		head, _ := inner.Peek(sniffed) // an error comes back from the next read
		kind, other, err := sniff(bytes.NewReader(head), int64(len(head)))
		switch {
		case err != nil:
			return err
		case kind == "":
			return &Error{Reason: "there is " + other.what + " in the gzip file", Hint: other.hint}
		case kind != kindText:
			return &Error{Reason: "there is " + describe(kind) + " in the gzip file", Hint: "Unpack it first"}
		}
		r = inner
	}
	r, name, err := decode(r, m.opt.Encoding)
	if err != nil {
		return err
	}
	t.Encoding = name
	head, _ := r.Peek(textBuffer) // likewise
	skip, told := sepLine(head)
	if _, err := r.Discard(skip); err != nil {
		return err
	}
	t.sep = skip > 0
	switch {
	case m.opt.Delimiter != 0:
		t.Delimiter = string(m.opt.Delimiter)
	case told != "":
		t.Delimiter = told
	default:
		tabs := strings.HasPrefix(filepath.Ext(strings.TrimSuffix(strings.ToLower(t.content.name), ".gz")), ".t")
		t.Delimiter = m.delimiter(head, t.Encoding, tabs)
	}
	t.csvReader = newCSVReader(r, t.Delimiter, t.Encoding)
	if t.sep {
		t.line = 2
	}
	return nil
}

// sepLine recognises the line by which Excel is told the delimiter. Returns
// its length with its line end, and the delimiter.
func sepLine(head []byte) (length int, delimiter string) {
	line := head[:min(len(head), 16)]
	end := bytes.IndexAny(line, "\r\n")
	if end < 0 {
		return 0, ""
	}
	length = end + 1
	if bytes.HasPrefix(line[end:], []byte("\r\n")) {
		length++
	}
	text := strings.Trim(string(line[:end]), `"`)
	if len(text) < 5 || !strings.EqualFold(text[:4], "sep=") || utf8.RuneCountInString(text[4:]) != 1 {
		return 0, ""
	}
	return length, text[4:]
}

// delimiter finds the one that makes the head of the file look most like what
// is looked for: by the known names in one row, then by columns.
func (m *matcher) delimiter(head []byte, encoding string, tabs bool) string {
	candidates := []string{",", ";", "\t", "|"}
	if tabs {
		candidates = []string{"\t", ",", ";", "|"}
	}
	best, mostKnown, mostColumns := candidates[0], 0, 1
	for _, d := range candidates {
		known, columns := 0, 0
		rows := newCSVReader(bytes.NewReader(head), d, encoding)
		for range headRows {
			row, err := rows.next()
			if err != nil {
				break // the text is broken with this delimiter, or the sample ends
			}
			if n := m.known(row.cells); n > known || columns == 0 {
				known, columns = n, len(row.cells)
			}
		}
		if known > mostKnown || known == mostKnown && columns > mostColumns {
			best, mostKnown, mostColumns = d, known, columns
		}
	}
	return best
}

// next places errors in the file, and tells a file that changed from a broken
// one.
func (t *textRecords) next() (record, error) {
	rec, err := t.csvReader.next()
	if err != nil && err != io.EOF {
		err = t.place(err)
	}
	return rec, err
}

func (t *textRecords) place(err error) error {
	var e *Error
	switch {
	case t.raw.ctx.Err() != nil:
		return t.raw.ctx.Err()
	case errors.As(err, &e):
		if e.File == "" && errors.Is(err, errNotText) {
			t.content.propose(e)
		}
		e.File = t.content.name
		return e
	case t.unzip != nil || errors.Is(err, gzip.ErrHeader):
		return &Error{File: t.content.name, Reason: "the gzip file is damaged or cut short: " + err.Error(), Hint: "Fetch it again", Err: err}
	}
	return fileError(t.content.name, err)
}

// verify reads what is left of the file and compares its hash.
func (t *textRecords) verify(context.Context) error {
	sum, err := t.raw.sum()
	if err != nil {
		return t.place(err)
	}
	if sum != t.content.sum {
		return t.content.changed()
	}
	return nil
}

func (t *textRecords) Close() error { return t.raw.Close() }

// width finds how many cells a row of this file has. Normally as many as there
// are headers; one more or less where all rows, but not the header row, end in
// a delimiter, or the other way round.
func width(header []string, rows []record) (cells int, trailing bool) {
	n := len(header)
	if len(rows) == 0 {
		return n, false
	}
	all := func(is func(cells []string) bool) bool {
		return !slices.ContainsFunc(rows, func(r record) bool { return !is(r.cells) })
	}
	switch {
	case all(func(c []string) bool { return len(c) == n+1 && c[n] == "" }):
		return n + 1, true
	case strings.TrimSpace(header[n-1]) == "" && all(func(c []string) bool { return len(c) == n-1 }):
		return n - 1, false
	}
	return n, false
}

// delimiterName names a delimiter for people.
func delimiterName(d string) string {
	if d == "\t" {
		return "tabs"
	}
	return fmt.Sprintf("%q", d)
}
