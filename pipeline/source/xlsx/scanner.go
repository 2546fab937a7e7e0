package xlsx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// What an xmlScanner refuses. Each of its errors wraps one of these, or is the
// underlying reader's own.
var (
	errXML      = errors.New("its XML is not well-formed")
	errDTD      = errors.New("it has a DTD, which no spreadsheet program writes")
	errEncoding = errors.New("its XML is not UTF-8")
)

type xmlKind int

const (
	xmlEOF xmlKind = iota
	xmlStart
	xmlEnd
	xmlText
)

type xmlAttr struct{ prefix, name, value []byte }

// xmlScanner reads XML front to back, in memory that does not grow with the
// document. encoding/xml bounds no token and lets some faults pass.
//
// It accepts less than encoding/xml: no DTD, no encoding but UTF-8, ASCII
// names, no attribute twice, one root element. What it returns is valid until
// the next call of next.
type xmlScanner struct {
	r       io.Reader
	buf     []byte
	pos     int // start of what is not read yet
	end     int
	readErr error

	stack  []byte // names of the open elements, one after the other
	marks  []int  // where each begins
	closed bool   // the last start tag was an empty-element tag
	began  bool   // the encoding is settled
	rooted bool   // a root element was seen

	prefix, name []byte // of a start or end
	attrs        []xmlAttr
	text         []byte
	scratch      []byte
}

func newXMLScanner(r io.Reader) *xmlScanner {
	return &xmlScanner{r: r, buf: make([]byte, 64<<10)}
}

// depth returns how many elements are open.
func (s *xmlScanner) depth() int { return len(s.marks) }

// attribute returns the value of an attribute without a prefix, or nil.
func (s *xmlScanner) attribute(name string) []byte {
	for i := range s.attrs {
		if len(s.attrs[i].prefix) == 0 && string(s.attrs[i].name) == name {
			return s.attrs[i].value
		}
	}
	return nil
}

// next returns the next start, end or text. Text comes in pieces around CDATA
// sections and comments.
func (s *xmlScanner) next() (xmlKind, error) {
	if s.closed {
		s.closed = false
		s.popElement()
		return xmlEnd, nil
	}
	for {
		if err := s.ensureBytes(1); errors.Is(err, io.EOF) {
			if len(s.marks) > 0 {
				return 0, malformedXML("it ends in the middle")
			}
			if !s.rooted {
				return 0, malformedXML("it is empty")
			}
			return xmlEOF, nil
		} else if err != nil {
			return 0, err
		}
		if !s.began {
			if err := s.detectEncoding(); err != nil {
				return 0, err
			}
			continue
		}
		if s.buf[s.pos] != '<' {
			if err := s.readCharData(); err != nil {
				return 0, err
			}
			if len(s.marks) == 0 {
				if len(bytes.Trim(s.text, " \t\r\n")) > 0 {
					return 0, malformedXML("text outside the root element")
				}
				continue
			}
			return xmlText, nil
		}
		if err := s.ensureBytes(2); err != nil {
			return 0, unexpectedEnd(err)
		}
		switch s.buf[s.pos+1] {
		case '/':
			return xmlEnd, s.readEndTag()
		case '?':
			if err := s.skipInstruction(); err != nil {
				return 0, err
			}
		case '!':
			isText, err := s.readMarkup()
			if isText || err != nil {
				return xmlText, err
			}
		default:
			return xmlStart, s.readStartTag()
		}
	}
}

// skip reads to the end of the element whose start was returned last.
func (s *xmlScanner) skip() error {
	for depth := s.depth(); s.depth() >= depth; {
		if _, err := s.next(); err != nil {
			return err
		}
	}
	return nil
}

// detectEncoding refuses encodings but UTF-8, by the first bytes and the
// declaration.
func (s *xmlScanner) detectEncoding() error {
	s.began = true
	if err := s.ensureBytes(4); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	head := s.buf[s.pos:s.end]
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		s.pos += 3
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")), bytes.IndexByte(head[:min(4, len(head))], 0) >= 0:
		return fmt.Errorf("%w but UTF-16 or UTF-32", errEncoding)
	}
	if s.ensureBytes(6) == nil && string(s.buf[s.pos:s.pos+5]) == "<?xml" && isXMLSpace(s.buf[s.pos+5]) {
		n, err := s.findPattern(0, "?>")
		if err != nil {
			return unexpectedEnd(err)
		}
		name := declaredEncoding(s.buf[s.pos : s.pos+n])
		switch string(bytes.ToLower(name)) {
		case "", "utf-8", "utf8", "us-ascii", "ascii":
		default:
			return fmt.Errorf("%w but declares another encoding", errEncoding)
		}
		s.pos += n + 2
	}
	return nil
}

