package source

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// sharedStrings is the table of texts that cells refer to by number. A table
// may be as large as the sheet, so text and index are both spooled.
type sharedStrings struct {
	text, ends spool
	count      int
	runs       []textRuns // by text; shorter than count where no further text has formats of its own
	start      [8]byte
}

const maxCellText = limits.Cell

var errCellText = errors.New("a cell holds more than " + limits.Size(maxCellText) + " of text")

// readSharedStrings reads the whole table. A workbook without one has none.
func readSharedStrings(p *workbookPackage, part string) (_ *sharedStrings, err error) {
	t := &sharedStrings{}
	if part == "" {
		return t, nil
	}
	r, err := p.open(part)
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(err, r) }()
	if err := t.read(newXMLScanner(r)); err != nil {
		return nil, closing(p.broken(part, err), t)
	}
	return t, nil
}

func (t *sharedStrings) read(s *xmlScanner) error {
	ns := namespace{root: "sst"}
	var text []byte
	for {
		kind, err := s.next()
		switch {
		case err != nil:
			return err
		case kind == xmlEOF:
			return errors.Join(t.text.seal(), t.ends.seal())
		case kind != xmlStart:
			continue
		}
		main, err := ns.enter(s)
		if err != nil {
			return err
		}
		if s.depth() == 1 {
			continue
		}
		if !main || string(s.name) != "si" {
			if err := s.skip(); err != nil {
				return err
			}
			continue
		}
		var runs textRuns
		if text, runs, err = readRichText(s, &ns, text[:0]); err != nil {
			return err
		}
		if err := t.add(unescape(text)); err != nil {
			return err
		}
		if runs&^asTheCell != 0 {
			t.runs = append(t.runs, make([]textRuns, t.count-len(t.runs))...)
			t.runs[t.count-1] = runs
		}
	}
}

func (t *sharedStrings) add(text []byte) error {
	if err := t.text.write(text); err != nil {
		return err
	}
	t.count++
	return t.ends.write(binary.LittleEndian.AppendUint64(t.start[:0], uint64(t.text.size)))
}

// get returns text number i, from 0. ok is false if there is none.
func (t *sharedStrings) get(i int) (text string, ok bool, err error) {
	if i < 0 || i >= t.count {
		return "", false, nil
	}
	from := int64(0)
	if i > 0 {
		if from, err = t.end(i - 1); err != nil {
			return "", false, err
		}
	}
	to, err := t.end(i)
	if err != nil {
		return "", false, err
	}
	text, err = t.text.text(from, to)
	return text, err == nil, err
}

// runsOf returns how text number i is formatted.
func (t *sharedStrings) runsOf(i int) textRuns {
	if i < len(t.runs) && t.runs[i] != 0 {
		return t.runs[i]
	}
	return asTheCell
}

func (t *sharedStrings) end(i int) (int64, error) {
	b, err := t.ends.text(int64(i)*8, int64(i)*8+8)
	if err != nil {
		return 0, err
	}
	n := int64(0)
	for k := 7; k >= 0; k-- {
		n = n<<8 | int64(b[k])
	}
	return n, nil
}

func (t *sharedStrings) Close() error { return errors.Join(t.text.Close(), t.ends.Close()) }

// textRuns says which kinds of runs a text has. Runs of nothing but spaces do
// not count.
type textRuns uint8

const (
	asTheCell textRuns = 1 << iota // has the font of its cell
	struckRun                      // has a font of its own, with a line through it
	plainRun                       // has a font of its own, without
)

// readRichText appends the text of an si or is element, whose start was read
// last: its t, and those of its runs. Phonetic runs are how a text is spoken,
// not part of it.
func readRichText(s *xmlScanner, ns *namespace, text []byte) (_ []byte, runs textRuns, err error) {
	run := asTheCell
	for depth := s.depth(); ; {
		kind, err := s.next()
		if err != nil {
			return text, runs, err
		}
		switch kind {
		case xmlEnd:
			if s.depth() < depth {
				return text, runs, nil
			}
			run = asTheCell
		case xmlText:
			if len(trimSpaceLeft(s.text)) > 0 {
				return text, runs, malformed("text where none belongs")
			}
		case xmlStart:
			main, err := ns.enter(s)
			if err != nil {
				return text, runs, err
			}
			from := len(text)
			switch {
			case main && string(s.name) == "t":
				if text, err = readText(s, text); len(trimSpaceLeft(text[from:])) > 0 {
					runs |= run
				}
			case main && string(s.name) == "rPr" && s.depth() == depth+2:
				run, err = readRunFont(s, ns)
			case main && string(s.name) == "r" && s.depth() == depth+1:
			default:
				err = s.skip()
			}
			if err != nil {
				return text, runs, err
			}
		}
	}
}

