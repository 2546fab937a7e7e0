package xlsx

import (
	"errors"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx/xlsxtest"
)

// TestSheetRefused: a worksheet that is damaged, or could be read in two ways,
// refuses the file. Names cite the line of the list of bad input.
func TestSheetRefused(t *testing.T) {
	cell := func(attrs, value string) string {
		return xlsxtest.Rows(`<row r="1"><c ` + attrs + `>` + value + `</c></row>`)
	}
	for name, test := range map[string]struct {
		sheet, reason string
		row           int
	}{
		"line 58 DTD":                     {`<!DOCTYPE x [<!ENTITY a "b">]>` + xlsxtest.Rows(`<row r="1"><c r="A1"><v>1</v></c></row>`), "DTD", 0},
		"line 58 UTF-16, cut short":       {"\xff\xfe<\x00w\x00", "ends in the middle", 0},
		"line 58 UTF-32":                  {"\xff\xfe\x00\x00<\x00\x00\x00w\x00\x00\x00", "UTF-32", 0},
		"line 58 UTF-7":                   {`<?xml version="1.0" encoding="UTF-7"?>` + xlsxtest.Rows(``), "another encoding", 0},
		"line 59 truncated in a row":      {strings.TrimSuffix(xlsxtest.Rows(`<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c>`), `</sheetData></worksheet>`), "ends in the middle", 2},
		"line 59 truncated between rows":  {strings.TrimSuffix(xlsxtest.Rows(`<row r="1"><c r="A1"><v>1</v></c></row>`), `</sheetData></worksheet>`), "ends in the middle", 1},
		"line 59 truncated after rows":    {strings.TrimSuffix(xlsxtest.Rows(`<row r="1"><c r="A1"><v>1</v></c></row>`), `</worksheet>`), "ends in the middle", 1},
		"line 59 tags crossed":            {xlsxtest.Rows(`<row r="1"><c r="A1"><v>1</c></v></row>`), "end tag without its start", 1},
		"line 59 entity unknown":          {cell(`r="A1" t="str"`, `<v>&nbsp;</v>`), "unknown entity", 1},
		"line 59 not UTF-8":               {cell(`r="A1" t="str"`, "<v>Jos\xe9</v>"), "not UTF-8", 1},
		"line 59 control character":       {cell(`r="A1" t="str"`, "<v>\x01</v>"), "control character", 1},
		"line 59 two roots":               {xlsxtest.Rows(`<row r="1"><c r="A1"><v>1</v></c></row>`) + xlsxtest.Rows(``), "two root elements", 1},
		"line 59 another root":            {`<html xmlns="` + xlsxtest.MainNS + `"/>`, "root element", 0},
		"line 59 another namespace":       {`<worksheet xmlns="urn:example"><sheetData/></worksheet>`, "root element", 0},
		"line 60 rows out of order":       {xlsxtest.Rows(`<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>`), "out of order", 2},
		"line 60 row twice":               {xlsxtest.Rows(`<row r="2"><c r="A2"><v>1</v></c></row><row r="2"><c r="B2"><v>1</v></c></row>`), "out of order", 2},
		"line 60 row 0":                   {xlsxtest.Rows(`<row r="0"/>`), "a row after this one has an impossible number", 0},
		"line 60 row beyond the last":     {xlsxtest.Rows(`<row r="1048577"><c r="A1048577"><v>1</v></c></row>`), "a row after this one has an impossible number", 0},
		"line 60 counted beyond the last": {xlsxtest.Rows(`<row r="1048576"/><row><c><v>1</v></c></row>`), "more than 1,048,576", 1048576},
		"line 60 cells out of order":      {xlsxtest.Rows(`<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>`), "out of order", 1},
		"line 60 cell twice":              {xlsxtest.Rows(`<row r="1"><c r="B1"><v>1</v></c><c r="B1"><v>2</v></c></row>`), "out of order", 1},
		"line 60 cell of another row":     {cell(`r="A2"`, `<v>1</v>`), "another row", 1},
		"line 60 cell beyond XFD":         {cell(`r="XFE1"`, `<v>1</v>`), "impossible reference", 1},
		"line 60 cell is no reference":    {cell(`r="1A"`, `<v>1</v>`), "impossible reference", 1},
		"line 60 two sheetData":           {`<worksheet xmlns="` + xlsxtest.MainNS + `"><sheetData/><sheetData/></worksheet>`, "two sets of rows", 0},
		"line 60 mixed prefixes":          {`<worksheet xmlns="` + xlsxtest.MainNS + `" xmlns:x="` + xlsxtest.MainNS + `"><sheetData><x:row r="1"/></sheetData></worksheet>`, "mixes namespace prefixes", 0},
		"line 60 namespace changed":       {xlsxtest.Rows(`<row r="1" xmlns="urn:example"><c r="A1"><v>1</v></c></row>`), "mixes namespace prefixes", 0},
		"line 60 alternate rows":          {xlsxtest.Rows(`<mc:AlternateContent xmlns:mc="urn:mc"><row r="1"/></mc:AlternateContent>`), "something other than rows", 0},
		"line 61 text index negative":     {cell(`r="A1" t="s"`, `<v>-1</v>`), "refers to a text", 1},
		"line 61 text index too large":    {cell(`r="A1" t="s"`, `<v>3</v>`), "refers to a text", 1},
		"line 61 text index huge":         {cell(`r="A1" t="s"`, `<v>99999999999999999999</v>`), "refers to a text", 1},
		"line 61 style":                   {cell(`r="A1" s="5"`, `<v>1</v>`), "has a style", 1},
		"line 61 style negative":          {cell(`r="A1" s="-1"`, `<v>1</v>`), "has a style", 1},
		"line 61 merge":                   {xlsxtest.Rows(`<row r="1"><c r="A1"><v>1</v></c></row>`, `<mergeCells><mergeCell ref="A1:XFE1"/></mergeCells>`), "merged range names", 1},
		"line 61 merge upside down":       {xlsxtest.Rows(`<row r="1"><c r="A1"><v>1</v></c></row>`, `<mergeCells><mergeCell ref="B2:A1"/></mergeCells>`), "merged range names", 1},
		"line 61 merges overlap":          {xlsxtest.Rows(`<row r="1"><c r="A1"><v>1</v></c></row>`, `<mergeCells><mergeCell ref="A1:B2"/><mergeCell ref="B2:C3"/></mergeCells>`), "overlap", 0},
		"line 62 cell beyond column 1000": {cell(`r="ALM1"`, `<v>1</v>`), "beyond column 1,000", 1},
		"line 62 cell in XFD":             {cell(`r="XFD1" t="s"`, `<v>0</v>`), "beyond column 1,000", 1},
		"unknown kind":                    {cell(`r="A1" t="x"`, `<v>1</v>`), "kind that does not exist", 1},
		"two values":                      {cell(`r="A1"`, `<v>1</v><v>2</v>`), "two values", 1},
		"no number":                       {cell(`r="A1"`, `<v>abc</v>`), "declared as a number but is not one", 1},
		"hexadecimal":                     {cell(`r="A1"`, `<v>0x1F</v>`), "declared as a number but is not one", 1},
		"no boolean":                      {cell(`r="A1" t="b"`, `<v>2</v>`), "TRUE or FALSE but is neither", 1},
		"text between cells":              {xlsxtest.Rows(`<row r="1">jane<c r="A1"><v>1</v></c></row>`), "outside the cells", 1},
		"cell of 1 MiB and more":          {cell(`r="A1" t="str"`, `<v>`+strings.Repeat("x", 1<<20+1)+`</v>`), "more than 1 MiB", 1},
	} {
		t.Run(name, func(t *testing.T) {
			all, _, err := readBytes(xlsxtest.New(test.sheet).Zip(t), choice{sheet: "S"})
			var e *table.Error
			if !errors.As(err, &e) {
				t.Fatalf("%d rows and error %v, want an *table.Error", len(all), err)
			}
			if !strings.Contains(e.Error(), test.reason) {
				t.Errorf("error %q does not say %q", e, test.reason)
			}
			if e.File != "customers.xlsx" || e.Row != test.row || len(all) != 0 {
				t.Errorf("file %q, row %d, %d rows handed out; want row %d and none", e.File, e.Row, len(all), test.row)
			}
		})
	}
}