// declaredEncoding finds the encoding in an XML declaration.
func declaredEncoding(decl []byte) []byte {
	i := bytes.Index(decl, []byte("encoding"))
	if i < 0 {
		return nil
	}
	value := bytes.TrimLeft(decl[i+len("encoding"):], " \t\r\n=")
	if len(value) == 0 || value[0] != '"' && value[0] != '\'' {
		return []byte("?")
	}
	n := bytes.IndexByte(value[1:], value[0])
	if n < 0 {
		return []byte("?")
	}
	return value[1 : n+1]
}

func (s *xmlScanner) skipInstruction() error {
	n, err := s.findPattern(2, "?>")
	if err != nil {
		return unexpectedEnd(err)
	}
	target, _, err := cutName(s.buf[s.pos+2 : s.pos+n])
	if err != nil {
		return err
	}
	if bytes.EqualFold(target, []byte("xml")) {
		return malformedXML("an XML declaration in the middle")
	}
	s.pos += n + 2
	return nil
}

// readMarkup reads a comment or a CDATA section, and reports whether it has text.
func (s *xmlScanner) readMarkup() (bool, error) {
	if err := s.ensureBytes(4); err != nil {
		return false, unexpectedEnd(err)
	}
	if string(s.buf[s.pos:s.pos+4]) == "<!--" {
		n, err := s.findPattern(4, "--")
		if err != nil {
			return false, unexpectedEnd(err)
		}
		if err := s.ensureBytes(n + 3); err != nil {
			return false, unexpectedEnd(err)
		}
		if s.buf[s.pos+n+2] != '>' {
			return false, malformedXML("two hyphens inside a comment")
		}
		s.pos += n + 3
		return false, nil
	}
	if err := s.ensureBytes(9); err == nil && string(s.buf[s.pos:s.pos+9]) == "<![CDATA[" {
		if len(s.marks) == 0 {
			return false, malformedXML("text outside the root element")
		}
		n, err := s.findPattern(9, "]]>")
		if err != nil {
			return false, unexpectedEnd(err)
		}
		s.scratch, err = appendText(s.scratch[:0], s.buf[s.pos+9:s.pos+n], literalText)
		s.text = s.scratch
		s.pos += n + 3
		return true, err
	} else if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return false, errDTD
}

func (s *xmlScanner) readCharData() error {
	n, err := s.findPattern(0, "<")
	if errors.Is(err, io.EOF) {
		n = s.end - s.pos
	} else if err != nil {
		return err
	}
	s.scratch, err = appendText(s.scratch[:0], s.buf[s.pos:s.pos+n], elementText)
	s.text = s.scratch
	s.pos += n
	return err
}

func (s *xmlScanner) readEndTag() error {
	n, err := s.findPattern(2, ">")
	if err != nil {
		return unexpectedEnd(err)
	}
	name := bytes.TrimRight(s.buf[s.pos+2:s.pos+n], " \t\r\n")
	s.pos += n + 1
	if len(s.marks) == 0 || !bytes.Equal(name, s.stack[s.marks[len(s.marks)-1]:]) {
		return malformedXML("an end tag without its start")
	}
	s.popElement()
	return nil
}

// popElement closes the innermost element and leaves its name in prefix and name.
func (s *xmlScanner) popElement() {
	mark := s.marks[len(s.marks)-1]
	s.prefix, s.name = splitName(s.stack[mark:])
	s.stack, s.marks, s.attrs = s.stack[:mark], s.marks[:len(s.marks)-1], s.attrs[:0]
}

// ensureBytes reads until n unread bytes are in the buffer. io.EOF means that the
// document ends before.
func (s *xmlScanner) ensureBytes(n int) error {
	for s.end-s.pos < n {
		if err := s.fillBuffer(); err != nil {
			return err
		}
	}
	return nil
}

// findPattern returns where pattern begins, from s.pos, at or after from.
func (s *xmlScanner) findPattern(from int, pattern string) (int, error) {
	for {
		if s.pos+from < s.end {
			if i := bytes.Index(s.buf[s.pos+from:s.end], []byte(pattern)); i >= 0 {
				return from + i, nil
			}
			from = max(from, s.end-s.pos-len(pattern)+1)
		}
		if err := s.fillBuffer(); err != nil {
			return 0, err
		}
	}
}

func (s *xmlScanner) fillBuffer() error {
	if s.readErr != nil {
		return s.readErr
	}
	if s.pos > 0 {
		s.end = copy(s.buf, s.buf[s.pos:s.end])
		s.pos = 0
	}
	if s.end == len(s.buf) {
		if len(s.buf) >= limits.XMLToken {
			return malformedXML("a single value or tag of more than " + strconv.Itoa(limits.XMLToken>>20) + " MiB")
		}
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	for range 100 {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		if err != nil {
			s.readErr = err
		}
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// unexpectedEnd turns the end of the document inside a tag into an error.
func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return malformedXML("it ends in the middle")
	}
	return err
}

func malformedXML(reason string) error { return fmt.Errorf("%w: %s", errXML, reason) }

func splitName(full []byte) (prefix, name []byte) {
	if i := bytes.IndexByte(full, ':'); i >= 0 {
		return full[:i], full[i+1:]
	}
	return nil, full
}
