package workbook

import (
	"bytes"
	"io"
)

// element is an element of a part of the archive that is written by us and not
// by excelize.
type element struct {
	part, name string
	write      func(io.Writer) error // the element with its tags, or nothing
}

// ReplaceElement has write make an element of a part of the archive in the place
// of excelize's, when the workbook is saved. The part has one such element, and
// no other text with its tags.
func (b *Workbook) ReplaceElement(part, name string, write func(io.Writer) error) {
	b.elements = append(b.elements, element{part, name, write})
}

// replacer passes a part on with its element replaced.
type replacer struct {
	w    io.Writer
	by   element
	tail []byte // not passed on yet: from the start tag, or from what may become one
	in   bool   // the start tag was found
	done bool
}

// newReplacer returns a writer to w that replaces an element.
func newReplacer(w io.Writer, by element) io.Writer { return &replacer{w: w, by: by} }

// Write passes on the next bytes. It keeps some until more is known, at the
// latest until the end tag, which every part has.
func (s *replacer) Write(p []byte) (int, error) {
	if s.done {
		return s.w.Write(p)
	}
	start, end := "<"+s.by.name+">", "</"+s.by.name+">"
	s.tail = append(s.tail, p...)
	if !s.in {
		i := bytes.Index(s.tail, []byte(start))
		if s.in = i >= 0; !s.in {
			i = max(0, len(s.tail)-len(start)+1)
		}
		if _, err := s.w.Write(s.tail[:i]); err != nil {
			return 0, err
		}
		s.tail = append(s.tail[:0], s.tail[i:]...)
	}
	to := bytes.Index(s.tail, []byte(end))
	if !s.in || to < 0 {
		return len(p), nil
	}
	s.done = true
	if err := s.by.write(s.w); err != nil {
		return 0, err
	}
	_, err := s.w.Write(s.tail[to+len(end):])
	return len(p), err
}
