package xlsx

import (
	"bytes"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// readStartTag reads one start tag into prefix, name and attrs.
func (s *xmlScanner) readStartTag() error {
	n, err := s.findTagEnd()
	if err != nil {
		return err
	}
	tag := s.buf[s.pos+1 : s.pos+n]
	s.pos += n + 1
	if len(tag) > 0 && tag[len(tag)-1] == '/' {
		s.closed = true
		tag = tag[:len(tag)-1]
	}
	full, rest, err := cutName(tag)
	if err != nil {
		return err
	}
	if len(s.marks) == 0 {
		if s.rooted {
			return malformedXML("two root elements")
		}
		s.rooted = true
	}
	if len(s.marks) >= limits.XMLDepth {
		return malformedXML("elements nested too deep")
	}
	s.marks = append(s.marks, len(s.stack))
	s.stack = append(s.stack, full...)
	s.prefix, s.name = splitName(full)
	return s.readAttributes(rest)
}

// findTagEnd returns where the '>' is that closes the tag at s.pos. Quoted ones
// do not count.
func (s *xmlScanner) findTagEnd() (int, error) {
	quote := byte(0)
	for i := 1; ; {
		for ; s.pos+i < s.end; i++ {
			c := s.buf[s.pos+i]
			switch {
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '>':
				return i, nil
			case c == '"' || c == '\'':
				quote = c
			}
		}
		if err := s.fillBuffer(); err != nil {
			return 0, unexpectedEnd(err)
		}
	}
}

func (s *xmlScanner) readAttributes(rest []byte) error {
	s.attrs = s.attrs[:0]
	s.scratch = s.scratch[:0]
	for {
		trimmed := trimSpaceLeft(rest)
		if len(trimmed) == 0 {
			return nil
		}
		if len(trimmed) == len(rest) {
			return malformedXML("attributes without a space between them")
		}
		full, after, err := cutName(trimmed)
		if err != nil {
			return err
		}
		after = trimSpaceLeft(after)
		if len(after) == 0 || after[0] != '=' {
			return malformedXML("an attribute without a value")
		}
		after = trimSpaceLeft(after[1:])
		if len(after) == 0 || after[0] != '"' && after[0] != '\'' {
			return malformedXML("an attribute without quotes")
		}
		n := bytes.IndexByte(after[1:], after[0])
		if n < 0 {
			return malformedXML("an attribute without its closing quote")
		}
		value := after[1 : n+1]
		rest = after[n+2:]
		if bytes.IndexByte(value, '<') >= 0 {
			return malformedXML("a < inside an attribute")
		}
		start := len(s.scratch)
		if s.scratch, err = appendText(s.scratch, value, attributeText); err != nil {
			return err
		}
		value = s.scratch[start:len(s.scratch):len(s.scratch)]
		prefix, name := splitName(full)
		for i := range s.attrs {
			if bytes.Equal(s.attrs[i].name, name) && bytes.Equal(s.attrs[i].prefix, prefix) {
				return malformedXML("an attribute twice in one tag")
			}
		}
		if len(s.attrs) >= limits.XMLDepth {
			return malformedXML("a tag with too many attributes")
		}
		s.attrs = append(s.attrs, xmlAttr{prefix, name, value})
	}
}

// cutName splits a name off the front of a tag.
func cutName(tag []byte) (full, rest []byte, err error) {
	i, colons := 0, 0
	for ; i < len(tag); i++ {
		c := tag[i]
		if c == ':' {
			if colons++; i == 0 || i+1 == len(tag) || !isNameStart(tag[i+1]) {
				return nil, nil, malformedXML("an invalid name")
			}
			continue
		}
		if !isNameStart(c) && (i == 0 || !isNameByte(c)) {
			break
		}
	}
	if i == 0 || colons > 1 {
		return nil, nil, malformedXML("an invalid name")
	}
	if i < len(tag) && !isXMLSpace(tag[i]) && tag[i] != '=' {
		return nil, nil, malformedXML("an invalid name")
	}
	return tag[:i], tag[i:], nil
}

func isNameStart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
}

func isNameByte(c byte) bool {
	return isNameStart(c) || '0' <= c && c <= '9' || c == '-' || c == '.'
}

func isXMLSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func trimSpaceLeft(b []byte) []byte {
	for len(b) > 0 && isXMLSpace(b[0]) {
		b = b[1:]
	}
	return b
}
