package xlsx

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// sheetList is the main part of a workbook (ECMA-376 part 1, 18.2).
type sheetList struct {
	XMLName    xml.Name `xml:"workbook"`
	Properties struct {
		Date1904 bool `xml:"date1904,attr"`
	} `xml:"workbookPr"`
	Sheets []struct {
		Name  string `xml:"name,attr"`
		State string `xml:"state,attr"`
		ID    string `xml:"id,attr"`
	} `xml:"sheets>sheet"`
	Calculation calculation `xml:"calcPr"`
}

type calculation struct {
	OnLoad    bool  `xml:"fullCalcOnLoad,attr"`
	Forced    bool  `xml:"forceFullCalc,attr"`
	Completed *bool `xml:"calcCompleted,attr"`
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
func (c *calculation) isStale() bool {
	return c.OnLoad || c.Forced || c.Completed != nil && !*c.Completed
}

// styleTable is what decides how a cell reads (ECMA-376 part 1, 18.8).
type styleTable struct {
	XMLName xml.Name `xml:"styleSheet"`
	Formats []struct {
		ID   int    `xml:"numFmtId,attr"`
		Code string `xml:"formatCode,attr"`
	} `xml:"numFmts>numFmt"`
	Fonts []struct {
		Strike *struct {
			Val *bool `xml:"val,attr"`
		} `xml:"strike"`
	} `xml:"fonts>font"`
	Cells []struct {
		Format int  `xml:"numFmtId,attr"`
		Font   *int `xml:"fontId,attr"`
	} `xml:"cellXfs>xf"`
}

// readSheetList reads the list of sheets; rels say where their cells are.
func (b *Workbook) readSheetList(part string, rels []relationship) error {
	var list sheetList
	if err := b.pkg.decodePart(part, limits.ListPart, &list); err != nil {
		return err
	}
	b.from1904, b.stale = list.Properties.Date1904, list.Calculation.isStale()
	seen := map[string]bool{}
	for i, s := range list.Sheets {
		sheet := Sheet{Name: s.Name, number: i + 1, hidden: s.State == "hidden" || s.State == "veryHidden"}
		listed := false
		for _, r := range rels {
			if r.ID != s.ID {
				continue
			}
			listed = true
			if r.kind() == "worksheet" {
				sheet.part = r.Target
			}
		}
		if !listed && s.ID != "" { // else its rows would be taken for none
			return &table.Error{File: b.pkg.name, Sheet: s.Name, Reason: "the workbook does not say where this sheet's cells are", Hint: "Open it in a spreadsheet program and save it again"}
		}
		key := strings.ToLower(s.Name)
		if seen[key] {
			return &table.Error{File: b.pkg.name, Sheet: s.Name, Reason: "two sheets have this name", Hint: "Rename one of them"}
		}
		seen[key] = true
		b.sheets = append(b.sheets, sheet)
	}
	return nil
}

// readStyles reads the table of styles.
func (b *Workbook) readStyles(part string) error {
	var styles styleTable
	if err := b.pkg.decodePart(part, limits.StylePart, &styles); err != nil {
		return err
	}
	codes := map[int]numberFormat{}
	for _, f := range styles.Formats {
		codes[f.ID] = newNumberFormat(f.Code)
	}
	for _, cell := range styles.Cells {
		format, custom := codes[cell.Format]
		if !custom {
			format = builtinNumberFormat(cell.Format)
		}
		b.formats = append(b.formats, format)
		struck := false
		if font := cell.Font; font != nil && *font >= 0 && *font < len(styles.Fonts) {
			strike := styles.Fonts[*font].Strike
			struck = strike != nil && (strike.Val == nil || *strike.Val)
		}
		b.struck = append(b.struck, struck)
	}
	return nil
}

// decodePart decodes a part, once it is known to be well-formed and to have no
// more entries than there is memory for.
func (p *workbookPackage) decodePart(part string, limit int64, into any) error {
	data, err := p.readPart(part, limit)
	if err != nil {
		return err
	}
	if err := p.checkXML(part, data); err != nil {
		return err
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // checkXML saw that it is UTF-8
	if err := xml.NewTokenDecoder(&fallbackTokens{d: d}).Decode(into); err != nil {
		return &table.Error{File: p.name, Reason: "the workbook's " + partTitle(part) + " cannot be read", Hint: "Open it in a spreadsheet program and save it again", Err: err}
	}
	return nil
}

// fallbackTokens leaves out the alternatives of AlternateContent that need an
// extension, and keeps what is there for programs that do not know it (ECMA-376
// part 3, 7.5). The parts that are decoded are small and well-formed.
type fallbackTokens struct{ d *xml.Decoder }

const compatibilityNS = "http://schemas.openxmlformats.org/markup-compatibility/2006"

// Token returns the next token that counts.
func (f *fallbackTokens) Token() (xml.Token, error) {
	for {
		token, err := f.d.Token()
		if err != nil {
			return token, err
		}
		var name xml.Name
		switch t := token.(type) {
		case xml.StartElement:
			if name = t.Name; name.Space == compatibilityNS && name.Local == "Choice" {
				if err := f.d.Skip(); err != nil {
					return nil, err
				}
				continue
			}
		case xml.EndElement:
			name = t.Name
		}
		if name.Space == compatibilityNS && (name.Local == "AlternateContent" || name.Local == "Fallback") {
			continue
		}
		return token, nil
	}
}

func (p *workbookPackage) checkXML(part string, data []byte) error {
	s := newXMLScanner(bytes.NewReader(data))
	for sheets := 0; ; {
		kind, err := s.next()
		if err != nil {
			return p.partError(part, err)
		}
		switch {
		case kind == xmlEOF:
			return nil
		case kind != xmlStart:
			continue
		case string(s.name) == "sheet":
			sheets++
		}
		p.elementsLeft--
		switch {
		case sheets > limits.Sheets:
			return &table.Error{File: p.name, Reason: fmt.Sprintf("the workbook has more than %s sheets", limits.FormatCount(limits.Sheets)), Hint: "Copy the rows into a new workbook"}
		case p.elementsLeft < 0:
			return &table.Error{File: p.name, Reason: fmt.Sprintf("the workbook has more than %s styles, names and other entries besides its cells", limits.FormatCount(limits.PartElements)), Hint: "Copy the rows into a new workbook"}
		}
	}
}

// relationship says which part plays which role for another.
type relationship struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
	Mode   string `xml:"TargetMode,attr"`
}

// kind returns the last step of the type's address, which the transitional and
// the strict form have in common.
func (r *relationship) kind() string { return path.Base(r.Type) }

// readRelationships reads those of a part to other parts, with their full names;
// "" is the package itself.
func (p *workbookPackage) readRelationships(part string) ([]relationship, error) {
	dir, file := path.Split(part)
	name := dir + "_rels/" + file + ".rels"
	if !p.hasPart(name) {
		return nil, nil
	}
	var list struct {
		All []relationship `xml:"Relationship"`
	}
	if err := p.decodePart(name, limits.ListPart, &list); err != nil {
		return nil, err
	}
	var inside []relationship
	for _, r := range list.All {
		if r.Mode == "External" {
			continue
		}
		r.Target = strings.ReplaceAll(r.Target, `\`, "/")
		if strings.HasPrefix(r.Target, "/") {
			r.Target = path.Clean(r.Target)[1:]
		} else {
			r.Target = path.Join(dir, r.Target)
		}
		inside = append(inside, r)
	}
	return inside, nil
}
