package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// What an xmlScanner can refuse. Each error of it wraps one of these or is the
// underlying reader's own.
var (
	errXML      = errors.New("its XML is not well-formed")
	errDTD      = errors.New("it has a DTD, which no spreadsheet program writes")
	errEncoding = errors.New("its XML is not UTF-8")
)

const (
	maxXMLToken = limits.XMLToken
	maxXMLDepth = limits.XMLDepth
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
// document. It exists beside encoding/xml because a sheet needs three things
// that one does not give: every fault reported, also a document cut short; no
// allocation for each tag (it is four to five times as fast, and sheets have
// a tag for every few bytes); and a bound on the size of one token.
//
// It accepts less than encoding/xml: no DTD, no encoding but UTF-8, ASCII
// names, no attribute twice, one root element.
//
// Everything it hands out is valid until the next call of next.
type xmlScanner struct {
	r       io.Reader
	buf     []byte
	pos     int // start of what is not read yet
	end     int
	readErr error

	stack  []byte // names of the open elements, one after the other
	marks  []int  // where each begins
	closed bool   // the last start tag was an empty-element tag
	began  bool   // something stood before: <?xml is too late
	rooted bool   // a root element was seen

	prefix, name []byte // of a start or end
	attrs        []xmlAttr
	text         []byte
	scratch      []byte
}

func newXMLScanner(r io.Reader) *xmlScanner {
	return &xmlScanner{r: r, buf: make([]byte, 64<<10)}
}

// depth is how many elements are open.
func (s *xmlScanner) depth() int { return len(s.marks) }

// attr returns the value of an attribute without a prefix, or nil.
func (s *xmlScanner) attr(name string) []byte {
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
		s.pop()
		return xmlEnd, nil
	}
	for {
		if err := s.need(1); err == io.EOF {
			if len(s.marks) > 0 {
				return 0, malformed("it ends in the middle")
			}
			if !s.rooted {
				return 0, malformed("it is empty")
			}
			return xmlEOF, nil
		} else if err != nil {
			return 0, err
		}
		if !s.began {
			if err := s.byteOrder(); err != nil {
				return 0, err
			}
			continue
		}
		if s.buf[s.pos] != '<' {
			if err := s.charData(); err != nil {
				return 0, err
			}
			if len(s.marks) == 0 {
				if len(bytes.Trim(s.text, " \t\r\n")) > 0 {
					return 0, malformed("text outside the root element")
				}
				continue
			}
			return xmlText, nil
		}
		if err := s.need(2); err != nil {
			return 0, cut(err)
		}
		switch s.buf[s.pos+1] {
		case '/':
			return xmlEnd, s.endTag()
		case '?':
			if err := s.instruction(); err != nil {
				return 0, err
			}
		case '!':
			isText, err := s.bang()
			if isText || err != nil {
				return xmlText, err
			}
		default:
			return xmlStart, s.startTag()
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

// byteOrder settles the encoding by the first bytes.
func (s *xmlScanner) byteOrder() error {
	s.began = true
	if err := s.need(4); err != nil && err != io.EOF {
		return err
	}
	head := s.buf[s.pos:s.end]
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		s.pos += 3
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")), bytes.IndexByte(head[:min(4, len(head))], 0) >= 0:
		return fmt.Errorf("%w but UTF-16 or UTF-32", errEncoding)
	}
	if s.need(6) == nil && string(s.buf[s.pos:s.pos+5]) == "<?xml" && isXMLSpace(s.buf[s.pos+5]) {
		n, err := s.until(0, "?>")
		if err != nil {
			return cut(err)
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

func (s *xmlScanner) instruction() error {
	n, err := s.until(2, "?>")
	if err != nil {
		return cut(err)
	}
	target, _, err := cutName(s.buf[s.pos+2 : s.pos+n])
	if err != nil {
		return err
	}
	if bytes.EqualFold(target, []byte("xml")) {
		return malformed("an XML declaration in the middle")
	}
	s.pos += n + 2
	return nil
}

// bang reads a comment or a CDATA section; it reports whether there is text.
func (s *xmlScanner) bang() (bool, error) {
	if err := s.need(4); err != nil {
		return false, cut(err)
	}
	if string(s.buf[s.pos:s.pos+4]) == "<!--" {
		n, err := s.until(4, "--")
		if err != nil {
			return false, cut(err)
		}
		if err := s.need(n + 3); err != nil {
			return false, cut(err)
		}
		if s.buf[s.pos+n+2] != '>' {
			return false, malformed("two hyphens inside a comment")
		}
		s.pos += n + 3
		return false, nil
	}
	if err := s.need(9); err == nil && string(s.buf[s.pos:s.pos+9]) == "<![CDATA[" {
		if len(s.marks) == 0 {
			return false, malformed("text outside the root element")
		}
		n, err := s.until(9, "]]>")
		if err != nil {
			return false, cut(err)
		}
		s.scratch, err = appendText(s.scratch[:0], s.buf[s.pos+9:s.pos+n], literalText)
		s.text = s.scratch
		s.pos += n + 3
		return true, err
	} else if err != nil && err != io.EOF {
		return false, err
	}
	return false, errDTD
}

func (s *xmlScanner) charData() error {
	n, err := s.until(0, "<")
	if err == io.EOF {
		n = s.end - s.pos
	} else if err != nil {
		return err
	}
	raw := s.buf[s.pos : s.pos+n]
	s.pos += n
	if plainText(raw) {
		s.text = raw
		return nil
	}
	s.scratch, err = appendText(s.scratch[:0], raw, elementText)
	s.text = s.scratch
	return err
}

func (s *xmlScanner) endTag() error {
	n, err := s.until(2, ">")
	if err != nil {
		return cut(err)
	}
	name := bytes.TrimRight(s.buf[s.pos+2:s.pos+n], " \t\r\n")
	s.pos += n + 1
	if len(s.marks) == 0 || !bytes.Equal(name, s.stack[s.marks[len(s.marks)-1]:]) {
		return malformed("an end tag without its start")
	}
	s.pop()
	return nil
}

// pop closes the innermost element and leaves its name in prefix and name.
func (s *xmlScanner) pop() {
	mark := s.marks[len(s.marks)-1]
	s.prefix, s.name = splitName(s.stack[mark:])
	s.stack, s.marks, s.attrs = s.stack[:mark], s.marks[:len(s.marks)-1], s.attrs[:0]
}

// need makes sure that n unread bytes are in the buffer. io.EOF means that the
// document ends before.
func (s *xmlScanner) need(n int) error {
	for s.end-s.pos < n {
		if err := s.fill(); err != nil {
			return err
		}
	}
	return nil
}

// until returns where pattern begins, from s.pos, at or after from.
func (s *xmlScanner) until(from int, pattern string) (int, error) {
	for {
		if s.pos+from < s.end {
			window := s.buf[s.pos+from : s.end]
			i := -1
			if len(pattern) == 1 {
				i = bytes.IndexByte(window, pattern[0])
			} else {
				i = bytes.Index(window, []byte(pattern))
			}
			if i >= 0 {
				return from + i, nil
			}
			from = max(from, s.end-s.pos-len(pattern)+1)
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
}

func (s *xmlScanner) fill() error {
	if s.readErr != nil {
		return s.readErr
	}
	if s.pos > 0 {
		s.end = copy(s.buf, s.buf[s.pos:s.end])
		s.pos = 0
	}
	if s.end == len(s.buf) {
		if len(s.buf) >= maxXMLToken {
			return malformed("a single value or tag of more than " + strconv.Itoa(maxXMLToken>>20) + " MiB")
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

// cut turns the end of the document inside a tag into an error.
func cut(err error) error {
	if err == io.EOF {
		return malformed("it ends in the middle")
	}
	return err
}

func malformed(reason string) error { return fmt.Errorf("%w: %s", errXML, reason) }

func splitName(full []byte) (prefix, name []byte) {
	if i := bytes.IndexByte(full, ':'); i >= 0 {
		return full[:i], full[i+1:]
	}
	return nil, full
}

// plainText reports whether text stands for itself.
func plainText(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c == '&' || c == ']' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
