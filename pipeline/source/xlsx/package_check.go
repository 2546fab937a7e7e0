package xlsx

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// checkEntries fills p.parts, or says why the package is refused.
func (p *workbookPackage) checkEntries(files []*zip.File, max int64) (reason, hint string) {
	if len(files) > limits.WorkbookParts {
		return fmt.Sprintf("the workbook has more than %s parts", limits.FormatCount(limits.WorkbookParts)), "Copy the rows into a new workbook"
	}
	resave := "Save it again from a spreadsheet program"
	type span struct{ from, to int64 }
	spans := make([]span, 0, len(files))
	var total uint64
	for _, f := range files {
		name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))
		if slices.Contains(strings.Split(name, "/"), "..") {
			return "a part of the workbook has a name with \"..\"", resave
		}
		if strings.ContainsRune(name, 0) {
			return "a part of the workbook has a name with a NUL byte", resave
		}
		if p.parts[name] != nil {
			return "two parts of the workbook have the same name", resave
		}
		p.parts[name] = f
		p.names = append(p.names, name)
		if f.Flags&1 != 0 {
			return "the workbook is inside a password-protected zip", "Unpack it and name the workbook itself"
		}
		if f.Method != zip.Store && f.Method != zip.Deflate {
			return "a part of the workbook is packed with an unusual method", resave
		}
		total += f.UncompressedSize64
		if f.UncompressedSize64 > uint64(max) || total > uint64(max) {
			return fmt.Sprintf("the workbook unpacks to more than %s", limits.FormatSize(max)), "Save the sheet as CSV, which has no such limit"
		}
		if f.UncompressedSize64 > limits.RatioFrom && f.UncompressedSize64/limits.Ratio > f.CompressedSize64 {
			return "a part of the workbook unpacks to more than 200 times its size", "Copy the rows into a new workbook"
		}
		from, err := f.DataOffset()
		if err != nil {
			return "the file is damaged: an entry of its zip directory points nowhere", "Ask the sender for it again, or save it again"
		}
		spans = append(spans, span{from, from + int64(f.CompressedSize64)})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to || spans[i-1].to < spans[i-1].from {
			return "parts of the workbook overlap in the zip archive", resave
		}
	}
	return "", ""
}

// checkProlog refuses a package in which any part that could be read as XML
// has a DTD or is neither UTF-8 nor UTF-16. A DTD precedes the root element, so
// the start of each part is enough. Nothing is read from customXml, whose
// encoding is of no account.
func (p *workbookPackage) checkProlog() error {
	for _, name := range p.names {
		switch path.Ext(name) {
		case ".xml", ".rels", ".vml":
		default:
			continue
		}
		r, err := p.openPart(name)
		if err != nil {
			return err
		}
		s := newXMLScanner(r)
		_, err = s.next()
		err = errors.Join(err, r.Close())
		if errors.Is(err, errDTD) || errors.Is(err, errEncoding) && !strings.HasPrefix(name, "customxml/") {
			return p.partError(name, err)
		}
	}
	return nil
}
