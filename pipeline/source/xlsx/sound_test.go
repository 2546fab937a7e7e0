package xlsx

import (
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx/xlsxtest"
)

// inUTF16 returns a text in UTF-16, with its mark.
func inUTF16(text string, isBig bool) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		if isBig {
			b.WriteString(string([]byte{byte(unit >> 8), byte(unit)}))
		} else {
			b.WriteString(string([]byte{byte(unit), byte(unit >> 8)}))
		}
	}
	return b.String()
}

// What Excel opens without a word is read.
func TestSoundWorkbooks(t *testing.T) {
	const declaration = `<?xml version="1.0" encoding="UTF-16" standalone="yes"?>`
	row := xlsxtest.Rows(`<row r="1">` + xlsxtest.Inline("A1", "Łódź 😀") + `<c r="B1" t="s"><v>0</v></c></row>`)
	styles := func(formats string) string {
		return `<styleSheet xmlns="` + xlsxtest.MainNS + `" xmlns:mc="` + compatibilityNS + `" xmlns:x16r2="urn:x">` + formats + `<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="166"/></cellXfs></styleSheet>`
	}
	styled := xlsxtest.Rows(`<row r="1"><c r="A1" s="1"><v>7</v></c></row>`)
	for name, test := range map[string]struct {
		book xlsxtest.Parts
		want string
	}{
		"UTF-16 sheet":               {xlsxtest.New(inUTF16(declaration+row, false)), "1:Łódź 😀|zero"},
		"UTF-16 sheet, big end":      {xlsxtest.New(inUTF16(row, true)), "1:Łódź 😀|zero"},
		"UTF-16 list of sheets":      {recoded("xl/workbook.xml", declaration, row), "1:Łódź 😀|zero"},
		"UTF-16 texts":               {recoded("xl/sharedStrings.xml", declaration, row), "1:Łódź 😀|zero"},
		"UTF-16 styles":              {recoded("xl/styles.xml", "", row), "1:Łódź 😀|zero"},
		"an empty style":             {xlsxtest.New(xlsxtest.Rows(`<row r="1"><c r="A1" s=""><v>7</v></c></row>`)), "1:7"},
		"inline, with its value too": {xlsxtest.New(xlsxtest.Rows(`<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is><v>x</v></c></row>`)), "1:x"},
		"inline, with an empty one":  {xlsxtest.New(xlsxtest.Rows(`<row r="1"><c r="A1" t="inlineStr"><v></v><is><t>x</t></is></c></row>`)), "1:x"},
		"inline, as a value only":    {xlsxtest.New(xlsxtest.Rows(`<row r="1"><c r="A1" t="inlineStr"><v>x</v></c></row>`)), "1:x"},
		"whole columns merged":       {xlsxtest.New(xlsxtest.Rows(`<row r="1">`+xlsxtest.Inline("A1", "a")+`</row>`, `<mergeCells><mergeCell ref="C:D"/></mergeCells>`)), "1:a"},
		"an alternative in the styles": {xlsxtest.New(styled).With("xl/styles.xml",
			styles(`<numFmts count="1"><mc:AlternateContent><mc:Choice Requires="x16r2"><numFmt numFmtId="166" formatCode="0%"/></mc:Choice><mc:Fallback><numFmt numFmtId="166" formatCode="000"/></mc:Fallback></mc:AlternateContent></numFmts>`)), "1:007"},
		"an alternative around formats": {xlsxtest.New(styled).With("xl/styles.xml",
			styles(`<mc:AlternateContent><mc:Choice Requires="x16r2"/><mc:Fallback><numFmts count="1"><numFmt numFmtId="166" formatCode="000"/></numFmts></mc:Fallback></mc:AlternateContent>`)), "1:007"},
	} {
		t.Run(name, func(t *testing.T) {
			all, _, err := readBytes(test.book.Zip(t), choice{})
			if err != nil || show(all) != test.want {
				t.Errorf("got %q, %v, want %q", show(all), err, test.want)
			}
		})
	}
}

// recoded returns a workbook with one part in UTF-16.
func recoded(part, declaration, sheet string) xlsxtest.Parts {
	book := xlsxtest.New(sheet)
	return book.With(part, inUTF16(declaration+book[part], false))
}

// What only looks like it is refused.
func TestUnsoundWorkbooks(t *testing.T) {
	row := xlsxtest.Rows(`<row r="1">` + xlsxtest.Inline("A1", "a") + `</row>`)
	for name, book := range map[string]xlsxtest.Parts{
		"a DTD in UTF-16":             xlsxtest.New(inUTF16(`<!DOCTYPE a [<!ENTITY b "c">]>`+row, false)),
		"UTF-16 that says UTF-7":      xlsxtest.New(inUTF16(`<?xml version="1.0" encoding="UTF-7"?>`+row, false)),
		"two values, inline":          xlsxtest.New(xlsxtest.Rows(`<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is><v>y</v></c></row>`)),
		"two values":                  xlsxtest.New(xlsxtest.Rows(`<row r="1"><c r="A1"><v>1</v><v>2</v></c></row>`)),
		"a value and an empty one":    xlsxtest.New(xlsxtest.Rows(`<row r="1"><c r="A1"><v>1</v><v></v></c></row>`)),
		"a style that is no number":   xlsxtest.New(xlsxtest.Rows(`<row r="1"><c r="A1" s="x"><v>7</v></c></row>`)),
		"a style beyond the table":    xlsxtest.New(xlsxtest.Rows(`<row r="1"><c r="A1" s="99"><v>7</v></c></row>`)),
		"an alternative in a row":     xlsxtest.New(xlsxtest.Rows(`<row r="1"><mc:AlternateContent xmlns:mc="` + compatibilityNS + `"/></row>`)),
		"merged columns in disorder":  xlsxtest.New(xlsxtest.Rows(`<row r="1">`+xlsxtest.Inline("A1", "a")+`</row>`, `<mergeCells><mergeCell ref="D:C"/></mergeCells>`)),
		"merged columns that overlap": xlsxtest.New(xlsxtest.Rows(`<row r="1">`+xlsxtest.Inline("A1", "a")+`</row>`, `<mergeCells><mergeCell ref="C:D"/><mergeCell ref="D:E"/></mergeCells>`)),
	} {
		if all, _, err := readBytes(book.Zip(t), choice{}); err == nil {
			t.Errorf("%s: read as %q", name, show(all))
		}
	}
}

// Linked data types and pictures are an error for every other program. An error
// of a formula is one for Excel too.
func TestLinkedData(t *testing.T) {
	all, _, err := readBytes(xlsxtest.New(xlsxtest.Rows(`<row r="1">`+xlsxtest.Inline("A1", "a")+`<c r="B1" t="e" vm="1"><v>#VALUE!</v></c><c r="C1" t="e" vm="2"><f>SORT(A1)</f><v>#VALUE!</v></c><c r="D1" t="e"><v>#N/A</v></c></row>`)).Zip(t), choice{})
	if want := "1:a|#VALUE!|#VALUE!|#N/A !B=linked_data !C=cell_error !D=cell_error"; err != nil || show(all) != want {
		t.Errorf("got %q, %v", show(all), err)
	}
}
