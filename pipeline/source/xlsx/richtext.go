package xlsx

import (
	"errors"
	"fmt"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// textRuns is which kinds of runs a text has. Runs of spaces do not count.
type textRuns uint8

const (
	asTheCell textRuns = 1 << iota // has the font of its cell
	struckRun                      // has a font of its own, with a line through it
	plainRun                       // has a font of its own, without
)

// readRichText appends the text of an si or is element, whose start was read
// last: its t, and those of its runs. Phonetic runs, which say how a text is
// spoken, are skipped.
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
				return text, runs, malformedXML("text where none belongs")
			}
		case xmlStart:
			main, err := ns.enterElement(s)
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
		main, err := ns.enterElement(s)
		if err != nil {
			return run, err
		}
		if val := s.attribute("val"); main && string(s.name) == "strike" && (val == nil || isTrue(val)) {
			run = struckRun
		}
		if err := s.skip(); err != nil {
			return run, err
		}
	}
	return run, nil
}

var errCellText = errors.New("a cell holds more than " + limits.FormatSize(limits.Cell) + " of text")

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
			return text, malformedXML("an element inside a value")
		}
		if text = append(text, s.text...); len(text) > limits.Cell {
			return text, fmt.Errorf("%w: %w", errXML, errCellText)
		}
	}
}
