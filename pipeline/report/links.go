package report

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// linkList is the clickable cells of one sheet. excelize takes time quadratic
// in their number, minutes for a full sheet, so they are put into the sheet as
// it goes into the archive. They wait in a file of the scratch directory.
type linkList struct {
	part   string // of the archive: the sheet
	column string
	rows   []int32
	file   *os.File
	out    *bufio.Writer // to file: the relationships
}

// linkList prepares a sheet for links in one column. The one link that
// excelize writes marks the place.
func (b *book) linkList(scratch, sheet, column string) (*linkList, error) {
	for id, name := range b.file.GetSheetMap() {
		if name != sheet {
			continue
		}
		l := &linkList{part: fmt.Sprintf("xl/worksheets/sheet%d.xml", id), column: column}
		if err := b.file.SetCellHyperLink(sheet, "A1", "A1", "Location"); err != nil {
			return nil, err
		}
		var err error
		if l.file, err = os.OpenFile(filepath.Join(scratch, fmt.Sprintf("links-%d", id)), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err != nil {
			return nil, err
		}
		l.out = bufio.NewWriter(l.file)
		b.links = append(b.links, l)
		return l, nil
	}
	return nil, fmt.Errorf("workbook has no sheet %s", sheet)
}

const (
	relationshipsHead = xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	relationshipsFoot = `</Relationships>`
	hyperlinkType     = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
)

// add makes the cell of this row lead to address.
func (l *linkList) add(row int, address string) error {
	l.rows = append(l.rows, int32(row))
	_, _ = l.out.WriteString(`<Relationship Id="rId` + strconv.Itoa(len(l.rows)) + `" Type="` + hyperlinkType + `" TargetMode="External" Target="`)
	_ = xml.EscapeText(l.out, []byte(address))
	_, err := l.out.WriteString(`"/>`) // a bufio.Writer keeps its first error
	return err
}

// elements writes the links into a sheet.
func (l *linkList) elements(w io.Writer) error {
	var line []byte
	for i, row := range l.rows {
		line = append(append(line[:0], `<hyperlink ref="`...), l.column...)
		line = strconv.AppendInt(line, int64(row), 10)
		line = strconv.AppendInt(append(line, `" r:id="rId`...), int64(i+1), 10)
		if _, err := w.Write(append(line, `"/>`...)); err != nil {
			return err
		}
	}
	return nil
}

// relationships writes the part that says where the links lead.
func (l *linkList) relationships(w io.Writer) error {
	if err := l.out.Flush(); err != nil {
		return err
	}
	if _, err := l.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(w, io.MultiReader(strings.NewReader(relationshipsHead), l.file, strings.NewReader(relationshipsFoot)))
	return err
}

// linkedArchive is the archive of a workbook that gets our links on the way.
type linkedArchive struct {
	*zip.Writer
	links []*linkList
}

// Create starts a part.
func (a linkedArchive) Create(name string) (io.Writer, error) {
	w, err := a.Writer.Create(name)
	for _, l := range a.links {
		if l.part == name {
			return &splice{w: w, list: l}, err
		}
	}
	return w, err
}

// Close adds the parts that belong to the links.
func (a linkedArchive) Close() error {
	for _, l := range a.links {
		dir, sheet := path.Split(l.part)
		w, err := a.Writer.Create(dir + "_rels/" + sheet + ".rels")
		if err != nil {
			return err
		}
		if err := l.relationships(w); err != nil {
			return err
		}
	}
	return a.Writer.Close()
}

const (
	hyperlinksStart = "<hyperlinks>"
	hyperlinksEnd   = "</hyperlinks>"
)

// splice passes a sheet on and puts the links in the place of its one link. In
// cell text the start tag cannot occur: there, < is escaped.
type splice struct {
	w     io.Writer
	list  *linkList
	tail  []byte // the sheet's end, from the start tag on, or what may become one
	found bool
	done  bool
}

// Write takes the next bytes of the sheet. What is kept back until more is
// known ends at the latest with the end tag, which every marked sheet has.
func (s *splice) Write(p []byte) (int, error) {
	if s.done {
		return s.w.Write(p)
	}
	s.tail = append(s.tail, p...)
	if !s.found {
		i := bytes.Index(s.tail, []byte(hyperlinksStart))
		s.found = i >= 0
		if !s.found {
			i = max(0, len(s.tail)-len(hyperlinksStart)+1)
		}
		if _, err := s.w.Write(s.tail[:i]); err != nil {
			return 0, err
		}
		s.tail = append(s.tail[:0], s.tail[i:]...)
	}
	end := bytes.Index(s.tail, []byte(hyperlinksEnd))
	if !s.found || end < 0 {
		return len(p), nil
	}
	s.done = true
	rest := s.tail[end+len(hyperlinksEnd):]
	if len(s.list.rows) > 0 {
		if _, err := io.WriteString(s.w, hyperlinksStart); err != nil {
			return 0, err
		}
		if err := s.list.elements(s.w); err != nil {
			return 0, err
		}
		rest = s.tail[end:]
	}
	if _, err := s.w.Write(rest); err != nil {
		return 0, err
	}
	return len(p), nil
}

// closeLinks closes the files of all lists.
func (b *book) closeLinks() error {
	var errs []error
	for _, l := range b.links {
		errs = append(errs, l.file.Close())
	}
	return errors.Join(errs...)
}
