// Package xlsxtest makes small workbooks by hand, which tests then damage.
package xlsxtest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
)

// MainNS is the namespace of sheets, texts, styles and the list of sheets.
const MainNS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

// Parts is a workbook: part name to contents.
type Parts map[string]string

// New returns a small sound workbook with one sheet, named S, of that XML.
func New(sheet string) Parts {
	return Parts{
		"[Content_Types].xml":        `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels":                `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook xmlns="` + MainNS + `" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>`,
		"xl/styles.xml":              `<styleSheet xmlns="` + MainNS + `"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/><numFmt numFmtId="165" formatCode="[h]:mm"/></numFmts><cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="20"/><xf numFmtId="165"/></cellXfs></styleSheet>`,
		"xl/sharedStrings.xml":       `<sst xmlns="` + MainNS + `"><si><t>zero</t></si><si><r><rPr><b/></rPr><t>ri</t></r><r><t>ch</t></r><rPh sb="0" eb="1"><t>spoken</t></rPh><phoneticPr fontId="1"/></si><si><t>a_x000D_b_x005F_x0041_ <![CDATA[<&]]></t></si></sst>`,
		"xl/worksheets/sheet1.xml":   sheet,
	}
}

// Rows returns the XML of a sheet with the given rows, and what follows them.
func Rows(rows string, after ...string) string {
	return `<worksheet xmlns="` + MainNS + `"><sheetData>` + rows + `</sheetData>` + strings.Join(after, "") + `</worksheet>`
}

// Inline returns the XML of a cell with a text.
func Inline(ref, text string) string {
	return `<c r="` + ref + `" t="inlineStr"><is><t>` + text + `</t></is></c>`
}

// With returns the workbook with one part replaced.
func (p Parts) With(name, data string) Parts {
	p[name] = data
	return p
}

// Zip packs the workbook.
func (p Parts) Zip(tb testing.TB) []byte {
	tb.Helper()
	var list [][2]string
	for name, data := range p {
		list = append(list, [2]string{name, data})
	}
	return Pack(tb, list...)
}

// Pack packs names and contents in order, so that names may repeat.
func Pack(tb testing.TB, list ...[2]string) []byte {
	tb.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, part := range list {
		f, err := w.Create(part[0])
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(f, part[1]); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

// Patch changes the directory entry of a part: what it claims.
func Patch(tb testing.TB, data []byte, part string, change func(entry []byte)) []byte {
	tb.Helper()
	out := bytes.Clone(data)
	for at := 0; ; at++ {
		i := bytes.Index(out[at:], []byte("PK\x01\x02"))
		if i < 0 {
			tb.Fatal("no directory entry for", part)
		}
		at += i
		if n := int(binary.LittleEndian.Uint16(out[at+28:])); string(out[at+46:at+46+n]) == part {
			change(out[at:])
			return out
		}
	}
}