// TestSheetRead: unusual worksheets that are read right.
func TestSheetRead(t *testing.T) {
	one := func(attrs, value string) string {
		return xlsxtest.Rows(`<row r="1"><c r="A1" ` + attrs + `>` + value + `</c></row>`)
	}
	prefixed := strings.NewReplacer("</", "</x:", "<", "<x:", "xmlns=", "xmlns:x=")
	for name, test := range map[string]struct{ sheet, want string }{
		"plain":                         {xlsxtest.Rows(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1"><v>5</v></c></row><row r="4"><c r="A4"><v>6</v></c></row>`), "1:zero||5\n4:6"},
		"line 60 no r at all":           {xlsxtest.Rows(`<row><c><v>1</v></c><c/><c><v>3</v></c></row><row/><row><c><v>4</v></c></row>`), "1:1||3\n3:4"},
		"line 60 some r":                {xlsxtest.Rows(`<row r="3"><c r="B3"><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>`), "3:|1|2\n4:3"},
		"line 60 prefixed":              {prefixed.Replace(xlsxtest.Rows(`<row r="1"><c r="A1" t="s"><v>0</v></c></row>`)), "1:zero"},
		"line 60 strict":                {strings.ReplaceAll(xlsxtest.Rows(`<row r="1"><c r="A1"><v>7</v></c></row>`), xlsxtest.MainNS, "http://purl.oclc.org/ooxml/spreadsheetml/main"), "1:7"},
		"line 60 foreign attributes":    {xlsxtest.Rows(`<row r="1" xmlns:d="urn:d" d:r="9"><c r="A1" d:t="s"><v>7</v></c></row>`), "1:7"},
		"line 62 row 1048576":           {xlsxtest.Rows(`<row r="1048576"><c r="A1048576"><v>7</v></c></row>`), "1048576:7"},
		"line 62 column 1000":           {xlsxtest.Rows(`<row r="1"><c r="ALL1"><v>7</v></c></row>`), "1:" + strings.Repeat("|", 999) + "7"},
		"line 62 empty cell in XFD":     {xlsxtest.Rows(`<row r="1"><c r="A1"><v>7</v></c><c r="XFD1" s="1"/></row>`), "1:7"},
		"blank rows are left out":       {xlsxtest.Rows(`<row r="1"/><row r="2"><c r="A2" t="str"><v>  </v></c></row><row r="3"><c r="A3" s="1"/></row><row r="4"><c r="B4"><v>1</v></c></row>`), "4:|1"},
		"line 63 cached":                {one(``, `<f>1+1</f><v>2</v>`), "1:2"},
		"line 63 cached text":           {one(`t="str"`, `<f>A2</f><v>x</v>`), "1:x"},
		"line 63 cached empty text":     {one(`t="str"`, `<f>A2</f><v></v>`) + ``, ""},
		"line 63 uncached":              {one(``, `<f>1+1</f>`), "1: !A=formula_uncached"},
		"line 63 uncached, v is empty":  {one(``, `<f>1+1</f><v/>`), "1: !A=formula_uncached"},
		"line 63 error":                 {one(`t="e"`, `<f>1/0</f><v>#DIV/0!</v>`), "1:#DIV/0! !A=cell_error"},
		"line 63 error without formula": {one(`t="e"`, `<v>#N/A</v>`), "1:#N/A !A=cell_error"},
		"line 64 built-in date":         {one(`s="1"`, `<v>45351</v>`), "1:2024-02-29 !A=date_cell(warn)"},
		"line 64 custom, with time":     {one(`s="2"`, `<v>45351.5625</v>`), "1:2024-02-29T13:30:00 !A=date_cell(warn)"},
		"line 64 time only":             {one(`s="3"`, `<v>0.34375</v>`), "1:08:15:00 !A=date_cell(warn)"},
		"line 64 elapsed":               {one(`s="4"`, `<v>1.5</v>`), "1:36:00:00 !A=date_cell(warn)"},
		"line 64 before all dates":      {one(`s="1"`, `<v>-1</v>`), "1:-1 !A=date_range"},
		"line 64 ISO date":              {one(`t="d"`, `<v>2024-02-29</v>`), "1:2024-02-29 !A=date_cell(warn)"},
		"line 65 boolean":               {one(`t="b"`, `<v>1</v>`), "1:TRUE"},
		"line 65 boolean false":         {one(`t="b"`, `<v>0</v>`), "1:FALSE"},
		"line 65 16 digits":             {one(``, `<v>1234567890123456</v>`), "1:1234567890123456 !A=number_rounded"},
		"line 66 merged over two rows":  {xlsxtest.Rows(`<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="B2"><v>2</v></c></row><row r="3"><c r="B3"><v>3</v></c></row>`, `<mergeCells><mergeCell ref="A1:A2"/></mergeCells>`), "1:1 !A=merged\n2:|2 !A=merged\n3:|3"},
		"line 66 merged without data":   {xlsxtest.Rows(`<row r="1"><c r="A1"><v>1</v></c></row>`, `<mergeCells><mergeCell ref="B1:C1"/><mergeCell ref="XFA1:XFD9"/></mergeCells>`), "1:1"},
		"line 66 merge of one cell":     {xlsxtest.Rows(`<row r="1"><c r="A1"><v>1</v></c></row>`, `<mergeCells><mergeCell ref="A1"/></mergeCells>`), "1:1"},
		"line 68 rich, phonetic":        {one(`t="s"`, `<v>1</v>`), "1:rich"},
		"line 68 escapes and CDATA":     {one(`t="s"`, `<v>2</v>`), "1:a\rb_x0041_ <&"},
		"line 68 inline":                {one(`t="inlineStr"`, `<is><t>in</t></is>`), "1:in"},
		"line 68 inline rich":           {one(`t="inlineStr"`, `<is><r><t>in</t></r><r><t> two</t></r><rPh sb="0" eb="1"><t>no</t></rPh></is>`), "1:in two"},
		"line 68 entities":              {one(`t="str"`, `<v>&lt;&#233;&#x1F600;&amp;</v>`), "1:<é\U0001F600&"},
		"comments and instructions":     {xlsxtest.Rows(`<!-- x --><row r="1"><?x y?><c r="A1"><v>1<!-- x -->2</v></c></row>`), "1:12"},
		"formula before and extension":  {one(``, `<v>1</v><extLst><ext xmlns:q="urn:q"><q:v>9</q:v></ext></extLst>`), "1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			all, _, err := readBytes(xlsxtest.New(test.sheet).Zip(t), choice{sheet: "S"})
			if err != nil {
				t.Fatal(err)
			}
			if got := show(all); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestFormulasRefused: line 63, --formulas refuse.
func TestFormulasRefused(t *testing.T) {
	sheet := xlsxtest.Rows(`<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><v>3</v></c></row>`)
	all, info, err := readBytes(xlsxtest.New(sheet).Zip(t), choice{refuseFormulas: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := show(all); got != "1:2|3 !A=formula" {
		t.Errorf("got %q", got)
	}
	if len(info.notes) != 0 {
		t.Errorf("notes %v: each row says it", info.notes)
	}
	all, info, err = readBytes(xlsxtest.New(sheet).Zip(t), choice{})
	if err != nil || show(all) != "1:2|3" || len(info.notes) != 1 || info.notes[0].Code != "formulas" || !strings.HasPrefix(info.notes[0].Message, "1 cell is ") {
		t.Errorf("cached: %q, notes %v, error %v", show(all), info.notes, err)
	}
}
