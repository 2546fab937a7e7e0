package workbook

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
)

// LinkColumn is the clickable cells of one column of a sheet. excelize needs
// time quadratic in their number, minutes for a full sheet, so they are
// inserted when the sheet goes into the archive.
type LinkColumn struct {
	part   string // of the archive: the sheet
	column string
	rows   []int32
	inside bool          // they lead to places in the workbook, and need no relationships
	file   *os.File      // the relationships, or if inside the elements, in the scratch directory
	out    *bufio.Writer // to file
}

// AddLinkColumn prepares a sheet for links in a column, counted from 0. The one
// link that excelize writes marks where they go.
func (b *Workbook) AddLinkColumn(sheet string, column int) (*LinkColumn, error) {
	index, err := b.File.GetSheetIndex(sheet)
	if err != nil {
		return nil, err
	}
	return b.addLinkColumn(sheet, index+1, column, false)
}

// addLinkColumn is AddLinkColumn for the sheet with this id, which names its
// part of the archive.
func (b *Workbook) addLinkColumn(sheet string, id, column int, inside bool) (l *LinkColumn, err error) {
	if err := b.File.SetCellHyperLink(sheet, "A1", "A1", "Location"); err != nil {
		return nil, err
	}
	l = &LinkColumn{part: fmt.Sprintf("xl/worksheets/sheet%d.xml", id), column: ColumnName(column), inside: inside}
	if l.file, err = os.CreateTemp(b.scratch, "links-"); err != nil {
		return nil, err
	}
	l.out = bufio.NewWriter(l.file)
	b.links = append(b.links, l)
	b.ReplaceElement(l.part, "hyperlinks", l.writeElement)
	return l, nil
}

// Len returns the number of links.
func (l *LinkColumn) Len() int { return len(l.rows) }

// Add makes the cell of a row lead to address.
func (l *LinkColumn) Add(row int, address string) error {
	l.rows = append(l.rows, int32(row))
	_, _ = fmt.Fprintf(l.out, `<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" TargetMode="External" Target="`, len(l.rows))
	_ = xml.EscapeText(l.out, []byte(address))
	_, err := l.out.WriteString(`"/>`) // a bufio.Writer keeps its first error
	return err
}

// AddJump makes the cell of a row lead to a place in the workbook.
func (l *LinkColumn) AddJump(row int, location string) error {
	l.rows = append(l.rows, int32(row))
	_, _ = fmt.Fprintf(l.out, `<hyperlink ref="%s%d" location="`, l.column, row)
	_ = xml.EscapeText(l.out, []byte(location))
	_, err := l.out.WriteString(`"/>`) // a bufio.Writer keeps its first error
	return err
}

// writeElement writes the links as an element of the sheet, nothing without
// links.
func (l *LinkColumn) writeElement(w io.Writer) error {
	if len(l.rows) == 0 {
		return nil
	}
	out := bufio.NewWriter(w)
	_, _ = out.WriteString("<hyperlinks>")
	if l.inside {
		if err := l.copyFile(out); err != nil {
			return err
		}
	}
	for i := 0; !l.inside && i < len(l.rows); i++ {
		_, _ = out.WriteString(`<hyperlink ref="` + l.column + strconv.Itoa(int(l.rows[i])) + `" r:id="rId` + strconv.Itoa(i+1) + `"/>`)
	}
	_, _ = out.WriteString("</hyperlinks>")
	return out.Flush()
}

// writeRelationships writes the part that holds the addresses.
func (l *LinkColumn) writeRelationships(w io.Writer) error {
	if _, err := io.WriteString(w, xml.Header+`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`); err != nil {
		return err
	}
	if err := l.copyFile(w); err != nil {
		return err
	}
	_, err := io.WriteString(w, `</Relationships>`)
	return err
}

// copyFile writes what was added.
func (l *LinkColumn) copyFile(w io.Writer) error {
	if err := l.out.Flush(); err != nil {
		return err
	}
	if _, err := l.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(w, l.file)
	return err
}

// linkedArchive is the archive of a workbook, into which it inserts our links
// and elements.
type linkedArchive struct {
	*zip.Writer
	links    []*LinkColumn
	elements []element
}

// Create starts a part.
func (a linkedArchive) Create(name string) (io.Writer, error) {
	w, err := a.Writer.Create(name)
	for _, e := range a.elements {
		if e.part == name {
			w = newReplacer(w, e)
		}
	}
	return w, err
}

// Close adds the parts that belong to the links.
func (a linkedArchive) Close() error {
	for _, l := range a.links {
		if l.inside {
			continue
		}
		dir, sheet := path.Split(l.part)
		w, err := a.Writer.Create(dir + "_rels/" + sheet + ".rels")
		if err == nil {
			err = l.writeRelationships(w)
		}
		if err != nil {
			return err
		}
	}
	return a.Writer.Close()
}