// readRunFont reads an rPr element, whose start was read last.
func readRunFont(s *xmlScanner, ns *namespace) (textRuns, error) {
	run := plainRun
	for depth := s.depth(); s.depth() >= depth; {
		kind, err := s.next()
		if err != nil {
			return run, err
		}
		if kind != xmlStart {
			continue
		}
		main, err := ns.enter(s)
		if err != nil {
			return run, err
		}
		if val := s.attr("val"); main && string(s.name) == "strike" && (val == nil || isTrue(val)) {
			run = struckRun
		}
		if err := s.skip(); err != nil {
			return run, err
		}
	}
	return run, nil
}

// readText appends the text of an element without children.
func readText(s *xmlScanner, text []byte) ([]byte, error) {
	for {
		kind, err := s.next()
		switch {
		case err != nil:
			return text, err
		case kind == xmlEnd:
			return text, nil
		case kind == xmlStart:
			return text, malformed("an element inside a value")
		}
		if text = append(text, s.text...); len(text) > maxCellText {
			return text, fmt.Errorf("%w: %w", errXML, errCellText)
		}
	}
}

// namespace tells a part's own elements from those of extensions. A part
// writes its elements with one prefix, mostly none. One that mixes prefixes for
// the same elements is legal XML that no spreadsheet program writes; it is
// refused rather than read in part.
type namespace struct {
	root    string // name of the root element
	prefix  string
	aliases []string // other prefixes that the root element gives the same meaning
}

// enter looks at the start tag read last and reports whether it is the part's
// own element.
func (ns *namespace) enter(s *xmlScanner) (bool, error) {
	if s.depth() == 1 {
		ns.prefix = string(s.prefix)
		uri := s.declared(s.prefix)
		if string(s.name) != ns.root || !isMainNamespace(uri) {
			return false, malformed("its root element is not that of a workbook's " + ns.root)
		}
		for i := range s.attrs {
			a := &s.attrs[i]
			if string(a.prefix) == "xmlns" && string(a.name) != ns.prefix && isMainNamespace(a.value) {
				ns.aliases = append(ns.aliases, string(a.name))
			} else if len(a.prefix) == 0 && string(a.name) == "xmlns" && ns.prefix != "" && isMainNamespace(a.value) {
				ns.aliases = append(ns.aliases, "")
			}
		}
		return true, nil
	}
	own := string(s.prefix) == ns.prefix
	for _, alias := range ns.aliases {
		if string(s.prefix) == alias {
			return false, malformed("it mixes namespace prefixes")
		}
	}
	for i := range s.attrs {
		a := &s.attrs[i]
		bare := len(a.prefix) == 0 && string(a.name) == "xmlns"
		if !bare && string(a.prefix) != "xmlns" {
			continue
		}
		declares := ""
		if !bare {
			declares = string(a.name)
		}
		if isMainNamespace(a.value) != (declares == ns.prefix) {
			return false, malformed("it mixes namespace prefixes")
		}
	}
	return own, nil
}

// declared returns the namespace that the start tag read last gives a prefix.
func (s *xmlScanner) declared(prefix []byte) []byte {
	for i := range s.attrs {
		a := &s.attrs[i]
		if len(prefix) == 0 && len(a.prefix) == 0 && string(a.name) == "xmlns" ||
			len(prefix) > 0 && string(a.prefix) == "xmlns" && string(a.name) == string(prefix) {
			return a.value
		}
	}
	return nil
}

// isMainNamespace knows the two namespaces of spreadsheets: transitional, which
// all programs write, and strict.
func isMainNamespace(uri []byte) bool {
	return string(uri) == "http://schemas.openxmlformats.org/spreadsheetml/2006/main" ||
		string(uri) == "http://purl.oclc.org/ooxml/spreadsheetml/main"
}
