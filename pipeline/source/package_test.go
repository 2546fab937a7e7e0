package source

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// entries packs parts in order, so that names may repeat.
func entries(tb testing.TB, list ...[2]string) []byte {
	tb.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, e := range list {
		f, err := w.Create(e[0])
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(f, e[1]); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

// sound is a workbook of one row, as a list of entries.
func sound() [][2]string {
	var list [][2]string
	for name, data := range handmade(rowsXML(`<row r="1"><c r="A1"><v>1</v></c></row>`)) {
		list = append(list, [2]string{name, data})
	}
	return list
}

// patched changes the directory entry of a part: what it claims.
func patched(tb testing.TB, data []byte, part string, change func(entry []byte)) []byte {
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

func TestPackageRefused(t *testing.T) {
	const sheet1 = "xl/worksheets/sheet1.xml"
	plain := entries(t, sound()...)
	set := func(offset int, value uint32) func([]byte) {
		return func(entry []byte) { binary.LittleEndian.PutUint32(entry[offset:], value) }
	}
	many := make([][2]string, 0, maxParts+10)
	for i := range maxParts + 1 {
		many = append(many, [2]string{fmt.Sprintf("xl/media/%d.png", i), ""})
	}
	var long [][2]string
	for i := range maxDirectory/60_000 + 1 {
		long = append(long, [2]string{fmt.Sprintf("%060000d", i), ""})
	}
	for name, test := range map[string]struct {
		data   []byte
		max    int64
		reason string
	}{
		"line 57 huge directory":             {entries(t, long...), 0, "directory is too large"},
		"line 58 DTD in customXml":           {entries(t, append(sound(), [2]string{"customXml/item1.xml", `<!DOCTYPE a><a/>`})...), 0, "DTD"},
		"line 55 text":                       {[]byte("email,name\na@example.com,Jane\n"), 0, "text file"},
		"line 55 web page":                   {[]byte("<html><table></table></html>"), 0, "HTML"},
		"line 55 ods":                        {entries(t, [2]string{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}, [2]string{"content.xml", "<a/>"}), 0, "OpenDocument"},
		"line 55 xlsb":                       {entries(t, [2]string{"[Content_Types].xml", "<Types/>"}, [2]string{"xl/workbook.bin", "x"}), 0, ".xlsb"},
		"line 55 numbers":                    {entries(t, [2]string{"Index/Document.iwa", "x"}), 0, "Numbers"},
		"line 55 word":                       {entries(t, [2]string{"[Content_Types].xml", "<Types/>"}, [2]string{"word/document.xml", "<a/>"}), 0, "Word"},
		"line 55 presentation":               {entries(t, [2]string{"[Content_Types].xml", "<Types/>"}, [2]string{"PPT/Presentation.xml", "<a/>"}), 0, "presentation"},
		"line 55 zip with a workbook inside": {entries(t, [2]string{"customers.xlsx", "x"}), 0, "zip archive with files"},
		"line 55 another zip":                {entries(t, [2]string{"readme", "x"}), 0, "zip archive"},
		"line 57 many entries":               {entries(t, append(many, sound()...)...), 0, "more than 10000 parts"},
		"line 57 name twice":                 {entries(t, append(sound(), [2]string{"XL/Workbook.xml", "<a/>"})...), 0, "same name"},
		"line 57 backslash name twice":       {entries(t, append(sound(), [2]string{`xl\workbook.xml`, "<a/>"})...), 0, "same name"},
		"line 57 parent":                     {entries(t, append(sound(), [2]string{"xl/../../etc/passwd", "x"})...), 0, `".."`},
		"line 57 NUL":                        {entries(t, append(sound(), [2]string{"xl/a\x00.xml", "x"})...), 0, "NUL"},
		"line 57 total size":                 {entries(t, append(sound(), [2]string{"a.bin", strings.Repeat("x", 1<<20)}, [2]string{"b.bin", strings.Repeat("x", 1<<20)})...), 2 << 20, "more than 2 MiB"},
		"line 57 ratio":                      {entries(t, append(sound(), [2]string{"xl/media/a.png", strings.Repeat("\x00", largePart+1)})...), 0, "200 times"},
		"line 57 claims too much":            {patched(t, plain, sheet1, set(24, 0xfffffff0)), 1 << 30, "more than 1024 MiB"},
		"line 57 claims too little":          {patched(t, plain, sheet1, set(24, 20)), 0, "does not unpack"},
		"line 57 wrong checksum":             {patched(t, plain, sheet1, set(16, 1)), 0, "does not unpack"},
		"line 57 overlap":                    {overlapping(t), 0, "overlap"},
		"line 57 points nowhere":             {patched(t, plain, sheet1, set(42, 0x7fffffff)), 0, "points nowhere"},
		"line 57 encrypted entry":            {patched(t, plain, sheet1, func(e []byte) { e[8] |= 1 }), 0, "password-protected zip"},
		"line 57 unusual method":             {patched(t, plain, sheet1, func(e []byte) { e[10] = 14 }), 0, "unusual method"},
		"line 57 truncated zip":              {plain[:len(plain)-30], 0, "damaged"},
		"line 58 DTD in a part not read":     {entries(t, append(sound(), [2]string{"xl/drawings/drawing1.xml", `<!DOCTYPE a><a/>`})...), 0, "DTD"},
		"line 58 DTD in the styles":          {handmade(rowsXML(``)).with("xl/styles.xml", `<!DOCTYPE a [<!ENTITY b "c">]><styleSheet/>`).zip(t), 0, "DTD"},
		"line 58 DTD in relationships":       {handmade(rowsXML(``)).with("_rels/.rels", `<!DOCTYPE a><Relationships/>`).zip(t), 0, "DTD"},
		"line 58 UTF-16 sheet list":          {handmade(rowsXML(``)).with("xl/workbook.xml", "\xff\xfe<\x00a\x00").zip(t), 0, "UTF-16"},
		"line 59 texts cut short":            {handmade(rowsXML(``)).with("xl/sharedStrings.xml", `<sst xmlns="`+mainNS+`"><si><t>a</t></si>`).zip(t), 0, "text table"},
		"line 59 styles cut short":           {handmade(rowsXML(``)).with("xl/styles.xml", `<styleSheet xmlns="`+mainNS+`">`).zip(t), 0, "style table"},
		"line 59 sheet list cut short":       {handmade(rowsXML(``)).with("xl/workbook.xml", `<workbook xmlns="`+mainNS+`">`).zip(t), 0, "sheet list"},
		"no sheet list":                      {handmade(rowsXML(``)).with("_rels/.rels", `<Relationships/>`).zip(t), 0, "no list of sheets"},
		"a sheet that is not there":          {handmade(rowsXML(``)).with("xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/none.xml"/></Relationships>`).zip(t), 0, "lacks a part"},
		"line 2 no rows":                     {handmade(rowsXML(``)).zip(t), 0, "no customer rows"},
	} {
		t.Run(name, func(t *testing.T) {
			all, _, err := readBytes(test.data, Options{MaxBytes: test.max})
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(e.Error(), test.reason) || len(all) > 0 {
				t.Errorf("%d rows, error %v; want none and an *Error that says %q", len(all), err, test.reason)
			} else if e.File != "customers.xlsx" {
				t.Errorf("file %q", e.File)
			}
		})
	}
}

// overlapping is a workbook with a second directory entry for the bytes of the
// first one.
func overlapping(tb testing.TB) []byte {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, e := range append(sound(), [2]string{"xl/a.bin", "12345"}) {
		f, err := w.CreateRaw(&zip.FileHeader{Name: e[0], Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte(e[1])), CompressedSize64: uint64(len(e[1])), UncompressedSize64: uint64(len(e[1]))})
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(f, e[1]); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	data := buf.Bytes()
	var other uint32
	patched(tb, data, "xl/workbook.xml", func(e []byte) { other = binary.LittleEndian.Uint32(e[42:]) })
	return patched(tb, data, "xl/a.bin", func(e []byte) { binary.LittleEndian.PutUint32(e[42:], other) })
}

// TestPowerQuery: what Power Query leaves in a workbook is UTF-16 and no reason
// to refuse it.
func TestPowerQuery(t *testing.T) {
	all, _, err := readBytes(entries(t, append(sound(), [2]string{"customXml/item1.xml", "\xff\xfe<\x00a\x00/\x00>\x00"})...), Options{})
	if err != nil || show(all) != "1:1" {
		t.Error(show(all), err)
	}
}

// TestPackageLies: a part that yields more than the limit is stopped while it
// is read, whatever the directory says.
func TestPackageLies(t *testing.T) {
	b := &budgetReader{ReadCloser: io.NopCloser(strings.NewReader(strings.Repeat("x", 100))), left: 50}
	if n, err := io.Copy(io.Discard, b); !errors.Is(err, errBudget) {
		t.Errorf("%d bytes, %v", n, err)
	}
	bounded := &boundedReaderAt{r: strings.NewReader(strings.Repeat("x", 100)), left: 50}
	buf := make([]byte, 30)
	_, first := bounded.ReadAt(buf, 0)
	if _, err := bounded.ReadAt(buf, 0); first != nil || !errors.Is(err, errBudget) {
		t.Error(first, err)
	}
}

// TestCompoundFiles: lines 55 and 56, as LibreOffice writes them.
func TestCompoundFiles(t *testing.T) {
	for name, reason := range map[string]string{"old.xls": "old Excel file", "opendocument.ods": "OpenDocument", "password.xlsx": "password-protected", "customers.csv": "text file"} {
		_, _, err := readAll(filepath.Join("testdata", "xlsx", name), Options{})
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v, want %q", name, err, reason)
		}
	}
	for name, path := range map[string]string{"directory": t.TempDir(), "missing": filepath.Join(t.TempDir(), "no.xlsx")} {
		var e *Error
		if _, _, err := readAll(path, Options{}); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := readAll(os.DevNull, Options{}); err == nil || !strings.Contains(err.Error(), "regular file") {
		t.Errorf("device: %v", err)
	}
}

// FuzzPackage: whatever the bytes, an *Error or rows, and no panic.
func FuzzPackage(f *testing.F) {
	f.Add(entries(f, sound()...))
	f.Add(overlapping(f))
	for _, name := range []string{"libreoffice-mixed.xlsx", "gnumeric-mixed.xlsx", "openpyxl-1904.xlsx", "old.xls"} {
		data, err := os.ReadFile(filepath.Join("testdata", "xlsx", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all, _, err := readBytes(data, Options{MaxBytes: 16 << 20})
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Errorf("after %d rows an error without a place: %v", len(all), err)
		}
	})
}

// FuzzSheet: a worksheet part of any content gives an *Error, or rows whose
// numbers ascend and whose width is bounded.
func FuzzSheet(f *testing.F) {
	f.Add(rowsXML(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>x</t></is></c></row><row r="3" hidden="1"><c s="1"><f>1</f><v>2</v></c></row>`, `<autoFilter><filterColumn colId="0"/></autoFilter><mergeCells><mergeCell ref="A1:B3"/></mergeCells>`))
	f.Add(`<x:worksheet xmlns:x="` + mainNS + `"><x:cols><x:col min="1" max="2" hidden="1"/></x:cols><x:sheetData><x:row><x:c t="b"><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>`)
	f.Fuzz(func(t *testing.T, sheet string) {
		all, info, err := readBytes(handmade(sheet).zip(t), Options{Sheet: "1"})
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("an error without a place: %v", err)
		}
		if err != nil && len(all) > 0 {
			t.Fatalf("%d rows handed out before %v", len(all), err)
		}
		last := 0
		for _, r := range all {
			if r.number <= last || r.number > maxSheetRow || len(r.cells) > maxReadColumn {
				t.Fatalf("row %d after %d, %d cells", r.number, last, len(r.cells))
			}
			last = r.number
		}
		if err == nil && info.Sheet != "S" {
			t.Fatalf("sheet %q", info.Sheet)
		}
	})
}
