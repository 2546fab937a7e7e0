// Package csvfile reads CSV text in whatever encoding and with whatever
// separator it was saved. Start at [NewReader].
//
// It promises to read what encoding/csv reads, and to refuse what is not
// well-formed with the place of the mistake: an unclosed quotation mark with
// the line where it was opened, in bounded memory; bytes that are not text
// with their cell. encoding/csv keeps everything behind an unclosed mark in
// memory, cannot say where the mark was opened, and hides the blank lines that
// row numbers count.
//
// FuzzCSV holds it to encoding/csv, TestCSVRefused to the places,
// TestUnclosedQuoteMemory to the memory.
package csvfile

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
)

// textBuffer is how much text is buffered, and how much of it is looked at to
// find encoding and separator, in bytes.
const textBuffer = 64 << 10

// Options say how a text is read. The zero value of each field means: detect.
type Options struct {
	Encoding   string                   // "" = UTF-8, or UTF-16 by its byte-order mark; else a name that CheckEncodingName accepts
	Delimiter  string                   // one character; "" = the best of , ; tab |
	PreferTabs bool                     // before commas, where both fit
	CountKnown func(cells []string) int // counts headers that the caller looks for, to find the delimiter; nil = none
}

// Dialect is how a text is written: what was detected or asked for.
type Dialect struct {
	Encoding  string `json:"encoding"`
	Delimiter string `json:"delimiter"`
}

// NewReader settles the dialect of a text and returns a reader at its first
// row. Its errors are *table.Error without the name of the file, or those of r.
func NewReader(r io.Reader, opt Options) (*Reader, error) {
	text, encoding, err := decodeText(bufio.NewReaderSize(r, textBuffer), opt.Encoding)
	if err != nil {
		return nil, err
	}
	head, _ := text.Peek(textBuffer) // an error comes back from the next read
	skip, delimiter := parseSepLine(head)
	if _, err := text.Discard(skip); err != nil {
		return nil, err
	}
	switch {
	case opt.Delimiter != "":
		delimiter = opt.Delimiter
	case delimiter == "":
		delimiter = findDelimiter(head, encoding, opt)
	}
	line := 1
	if skip > 0 {
		line = 2
	}
	return newReader(text, Dialect{encoding, delimiter}, line), nil
}

var sepLine = regexp.MustCompile(`^"*(?i:sep=)([^"\r\n])"*(?:\r\n|\r|\n)`)

// parseSepLine recognises the line that names the delimiter to Excel, such as
// sep=; which spreadsheet programs do not show. It returns the length of the
// line with its end, and the delimiter.
func parseSepLine(head []byte) (length int, delimiter string) {
	m := sepLine.FindSubmatch(head[:min(len(head), 16)])
	if m == nil {
		return 0, ""
	}
	return len(m[0]), string(m[1])
}

// findDelimiter returns the delimiter with which one of the first rows has the
// most known headers, then the most columns.
func findDelimiter(head []byte, encoding string, opt Options) string {
	const sampleRows = 20
	candidates := []string{",", ";", "\t", "|"}
	if opt.PreferTabs {
		candidates = []string{"\t", ",", ";", "|"}
	}
	best, mostKnown, mostColumns := candidates[0], 0, 1
	for _, delimiter := range candidates {
		known, columns := 0, 0
		rows := newReader(bytes.NewReader(head), Dialect{encoding, delimiter}, 1)
		for range sampleRows {
			row, err := rows.Next()
			if err != nil {
				break // the text is broken with this delimiter, or the sample ends
			}
			n := 0
			if opt.CountKnown != nil {
				n = opt.CountKnown(row.Cells)
			}
			if n > known || columns == 0 {
				known, columns = n, len(row.Cells)
			}
		}
		if known > mostKnown || known == mostKnown && columns > mostColumns {
			best, mostKnown, mostColumns = delimiter, known, columns
		}
	}
	return best
}
