package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// stream is standard output or standard error. A write never fails for its
// caller: the first failure is remembered and told by the exit code, because a
// run must not end for want of a reader. It is safe for concurrent use.
type stream struct {
	mu     sync.Mutex
	w      io.Writer
	err    error
	held   *bytes.Buffer // text of --quiet, until it is released
	before func()        // clears the progress bar off the line
	wrap   bool          // break lines between words: a person reads them on a terminal
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.before != nil {
		s.before()
	}
	s.write(p)
	return len(p), nil
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
