package term

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// Stream is standard output or standard error. A write never fails for its
// caller: the first failure is remembered and decides the exit code, because a
// run must not end for want of a reader. What a terminal would obey, or what would
// reorder the text around it, is written as an escape such as \u001b, which JSON reads
// as the same character. It is safe for concurrent use.
type Stream struct {
	mu      sync.Mutex
	W       io.Writer
	err     error
	held    *bytes.Buffer // text of --quiet, until it is released
	clear   func()        // clears the progress bar off the line
	wrap    bool          // break lines between words, for a terminal
	partial []byte        // of a character that the last write did not end
	asJSON  bool          // each line becomes a JSON object
	line    []byte        // of JSON lines, what no line end has followed yet
}

func (s *Stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clear != nil {
		s.clear()
	}
	n := len(p)
	if p = s.escapeControls(p); s.asJSON {
		s.line = append(s.line, p...)
		s.writeMessages()
		return n, nil
	}
	if s.wrap {
		p = []byte(wrapText(string(p), s.columns()))
	}
	s.write(p)
	return n, nil
}

// Show prints a page. A terminal gets lines that fit, styles unless colour is off,
// and cuttable parts cut; everything else gets whole lines of plain text. Show
// returns how many lines of the terminal it filled, 0 without one.
func (s *Stream) Show(p *Page, colour bool) (lines int) {
	if !s.IsTerminal() || s.IsJSON() {
		_, _ = io.WriteString(s, p.Render(Layout{}))
		return 0
	}
	columns := s.columns()
	text := p.Render(Layout{Columns: columns, Colour: colour, Cut: true})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clear != nil {
		s.clear()
	}
	s.write([]byte(text))
	for line := range strings.Lines(text) {
		lines += linesOf(strings.TrimSuffix(line, "\n"), columns)
	}
	return lines
}

// DataWriter returns where a file of ours is written that standard output is asked for:
// byte for byte, unless a terminal shows it.
func (s *Stream) DataWriter() io.Writer {
	if IsTerminal(s.W) {
		return s
	}
	return dataWriter{s}
}

type dataWriter struct{ to *Stream }

func (d dataWriter) Write(p []byte) (int, error) {
	d.to.mu.Lock()
	defer d.to.mu.Unlock()
	d.to.write(p)
	return len(p), nil
}

// escapeControls returns text in which nothing is obeyed by a terminal. The beginning of a
// character at its end is kept for the next call.
func (s *Stream) escapeControls(p []byte) []byte {
	if len(s.partial) == 0 && !bytes.ContainsFunc(p, isControl) {
		return p
	}
	p = append(s.partial, p...)
	s.partial = nil
	out := make([]byte, 0, len(p)+16)
	for len(p) > 0 {
		if !utf8.FullRune(p) {
			s.partial = bytes.Clone(p)
			break
		}
		r, size := utf8.DecodeRune(p)
		switch {
		case r == utf8.RuneError:
			out = utf8.AppendRune(out, r)
		case isControl(r):
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = append(out, p[:size]...)
		}
		p = p[size:]
	}
	return out
}

func isControl(r rune) bool {
	return r == utf8.RuneError || r != '\n' && r != '\t' && reporttext.IsUnsafe(r)
}

func (s *Stream) write(p []byte) {
	if s.held != nil {
		s.held.Write(p)
		return
	}
	if s.err == nil {
		_, s.err = s.W.Write(p)
	}
}

// HoldBack keeps what is written until release.
func (s *Stream) HoldBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = &bytes.Buffer{}
	}
}

// Release writes what was held, and holds no more.
func (s *Stream) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		return
	}
	text := s.held.Bytes()
	s.held = nil
	s.write(text)
}

// clearWith sets what is called before each write, under the stream's lock.
func (s *Stream) clearWith(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear = f
}

// WriteError returns the first error of a write; nil if all succeeded.
func (s *Stream) WriteError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// IsTerminal reports whether an operator reads the stream on a terminal.
func (s *Stream) IsTerminal() bool { return IsTerminal(s.W) }

// file returns the stream's file if it is one.
func (s *Stream) file() *os.File {
	f, _ := s.W.(*os.File)
	return f
}

// columns returns the width of the terminal.
func (s *Stream) columns() int {
	if f := s.file(); f != nil {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && f != nil && term.IsTerminal(int(f.Fd()))
}
