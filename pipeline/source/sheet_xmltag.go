package source

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// startTag reads one start tag into prefix, name and attrs.
func (s *xmlScanner) startTag() error {
	n, err := s.tagEnd()
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
			return malformed("two root elements")
		}
		s.rooted = true
	}
	if len(s.marks) >= maxXMLDepth {
		return malformed("elements nested too deep")
	}
	s.marks = append(s.marks, len(s.stack))
	s.stack = append(s.stack, full...)
	s.prefix, s.name = splitName(full)
	return s.attributes(rest)
}

// tagEnd finds the '>' that closes the tag at s.pos, passing over quoted ones.
func (s *xmlScanner) tagEnd() (int, error) {
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
		if err := s.fill(); err != nil {
			return 0, cut(err)
		}
	}
}

func (s *xmlScanner) attributes(rest []byte) error {
	s.attrs = s.attrs[:0]
	s.scratch = s.scratch[:0]
	for {
		trimmed := trimSpaceLeft(rest)
		if len(trimmed) == 0 {
			return nil
		}
		if len(trimmed) == len(rest) {
			return malformed("attributes without a space between them")
		}
		full, after, err := cutName(trimmed)
		if err != nil {
			return err
		}
		after = trimSpaceLeft(after)
		if len(after) == 0 || after[0] != '=' {
			return malformed("an attribute without a value")
		}
		after = trimSpaceLeft(after[1:])
		if len(after) == 0 || after[0] != '"' && after[0] != '\'' {
			return malformed("an attribute without quotes")
		}
		n := bytes.IndexByte(after[1:], after[0])
		if n < 0 {
			return malformed("an attribute without its closing quote")
		}
		value := after[1 : n+1]
		rest = after[n+2:]
		if bytes.IndexByte(value, '<') >= 0 {
			return malformed("a < inside an attribute")
		}
		if !plainText(value) {
			start := len(s.scratch)
			if s.scratch, err = appendText(s.scratch, value, attributeText); err != nil {
				return err
			}
			value = s.scratch[start:len(s.scratch):len(s.scratch)]
		}
		prefix, name := splitName(full)
		for i := range s.attrs {
			if bytes.Equal(s.attrs[i].name, name) && bytes.Equal(s.attrs[i].prefix, prefix) {
				return malformed("an attribute twice in one tag")
			}
		}
		if len(s.attrs) >= maxXMLDepth {
			return malformed("a tag with too many attributes")
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
				return nil, nil, malformed("a name that is none")
			}
			continue
		}
		if !isNameStart(c) && (i == 0 || !isNameByte(c)) {
			break
		}
	}
	if i == 0 || colons > 1 {
		return nil, nil, malformed("a name that is none")
	}
	if i < len(tag) && !isXMLSpace(tag[i]) && tag[i] != '=' {
		return nil, nil, malformed("a name that is none")
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

type textKind int

const (
	elementText   textKind = iota
	attributeText          // may hold ]]>
	literalText            // CDATA: no entities
)

// appendText appends what text stands for: entities replaced, line ends as
// one \n. It refuses characters that XML does not have.
func appendText(dst, text []byte, kind textKind) ([]byte, error) {
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '&' && kind != literalText:
			n := bytes.IndexByte(text[i:min(len(text), i+16)], ';')
			r, ok := rune(0), false
			if n > 0 {
				r, ok = entity(string(text[i+1 : i+n]))
			}
			if !ok {
				return dst, malformed("an unknown entity")
			}
			dst = utf8.AppendRune(dst, r)
			i += n + 1
		case c == '\r':
			if i++; i < len(text) && text[i] == '\n' {
				i++
			}
			dst = append(dst, '\n')
		case c < ' ' && c != '\t' && c != '\n':
			return dst, malformed("a control character")
		case c == ']' && kind == elementText && bytes.HasPrefix(text[i:], []byte("]]>")):
			return dst, malformed("]]> in text")
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, n := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && n == 1 {
				return dst, malformed("a byte that is not UTF-8")
			}
			if !isXMLRune(r) {
				return dst, malformed("a character that XML does not have")
			}
			dst = append(dst, text[i:i+n]...)
			i += n
		}
	}
	return dst, nil
}

func entity(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "apos":
		return '\'', true
	case "quot":
		return '"', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || !isXMLRune(rune(n)) {
		return 0, false
	}
	return rune(n), true
}

// isXMLRune is the production Char of XML 1.0.
func isXMLRune(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || ' ' <= r && r <= 0xD7FF ||
		0xE000 <= r && r <= 0xFFFD || 0x10000 <= r && r <= utf8.MaxRune
}
