package report

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"path"
	"strings"
)

// cellsWithin reports whether a sheet of a workbook has at most limit cells
// and rows, counted without unpacking it into memory. A file that cannot be
// counted does not. The workbook was checked when it was read as input.
func cellsWithin(workbook, sheet string, limit int) bool {
	z, err := zip.OpenReader(workbook)
	if err != nil {
		return false
	}
	defer z.Close()
	part := strings.ToLower(sheetPart(&z.Reader, sheet))
	if !fitsMemory(&z.Reader) {
		return false
	}
	left := limit
	for _, f := range z.File {
		name := strings.ToLower(f.Name)
		if name != part && (part != "" || !strings.Contains(name, "worksheets/") || !strings.HasSuffix(name, ".xml")) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return false
		}
		n, err := countCells(r, left)
		if r.Close() != nil || err != nil || n > left {
			return false
		}
		left -= n
	}
	return true
}

// countCells counts the start tags of cells and rows, and stops beyond limit.
// It errs on the high side at most.
func countCells(r io.Reader, limit int) (int, error) {
	tags := [][]byte{[]byte("<c "), []byte("<c>"), []byte(":c "), []byte("<row"), []byte(":row ")}
	const overlap = 4 // the longest tag less one byte
	buf := make([]byte, 0, 1<<16)
	count := 0
	for {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		for _, tag := range tags {
			count += bytes.Count(buf, tag)
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return count, nil
		case err != nil:
			return count, err
		case count > limit:
			return count, nil
		}
		tail := buf[len(buf)-overlap:]
		for _, tag := range tags { // a tag inside the tail is counted once more with it
			count -= bytes.Count(tail, tag)
		}
		buf = append(buf[:0], tail...)
	}
}

// sheetPart finds the archive's part that holds a sheet; "" if the workbook is
// built in another way than usual.
func sheetPart(z *zip.Reader, sheet string) string {
	var list struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"id,attr"`
		} `xml:"sheets>sheet"`
	}
	var rels relationships
	if decodePart(z, "xl/workbook.xml", &list) != nil || decodePart(z, "xl/_rels/workbook.xml.rels", &rels) != nil {
		return ""
	}
	for _, s := range list.Sheets {
		if s.Name != sheet {
			continue
		}
		for _, r := range rels.List {
			if r.ID == s.ID {
				return target("xl", r.Target)
			}
		}
	}
	return ""
}

// relationships is what a .rels part says.
type relationships struct {
	List []struct {
		ID     string `xml:"Id,attr"`
		Type   string `xml:"Type,attr"`
		Target string `xml:"Target,attr"`
	} `xml:"Relationship"`
}

// target is the part that a relationship of a part in dir leads to.
func target(dir, to string) string {
	if strings.HasPrefix(to, "/") {
		return to[1:]
	}
	return path.Join(dir, to)
}

func decodePart(z *zip.Reader, name string, to any) error {
	f, err := z.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return xml.NewDecoder(io.LimitReader(f, 16<<20)).Decode(to)
}
