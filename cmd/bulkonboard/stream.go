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
