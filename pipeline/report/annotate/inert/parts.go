package inert

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	header       = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace    = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	strictSpace  = "http://purl.oclc.org/ooxml/spreadsheetml/main"
	relSpace     = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	strictRels   = "http://purl.oclc.org/ooxml/officeDocument/relationships"
	packageRels  = "http://schemas.openxmlformats.org/package/2006/relationships"
	compatSpace  = "http://schemas.openxmlformats.org/markup-compatibility/2006"
	threadSpace  = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
	threadRels   = "http://schemas.microsoft.com/office/2017/10/relationships"
	sheetType    = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	microsoftXML = "application/vnd.ms-excel."
)

// parts are the parts of the sender's package.
type parts struct {
	files    map[string]*zip.File // by name in lower case
	room     int64                // bytes that may still be unpacked
	elements int                  // read so far, roughly
}

func newParts(archive *zip.Reader) *parts {
	p := &parts{files: map[string]*zip.File{}, room: maxUnpacked}
	for _, f := range archive.File {
		p.files[partName(f.Name)] = f
	}
	return p
}

func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

// readPart unpacks a part; nil if there is none.
func (p *parts) readPart(name string) ([]byte, error) {
	f := p.files[partName(name)]
	if f == nil || name == "" {
		return nil, nil
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, p.room+1))
	if closeErr := r.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("part %s: %w", name, err)
	}
	p.room -= int64(len(data))
	p.elements += bytes.Count(data, []byte("<")) - bytes.Count(data, []byte("</"))
	if p.room < 0 || p.elements > maxElements {
		return nil, ErrTooLarge
	}
	for rest := data; len(rest) > maxTag; {
		next := bytes.IndexByte(rest[1:maxTag], '<')
		if next < 0 {
			return nil, ErrTooLarge
		}
		rest = rest[1+next:]
	}
	return data, nil
}

// newDecoder reads a part's XML as strictly as encoding/xml does.
func newDecoder(data []byte) *xml.Decoder {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(charset string, r io.Reader) (io.Reader, error) {
		switch strings.ToLower(charset) {
		case "us-ascii", "ascii", "utf8":
			return r, nil
		}
		return nil, fmt.Errorf("encoding %q", charset)
	}
	return d
}

// eachElement calls visit with each start tag of a part. visit may read on.
func eachElement(data []byte, visit func(*xml.Decoder, xml.StartElement) error) error {
	for d := newDecoder(data); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if at, ok := token.(xml.StartElement); ok && err == nil {
			err = visit(d, at)
		}
		if err != nil {
			return err
		}
	}
}

// attr returns the value of an attribute without a name space.
func attr(at xml.StartElement, name string) string {
	for _, a := range at.Attr {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder never fails
	return b.String()
}
