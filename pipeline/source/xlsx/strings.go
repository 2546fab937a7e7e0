package xlsx

import (
	"encoding/binary"
	"errors"
)

// sharedStrings is the table of texts that cells refer to by number. A table
// may be as large as the sheet, so text and index are both spooled.
type sharedStrings struct {
	text, ends spool
	count      int
	runs       []textRuns // by text; shorter than count where no later text has formats of its own
}

// readPart reads the whole table.
func (t *sharedStrings) readPart(p *workbookPackage, part string) (err error) {
	r, err := p.openPart(part)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := t.readTexts(newXMLScanner(r)); err != nil {
		return p.partError(part, err)
	}
	return nil
}

func (t *sharedStrings) readTexts(s *xmlScanner) error {
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
		main, err := ns.enterElement(s)
		switch {
		case err != nil:
			return err
		case s.depth() == 1:
		case main && string(s.name) == "si":
			var runs textRuns
			if text, runs, err = readRichText(s, &ns, text[:0]); err == nil {
				err = t.addText(unescapeText(text), runs)
			}
		default:
			err = s.skip()
		}
		if err != nil {
			return err
		}
	}
}

func (t *sharedStrings) addText(text []byte, runs textRuns) error {
	t.count++
	if runs&^asTheCell != 0 {
		t.runs = append(t.runs, make([]textRuns, t.count-len(t.runs))...)
		t.runs[t.count-1] = runs
	}
	if err := t.text.append(text); err != nil {
		return err
	}
	return t.ends.append(binary.BigEndian.AppendUint64(nil, uint64(t.text.size)))
}

// readText returns text number i, from 0. ok is false if there is none.
func (t *sharedStrings) readText(i int) (text string, ok bool, err error) {
	if i < 0 || i >= t.count {
		return "", false, nil
	}
	from := int64(0)
	if i > 0 {
		if from, err = t.readEnd(i - 1); err != nil {
			return "", false, err
		}
	}
	to, err := t.readEnd(i)
	if err != nil {
		return "", false, err
	}
	text, err = t.text.read(from, to)
	return text, err == nil, err
}

// runsAt returns how text number i is formatted.
func (t *sharedStrings) runsAt(i int) textRuns {
	if i < len(t.runs) && t.runs[i] != 0 {
		return t.runs[i]
	}
	return asTheCell
}

func (t *sharedStrings) readEnd(i int) (int64, error) {
	b, err := t.ends.read(int64(i)*8, int64(i)*8+8)
	if err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64([]byte(b))), nil
}

// Close removes what was kept on disk.
func (t *sharedStrings) Close() error { return errors.Join(t.text.Close(), t.ends.Close()) }
