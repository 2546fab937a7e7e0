package inert

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// grammar says which elements of a kind of part are copied, by local name.
type grammar struct {
	root   string
	spaces []string // that the part's own elements may be in; the copy has the first
	rules  map[string]rule
}

// rule is what is copied of one element.
type rule struct {
	attrs, children []string
	text            bool
	counted         bool // has an attribute count: of its children, as copied
	needed          bool // without children it is left out
}

// parseGrammar reads one rule a line: name, attributes as @name, children,
// and as signs = (has text), # (counted) and + (needs children). The first
// line's element is the root.
func parseGrammar(text string, spaces ...string) *grammar {
	g := &grammar{spaces: spaces, rules: map[string]rule{}}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var r rule
		for _, word := range words[1:] {
			switch {
			case word == "=":
				r.text = true
			case word == "#":
				r.counted = true
			case word == "+":
				r.needed = true
			case word[0] == '@':
				r.attrs = append(r.attrs, word[1:])
			default:
				r.children = append(r.children, word)
			}
		}
		for _, name := range strings.Split(words[0], ",") {
			if g.root == "" {
				g.root = name
			}
			g.rules[name] = r
		}
	}
	return g
}

// rewriter copies a part by its grammar.
type rewriter struct {
	*grammar
	d    *xml.Decoder
	out  bytes.Buffer
	left func(kind string, n int)
	more string // attributes that the root element gets besides
	// inspect is called with each element that the grammar has. It may change
	// the attributes, and returns how the element is copied. It may write the
	// element itself, read it to its end, and return verdictWritten.
	inspect func(at *xml.StartElement) (verdict, error)

	alternatives int // that are open
}

type verdict int

const (
	verdictCopy    verdict = iota
	verdictDrop            // skip it, and count it
	verdictWritten         // it was written, or read to its end
	verdictSkipped         // it was read to its end and counted, and not written
)

// rewrite returns the copy of a part, with tail before its end tag.
func (r *rewriter) rewrite(data []byte, tail func() string) ([]byte, error) {
	r.d = newDecoder(data)
	r.out.WriteString(header)
	for {
		token, err := r.d.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		at, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if at.Name.Local != r.root || !slices.Contains(r.spaces, at.Name.Space) {
			return nil, &xml.SyntaxError{Msg: "root element " + at.Name.Local}
		}
		r.out.WriteString("<" + r.root + ` xmlns="` + r.spaces[0] + `" xmlns:r="` + relSpace + `"` + r.more)
		r.writeAttributes(at)
		r.out.WriteString(">")
		if _, err := r.copyContent(r.rules[r.root]); err != nil {
			return nil, err
		}
		if tail != nil {
			r.out.WriteString(tail())
		}
		r.out.WriteString("</" + r.root + ">")
		return r.out.Bytes(), r.checkEnd()
	}
}

// checkEnd returns an error if the part does not end well.
func (r *rewriter) checkEnd() error {
	for {
		if _, err := r.d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// copyContent copies what is inside an element up to its end tag, which is read,
// and returns how many children were copied.
func (r *rewriter) copyContent(in rule) (children int, err error) {
	for {
		token, err := r.d.Token()
		if err != nil {
			return children, err
		}
		switch token := token.(type) {
		case xml.EndElement:
			return children, nil
		case xml.CharData:
			if in.text {
				r.out.WriteString(escapeText(token))
			}
		case xml.StartElement:
			n, err := r.copyChild(in, token)
			if err != nil {
				return children, err
			}
			children += n
		}
	}
}

// copyChild copies one element, if its parent may have it.
func (r *rewriter) copyChild(parent rule, at xml.StartElement) (n int, err error) {
	if at.Name.Space == compatSpace && at.Name.Local == "AlternateContent" {
		return r.copyFallback(parent)
	}
	own, known := r.rules[at.Name.Local]
	if !known || !slices.Contains(r.spaces, at.Name.Space) || !slices.Contains(parent.children, at.Name.Local) {
		return 0, r.dropElement(at)
	}
	if r.inspect != nil {
		switch v, err := r.inspect(&at); {
		case err != nil || v == verdictSkipped:
			return 0, err
		case v == verdictWritten:
			return 1, nil
		case v == verdictDrop:
			return 0, r.dropElement(at)
		}
	}
	from := r.out.Len()
	r.out.WriteString("<" + at.Name.Local)
	r.writeAttributes(at)
	count := r.out.Len()
	r.out.WriteString(">")
	n, err = r.copyContent(own)
	switch {
	case err != nil:
		return 0, err
	case n == 0 && own.needed:
		r.out.Truncate(from)
		return 0, nil
	case own.counted:
		inner := bytes.Clone(r.out.Bytes()[count:])
		r.out.Truncate(count)
		r.out.WriteString(` count="` + strconv.Itoa(n) + `"`)
		r.out.Write(inner)
	}
	r.out.WriteString("</" + at.Name.Local + ">")
	return 1, nil
}

// copyFallback copies the fallback of an mc:AlternateContent, which is for
// programs that do not know the newer form.
func (r *rewriter) copyFallback(parent rule) (n int, err error) {
	if r.alternatives++; r.alternatives > maxAlternatives {
		return 0, ErrTooLarge
	}
	defer func() { r.alternatives-- }()
	for {
		token, err := r.d.Token()
		if err != nil {
			return n, err
		}
		switch token := token.(type) {
		case xml.EndElement:
			return n, nil
		case xml.StartElement:
			if token.Name.Space != compatSpace || token.Name.Local != "Fallback" {
				if err := r.d.Skip(); err != nil {
					return n, err
				}
				continue
			}
			parent.text = false
			more, err := r.copyContent(parent)
			if err != nil {
				return n, err
			}
			n += more
		}
	}
}

// writeStart writes a start tag with the attributes that the grammar has, and more.
func (r *rewriter) writeStart(at xml.StartElement, more string) {
	r.out.WriteString("<" + at.Name.Local)
	r.writeAttributes(at)
	r.out.WriteString(more + ">")
}

// writeAttributes writes the attributes that the grammar has.
func (r *rewriter) writeAttributes(at xml.StartElement) {
	for _, name := range r.rules[at.Name.Local].attrs {
		for _, a := range at.Attr {
			switch {
			case a.Name.Local != name:
			case a.Name.Space == "":
				r.out.WriteString(" " + name + `="` + escapeXML(a.Value) + `"`)
			case a.Name.Space == "http://www.w3.org/XML/1998/namespace" && name == "space":
				r.out.WriteString(` xml:space="` + escapeXML(a.Value) + `"`)
			}
		}
	}
}

// dropElement skips an element and counts what in it has a name.
func (r *rewriter) dropElement(at xml.StartElement) error {
	depth := 0
	for token := xml.Token(at); ; {
		switch token := token.(type) {
		case xml.StartElement:
			kind := elementKind(token.Name.Local)
			if kind == "" || r.left == nil {
				depth++
				break
			}
			r.left(kind, 1)
			if err := r.d.Skip(); err != nil {
				return err
			}
		case xml.EndElement:
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if token, err = r.d.Token(); err != nil {
			return err
		}
	}
}

// escapeText leaves line ends as they are, which xml.EscapeText does not.
func escapeText(text []byte) string {
	return strings.ReplaceAll(escapeXML(string(text)), "&#xA;", "\n")
}
