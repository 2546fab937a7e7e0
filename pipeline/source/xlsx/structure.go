package xlsx

import (
	"archive/zip"
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// readStructure has excelize read the list of sheets and the styles. excelize
// gets a package of those two parts only, found well-formed: it would unpack
// every sheet into memory, or into temporary files that a crash leaves behind.
func (b *Workbook) readStructure(main, styles string, rels []relationship) error {
	list, err := b.pkg.readXML(main, limits.ListPart)
	if err != nil {
		return err
	}
	look := []byte(`<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>`)
	if styles != "" {
		if look, err = b.pkg.readXML(styles, limits.StylePart); err != nil {
			return err
		}
	}
	book, err := openStructure(list, look)
	if err != nil {
		return &table.Error{File: b.pkg.name, Reason: "the workbook's sheet list or style table cannot be read", Hint: "Open it in a spreadsheet program and save it again", Err: err}
	}
	if book.WorkBook.WorkbookPr != nil {
		b.from1904 = book.WorkBook.WorkbookPr.Date1904
	}
	if c := book.WorkBook.CalcPr; c != nil {
		b.stale = isStale(c.FullCalcOnLoad, c.ForceFullCalc, c.CalcCompleted)
	}
	b.readStyles(book)
	seen := map[string]bool{}
	for i, s := range book.WorkBook.Sheets.Sheet {
		sheet := Sheet{Name: s.Name, Number: i + 1, Hidden: s.State == "hidden" || s.State == "veryHidden"}
		listed := false
		for _, r := range rels {
			if r.id != s.ID {
				continue
			}
			listed = true
			if r.kind == "worksheet" {
				sheet.part = r.target
			}
		}
		if !listed && s.ID != "" { // else its rows would be taken for none
			return &table.Error{File: b.pkg.name, Sheet: s.Name, Reason: "the workbook does not say where this sheet's cells are", Hint: "Open it in a spreadsheet program and save it again"}
		}
		fold := strings.ToLower(s.Name)
		if seen[fold] {
			return &table.Error{File: b.pkg.name, Sheet: s.Name, Reason: "two sheets have this name", Hint: "Rename one of them"}
		}
		seen[fold] = true
		b.sheets = append(b.sheets, sheet)
	}
	return nil
}

// readStyles keeps of the table of styles what decides how a cell reads.
func (b *Workbook) readStyles(book *excelize.File) {
	codes := map[int]numberFormat{}
	if book.Styles.NumFmts != nil {
		for _, f := range book.Styles.NumFmts.NumFmt {
			if f != nil {
				codes[f.NumFmtID] = newNumberFormat(f.FormatCode)
			}
		}
	}
	var struck []bool
	if book.Styles.Fonts != nil {
		for _, f := range book.Styles.Fonts.Font {
			struck = append(struck, f != nil && f.Strike != nil && (f.Strike.Val == nil || *f.Strike.Val))
		}
	}
	if book.Styles.CellXfs != nil {
		for _, xf := range book.Styles.CellXfs.Xf {
			var format numberFormat
			if xf.NumFmtID != nil {
				custom, ok := codes[*xf.NumFmtID]
				if format = builtinNumberFormat(*xf.NumFmtID); ok {
					format = custom
				}
			}
			b.formats = append(b.formats, format)
			b.struck = append(b.struck, xf.FontID != nil && *xf.FontID < len(struck) && *xf.FontID >= 0 && struck[*xf.FontID])
		}
	}
}

// isStale reports whether a workbook says of itself that its formulas are still
// to be calculated (ECMA-376 part 1, 18.2.2 calcPr). What is stored with them
// is then a placeholder: XlsxWriter stores 0 in each, Apache POI leaves what the
// template had, openpyxl stores nothing, and all ask for fullCalcOnLoad. Excel
// writes calcCompleted="0" in a workbook that was saved during a calculation,
// or with manual calculation. A single cell does not show whether its value is
// a placeholder, so none of them is believed. Excel, LibreOffice and Gnumeric
// leave the mark out of what they have calculated. Excel keeps forceFullCalc,
// which an add-in sets: such a workbook needs its values pasted.
func isStale(fullCalcOnLoad, forceFullCalc, calcCompleted *bool) bool {
	is := func(flag *bool) bool { return flag != nil && *flag }
	return is(fullCalcOnLoad) || is(forceFullCalc) || calcCompleted != nil && !*calcCompleted
}

// openStructure gives excelize a workbook without the contents of its sheets. A
// panic in it is an unreadable workbook.
func openStructure(list, styles []byte) (f *excelize.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, err = nil, fmt.Errorf("excelize: %v", r)
		}
	}()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, part := range []struct {
		name string
		data []byte
	}{
		{"_rels/.rels", []byte(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`)},
		{"xl/workbook.xml", list},
		{"xl/styles.xml", styles},
	} {
		entry, err := w.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := entry.Write(part.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	f, err = excelize.OpenReader(&buf)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	if f.WorkBook == nil || f.Styles == nil {
		return nil, fmt.Errorf("excelize: nothing read")
	}
	return f, nil
}

// readXML returns a part whole, once it is known to be well-formed and to have
// no more entries than excelize has memory for.
func (p *workbookPackage) readXML(part string, limit int64) ([]byte, error) {
	data, err := p.readPart(part, limit)
	if err != nil {
		return nil, err
	}
	s := newXMLScanner(bytes.NewReader(data))
	for sheets := 0; ; {
		kind, err := s.next()
		if err != nil {
			return nil, p.partError(part, err)
		}
		switch {
		case kind == xmlEOF:
			return data, nil
		case kind != xmlStart:
			continue
		case string(s.name) == "sheet":
			sheets++
		}
		p.room--
		switch {
		case sheets > limits.Sheets:
			return nil, &table.Error{File: p.name, Reason: fmt.Sprintf("the workbook has more than %s sheets", limits.Grouped(limits.Sheets)), Hint: "Copy the rows into a new workbook"}
		case p.room < 0:
			return nil, &table.Error{File: p.name, Reason: fmt.Sprintf("the workbook has more than %s styles, names and other entries beside its cells", limits.Grouped(limits.PartElements)), Hint: "Copy the rows into a new workbook"}
		}
	}
}

// relationship says which part plays which role for another.
type relationship struct {
	id, kind, target string // kind: the last step of the type's address
}

// readRelationships reads those of a part; "" is the package itself. excelize
// does not export them and knows only the transitional form.
func (p *workbookPackage) readRelationships(part string) ([]relationship, error) {
	dir, file := path.Split(part)
	name := dir + "_rels/" + file + ".rels"
	if !p.hasPart(name) {
		return nil, nil
	}
	data, err := p.readXML(name, limits.ListPart)
	if err != nil {
		return nil, err
	}
	var all []relationship
	for s := newXMLScanner(bytes.NewReader(data)); ; {
		token, err := s.next()
		if err != nil {
			return nil, p.partError(name, err)
		}
		if token == xmlEOF {
			return all, nil
		}
		if token != xmlStart || string(s.name) != "Relationship" || string(s.attribute("TargetMode")) == "External" {
			continue
		}
		target := strings.ReplaceAll(string(s.attribute("Target")), `\`, "/")
		if strings.HasPrefix(target, "/") {
			target = path.Clean(target)[1:]
		} else {
			target = path.Join(dir, target)
		}
		all = append(all, relationship{string(s.attribute("Id")), path.Base(string(s.attribute("Type"))), target})
	}
}
