package xlsx

import (
	"encoding/binary"
	"errors"
)

// sharedStrings is the table of texts that cells refer to by number. A table
// may be as large as the sheet, so text and index are both spooled.
type sharedStrings struct {
	text   spool
	starts spool // of each text, and of the one that would follow: 8 bytes each
	count  int
	runs   []textRuns // by text; shorter than count where no later text has formats of its own
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
			return errors.Join(t.addStart(), t.text.seal(), t.starts.seal())
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
	if err := t.addStart(); err != nil {
		return err
	}
	return t.text.append(text)
}

func (t *sharedStrings) addStart() error {
	return t.starts.append(binary.BigEndian.AppendUint64(nil, uint64(t.text.size)))
}

// readText returns text number i, from 0. ok is false if there is none.
func (t *sharedStrings) readText(i int) (text string, ok bool, err error) {
	if i < 0 || i >= t.count {
		return "", false, nil
	}
	span, err := t.starts.read(int64(i)*8, int64(i)*8+16)
	if err != nil {
		return "", false, err
	}
	b, err := t.text.read(int64(binary.BigEndian.Uint64(span)), int64(binary.BigEndian.Uint64(span[8:])))
	return string(b), err == nil, err
}

// runsAt returns how text number i is formatted.
func (t *sharedStrings) runsAt(i int) textRuns {
	if i < len(t.runs) && t.runs[i] != 0 {
		return t.runs[i]
	}
	return asTheCell
}

// Close removes what was kept on disk.
func (t *sharedStrings) Close() error { return errors.Join(t.text.Close(), t.starts.Close()) }
