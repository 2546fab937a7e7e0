package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// stream is standard output or standard error. A write never fails for its
// caller: the first failure is remembered and told by the exit code, because a
// run must not end for want of a reader. What a terminal would obey, or what would
// reorder the text around it, is written as an escape such as \u001b, which JSON reads
// as the same character. It is safe for concurrent use.
type stream struct {
	mu     sync.Mutex
	w      io.Writer
	err    error
	held   *bytes.Buffer // text of --quiet, until it is released
	before func()        // clears the progress bar off the line
	wrap   bool          // break lines between words: a person reads them on a terminal
	begun  []byte        // of a character that the last write did not end
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.before != nil {
		s.before()
	}
	s.write(s.visible(p))
	return len(p), nil
}

// data returns where a file of ours is written that standard output is asked for:
// byte for byte, unless a terminal shows it.
func (s *stream) data() io.Writer {
	if isTerminal(s.w) {
		return s
	}
	return dataStream{s}
}

type dataStream struct{ to *stream }

func (d dataStream) Write(p []byte) (int, error) {
	d.to.mu.Lock()
	defer d.to.mu.Unlock()
	d.to.write(p)
	return len(p), nil
}

// visible returns text in which nothing is obeyed by a terminal. The beginning of a
// character at its end is kept for the next call.
func (s *stream) visible(p []byte) []byte {
	if len(s.begun) == 0 && !bytes.ContainsFunc(p, isObeyed) {
		return p
	}
	p = append(s.begun, p...)
	s.begun = nil
	out := make([]byte, 0, len(p)+16)
	for len(p) > 0 {
		if !utf8.FullRune(p) {
			s.begun = bytes.Clone(p)
			break
		}
		r, size := utf8.DecodeRune(p)
		switch {
		case r == utf8.RuneError:
			out = utf8.AppendRune(out, r)
		case isObeyed(r):
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = append(out, p[:size]...)
		}
		p = p[size:]
	}
	return out
}

func isObeyed(r rune) bool {
	return r == utf8.RuneError || r != '\n' && r != '\t' && reporttext.IsUnsafe(r)
}

func (s *stream) write(p []byte) {
	if s.held != nil {
		s.held.Write(p)
		return
	}
	if s.wrap {
		p = []byte(wrapped(string(p), s.columns()))
	}
	if s.err == nil {
		_, s.err = s.w.Write(p)
	}
}

// hold keeps what is written until release.
func (s *stream) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = &bytes.Buffer{}
	}
}

// release writes what was held, and holds no more.
func (s *stream) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		return
	}
	text := s.held.Bytes()
	s.held = nil
	s.write(text)
}

// clearBy sets what is called before each write, under the stream's lock.
func (s *stream) clearBy(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = f
}

func (s *stream) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// isTerminal reports whether an operator reads the stream on a terminal.
func (s *stream) isTerminal() bool { return isTerminal(s.w) }

// file is the stream's file if it is one.
func (s *stream) file() *os.File {
	f, _ := s.w.(*os.File)
	return f
}

// columns is the width of the terminal.
func (s *stream) columns() int {
	if f := s.file(); f != nil {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

// wrapped breaks lines that are longer than the terminal is wide between words.
// What goes on stands under the last column that the line has. A command stays
// in one piece, to be copied.
func wrapped(text string, columns int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if utf8.RuneCountInString(line) <= columns || columns < 40 || isCommand(line) {
			b.WriteString(line)
			continue
		}
		indent := columnOf(line, columns*3/5)
		used, begun := 0, false
		for i, word := range strings.SplitAfter(strings.TrimRight(line, "\n"), " ") {
			long := utf8.RuneCountInString(strings.TrimRight(word, " "))
			if i > 0 && begun && used+long > columns {
				b.WriteString("\n" + strings.Repeat(" ", indent))
				used, begun = indent, false
			}
			b.WriteString(word)
			used += utf8.RuneCountInString(word)
			begun = begun || used > indent
		}
		if strings.HasSuffix(line, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// isCommand reports whether a line is a command of this program, perhaps
// behind a word that says what for.
func isCommand(line string) bool {
	line = strings.TrimSpace(line)
	if i := strings.Index(line, "  "); i >= 0 {
		line = strings.TrimSpace(line[i:])
	}
	return strings.HasPrefix(line, "bulkonboard ")
}

// columnOf is where the last column of a table's line begins, if not beyond most.
func columnOf(line string, most int) int {
	indent, at := 0, 0
	spaces := 0
	for _, r := range line {
		if r != ' ' {
			if spaces >= 2 && at <= most {
				indent = at
			}
			spaces = 0
		} else {
			spaces++
		}
		at++
	}
	if lead := len(line) - len(strings.TrimLeft(line, " ")); indent <= lead {
		return lead + 2
	}
	return indent
}

// isTerminal reports whether a person sits at the other end.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && f != nil && term.IsTerminal(int(f.Fd()))
}

// plainError takes the path off a file error.
func plainError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// printable makes a text fit for a terminal: no escape sequences, no line ends.
func printable(text string) string {
	clean := true
	for _, r := range text {
		clean = clean && (unicode.IsPrint(r) || r == '\n')
	}
	if clean {
		return text
	}
	quoted := strconv.QuoteToGraphic(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
