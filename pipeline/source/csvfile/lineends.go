package csvfile

import (
	"bytes"
	"io"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// lineEnds turns the line ends of a text, CR and CRLF, into LF.
type lineEnds struct {
	r    io.Reader
	line int // that the text goes on with, from 1
	crs  int // CRs at the end of what was read
}

// Read refuses lines that end in CR CR LF.
func (l *lineEnds) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.crs > 0 || bytes.IndexByte(p[:n], '\r') >= 0 {
		var refusal *table.Error
		if n, refusal = l.unify(p[:n]); refusal != nil {
			return 0, refusal
		}
	}
	l.line += bytes.Count(p[:n], []byte("\n"))
	return n, err
}

// unify changes b in place, and returns its new length.
func (l *lineEnds) unify(b []byte) (int, *table.Error) {
	w := 0
	for _, c := range b {
		switch {
		case c == '\n' && l.crs == 1: // its CR has become LF
			l.crs = 0
			continue
		case c == '\n' && l.crs > 1:
			return 0, &table.Error{Line: l.line + bytes.Count(b[:w], []byte("\n")) - 2, Reason: "the line ends in CR CR LF",
				Hint: "The line ends were converted twice: save the file again in the program it comes from"}
		case c == '\r':
			l.crs++
			c = '\n'
		default:
			l.crs = 0
		}
		b[w] = c
		w++
	}
	return w, nil
}
