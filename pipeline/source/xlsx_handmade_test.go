package source

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"
)

const mainNS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

// parts is a workbook written by hand: part name to contents.
type parts map[string]string

// handmade is a small sound workbook with the given sheet XML, which tests
// then damage.
func handmade(sheet string) parts {
	return parts{
		"[Content_Types].xml":        `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels":                `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook xmlns="` + mainNS + `" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>`,
		"xl/styles.xml":              `<styleSheet xmlns="` + mainNS + `"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/><numFmt numFmtId="165" formatCode="[h]:mm"/></numFmts><cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="20"/><xf numFmtId="165"/></cellXfs></styleSheet>`,
		"xl/sharedStrings.xml":       `<sst xmlns="` + mainNS + `"><si><t>zero</t></si><si><r><rPr><b/></rPr><t>ri</t></r><r><t>ch</t></r><rPh sb="0" eb="1"><t>spoken</t></rPh><phoneticPr fontId="1"/></si><si><t>a_x000D_b_x005F_x0041_ <![CDATA[<&]]></t></si></sst>`,
		"xl/worksheets/sheet1.xml":   sheet,
	}
}

// rowsXML is a sheet with the given rows, and what may stand behind them.
func rowsXML(rows string, after ...string) string {
	return `<worksheet xmlns="` + mainNS + `"><sheetData>` + rows + `</sheetData>` + strings.Join(after, "") + `</worksheet>`
}

// with returns the workbook with one part replaced.
func (p parts) with(name, data string) parts {
	p[name] = data
	return p
}

// zip packs the workbook.
func (p parts) zip(tb testing.TB) []byte {
	tb.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for name, data := range p {
		f, err := w.Create(name)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(f, data); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

// readBytes reads a workbook that lies in memory.
func readBytes(data []byte, opt Options) ([]record, sheetInfo, error) {
	pkg, err := scanPackage(bytes.NewReader(data), int64(len(data)), "customers.xlsx", opt.MaxBytes)
	if err != nil {
		return nil, sheetInfo{}, err
	}
	r, info, err := readXLSX(pkg, opt)
	if err != nil {
		return nil, info, err
	}
	var all []record
	for {
		rec, err := r.next()
		if err == io.EOF {
			return all, info, r.Close()
		}
		if err != nil {
			return all, info, closing(err, r)
		}
		all = append(all, rec)
	}
}

// show writes records the way tests compare them: number, cells, issue codes.
func show(all []record) string {
	var b strings.Builder
	for _, r := range all {
		b.WriteString(itoa(r.number) + ":" + strings.Join(r.cells, "|"))
		for _, i := range r.issues {
			if i.written { // of no account but in columns of Field.Written
				continue
			}
			b.WriteString(" !" + columnName(i.Column+1) + "=" + i.Code)
			if i.Warning {
				b.WriteString("(warn)")
			}
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func itoa(n int) string { return strings.TrimPrefix(CellName(1, n), "A") }
