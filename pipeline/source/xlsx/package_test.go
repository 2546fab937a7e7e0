package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx/xlsxtest"
)

// sound is a workbook of one row, as a list of entries.
func sound() [][2]string {
	var list [][2]string
	for name, data := range xlsxtest.New(xlsxtest.Rows(`<row r="1"><c r="A1"><v>1</v></c></row>`)) {
		list = append(list, [2]string{name, data})
	}
	return list
}

func TestPackageRefused(t *testing.T) {
	const sheet1 = "xl/worksheets/sheet1.xml"
	plain := xlsxtest.Pack(t, sound()...)
	set := func(offset int, value uint32) func([]byte) {
		return func(entry []byte) { binary.LittleEndian.PutUint32(entry[offset:], value) }
	}
	many := make([][2]string, 0, limits.WorkbookParts+10)
	for i := range limits.WorkbookParts + 1 {
		many = append(many, [2]string{fmt.Sprintf("xl/media/%d.png", i), ""})
	}
	var long [][2]string
	for i := range limits.ZipDirectory/60_000 + 1 {
		long = append(long, [2]string{fmt.Sprintf("%060000d", i), ""})
	}
	for name, test := range map[string]struct {
		data   []byte
		max    int64
		reason string
	}{
		"line 57 huge directory":               {xlsxtest.Pack(t, long...), 0, "directory is too large"},
		"line 58 DTD in customXml":             {xlsxtest.Pack(t, append(sound(), [2]string{"customXml/item1.xml", `<!DOCTYPE a><a/>`})...), 0, "DTD"},
		"line 55 zip with a workbook inside":   {xlsxtest.Pack(t, [2]string{"customers.xlsx", "x"}), 0, "zip archive with files"},
		"line 55 another zip":                  {xlsxtest.Pack(t, [2]string{"readme", "x"}), 0, "zip archive"},
		"line 57 many entries":                 {xlsxtest.Pack(t, append(many, sound()...)...), 0, "more than 10,000 parts"},
		"line 57 name twice":                   {xlsxtest.Pack(t, append(sound(), [2]string{"XL/Workbook.xml", "<a/>"})...), 0, "same name"},
		"line 57 backslash name twice":         {xlsxtest.Pack(t, append(sound(), [2]string{`xl\workbook.xml`, "<a/>"})...), 0, "same name"},
		"line 57 parent":                       {xlsxtest.Pack(t, append(sound(), [2]string{"xl/../../etc/passwd", "x"})...), 0, `".."`},
		"line 57 NUL":                          {xlsxtest.Pack(t, append(sound(), [2]string{"xl/a\x00.xml", "x"})...), 0, "NUL"},
		"line 57 total size":                   {xlsxtest.Pack(t, append(sound(), [2]string{"a.bin", strings.Repeat("x", 1<<20)}, [2]string{"b.bin", strings.Repeat("x", 1<<20)})...), 2 << 20, "more than 2 MiB"},
		"line 57 ratio":                        {xlsxtest.Pack(t, append(sound(), [2]string{"xl/media/a.png", strings.Repeat("\x00", limits.RatioFrom+1)})...), 0, "200 times"},
		"line 57 claims too much":              {xlsxtest.Patch(t, plain, sheet1, set(24, 0xfffffff0)), 1 << 30, "more than 1 GiB"},
		"line 57 claims too little":            {xlsxtest.Patch(t, plain, sheet1, set(24, 20)), 0, "does not unpack"},
		"line 57 wrong checksum":               {xlsxtest.Patch(t, plain, sheet1, set(16, 1)), 0, "does not unpack"},
		"line 57 overlap":                      {overlapping(t), 0, "overlap"},
		"line 57 points nowhere":               {xlsxtest.Patch(t, plain, sheet1, set(42, 0x7fffffff)), 0, "points nowhere"},
		"line 57 encrypted entry":              {xlsxtest.Patch(t, plain, sheet1, func(e []byte) { e[8] |= 1 }), 0, "password-protected zip"},
		"line 57 unusual method":               {xlsxtest.Patch(t, plain, sheet1, func(e []byte) { e[10] = 14 }), 0, "unusual method"},
		"line 57 truncated zip":                {plain[:len(plain)-30], 0, "damaged"},
		"line 58 DTD in a part not read":       {xlsxtest.Pack(t, append(sound(), [2]string{"xl/drawings/drawing1.xml", `<!DOCTYPE a><a/>`})...), 0, "DTD"},
		"line 58 DTD in the styles":            {xlsxtest.New(xlsxtest.Rows(``)).With("xl/styles.xml", `<!DOCTYPE a [<!ENTITY b "c">]><styleSheet/>`).Zip(t), 0, "DTD"},
		"line 58 DTD in relationships":         {xlsxtest.New(xlsxtest.Rows(``)).With("_rels/.rels", `<!DOCTYPE a><Relationships/>`).Zip(t), 0, "DTD"},
		"line 58 UTF-16 sheet list, cut short": {xlsxtest.New(xlsxtest.Rows(``)).With("xl/workbook.xml", "\xff\xfe<\x00a\x00").Zip(t), 0, "ends in the middle"},
		"line 58 UTF-32 sheet list":            {xlsxtest.New(xlsxtest.Rows(``)).With("xl/workbook.xml", "\xff\xfe\x00\x00<\x00\x00\x00a\x00\x00\x00").Zip(t), 0, "UTF-32"},
		"line 59 texts cut short":              {xlsxtest.New(xlsxtest.Rows(``)).With("xl/sharedStrings.xml", `<sst xmlns="`+xlsxtest.MainNS+`"><si><t>a</t></si>`).Zip(t), 0, "text table"},
		"line 59 styles cut short":             {xlsxtest.New(xlsxtest.Rows(``)).With("xl/styles.xml", `<styleSheet xmlns="`+xlsxtest.MainNS+`">`).Zip(t), 0, "style table"},
		"line 59 sheet list cut short":         {xlsxtest.New(xlsxtest.Rows(``)).With("xl/workbook.xml", `<workbook xmlns="`+xlsxtest.MainNS+`">`).Zip(t), 0, "sheet list"},
		"no sheet list":                        {xlsxtest.New(xlsxtest.Rows(``)).With("_rels/.rels", `<Relationships/>`).Zip(t), 0, "no list of sheets"},
		"a sheet that is not there":            {xlsxtest.New(xlsxtest.Rows(``)).With("xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/none.xml"/></Relationships>`).Zip(t), 0, "lacks a part"},
		"line 2 no rows":                       {xlsxtest.New(xlsxtest.Rows(``)).Zip(t), 0, "no customer rows"},
	} {
		t.Run(name, func(t *testing.T) {
			all, _, err := readBytes(test.data, choice{maxBytes: test.max})
			var e *table.Error
			if !errors.As(err, &e) || !strings.Contains(e.Error(), test.reason) || len(all) > 0 {
				t.Errorf("%d rows, error %v; want none and an *table.Error that says %q", len(all), err, test.reason)
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
	xlsxtest.Patch(tb, data, "xl/workbook.xml", func(e []byte) { other = binary.LittleEndian.Uint32(e[42:]) })
	return xlsxtest.Patch(tb, data, "xl/a.bin", func(e []byte) { binary.LittleEndian.PutUint32(e[42:], other) })
}

// TestPowerQuery: what Power Query leaves in a workbook is UTF-16 and no reason
// to refuse it.
func TestPowerQuery(t *testing.T) {
	all, _, err := readBytes(xlsxtest.Pack(t, append(sound(), [2]string{"customXml/item1.xml", "\xff\xfe<\x00a\x00/\x00>\x00"})...), choice{})
	if err != nil || show(all) != "1:1" {
		t.Error(show(all), err)
	}
}

// TestPackageLies: a part that yields more than the limit is stopped while it
// is read, whatever the directory says.
func TestPackageLies(t *testing.T) {
	b := &partReader{p: &workbookPackage{name: "list.xlsx"}, name: "xl/styles.xml", r: io.NopCloser(strings.NewReader(strings.Repeat("x", 100))), left: 50}
	if n, err := io.Copy(io.Discard, b); err == nil || err.Error() != "list.xlsx: the workbook's style table cannot be read: it is larger than the limit. Save it again from a spreadsheet program" {
		t.Errorf("%d bytes, %v", n, err)
	}
	bounded := &boundedReaderAt{r: strings.NewReader(strings.Repeat("x", 100)), left: 50}
	buf := make([]byte, 30)
	_, first := bounded.ReadAt(buf, 0)
	if _, err := bounded.ReadAt(buf, 0); first != nil || !errors.Is(err, errBudget) {
		t.Error(first, err)
	}
}

// FuzzPackage: whatever the bytes, an *Error or rows, and no panic.
func FuzzPackage(f *testing.F) {
	f.Add(xlsxtest.Pack(f, sound()...))
	f.Add(overlapping(f))
	for _, name := range []string{"libreoffice-mixed.xlsx", "gnumeric-mixed.xlsx", "openpyxl-1904.xlsx", "old.xls"} {
		data, err := os.ReadFile(filepath.Join("..", "testdata", "xlsx", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all, _, err := readBytes(data, choice{maxBytes: 16 << 20})
		var e *table.Error
		if err != nil && !errors.As(err, &e) {
			t.Errorf("after %d rows an error without a place: %v", len(all), err)
		}
	})
}

// FuzzSheet: a worksheet part of any content gives an *Error, or rows whose
// numbers ascend and whose width is bounded.
func FuzzSheet(f *testing.F) {
	f.Add(xlsxtest.Rows(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>x</t></is></c></row><row r="3" hidden="1"><c s="1"><f>1</f><v>2</v></c></row>`, `<autoFilter><filterColumn colId="0"/></autoFilter><mergeCells><mergeCell ref="A1:B3"/></mergeCells>`))
	f.Add(`<x:worksheet xmlns:x="` + xlsxtest.MainNS + `"><x:cols><x:col min="1" max="2" hidden="1"/></x:cols><x:sheetData><x:row><x:c t="b"><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>`)
	f.Fuzz(func(t *testing.T, sheet string) {
		all, info, err := readBytes(xlsxtest.New(sheet).Zip(t), choice{sheet: "1"})
		var e *table.Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("an error without a place: %v", err)
		}
		if err != nil && len(all) > 0 {
			t.Fatalf("%d rows handed out before %v", len(all), err)
		}
		last := 0
		for _, r := range all {
			if r.Number <= last || r.Number > limits.SheetRows || len(r.Cells) > limits.Columns {
				t.Fatalf("row %d after %d, %d cells", r.Number, last, len(r.Cells))
			}
			last = r.Number
		}
		if err == nil && info.sheet.Name != "S" {
			t.Fatalf("sheet %q", info.sheet.Name)
		}
	})
}

// damages are what bad luck and bad hands do to a member of a zip file.
func damages(tb testing.TB, data []byte, name string) map[string][]byte {
	tb.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		tb.Fatal(err)
	}
	list := map[string][]byte{}
	for _, f := range z.File {
		if f.Name != name {
			continue
		}
		at, err := f.DataOffset()
		if err != nil {
			tb.Fatal(err)
		}
		for i := int64(0); i < int64(f.CompressedSize64); i += 5 {
			bad := bytes.Clone(data)
			bad[at+i] ^= 0x55
			list[fmt.Sprintf("byte %d", i)] = bad
		}
		list["local header"] = bytes.Clone(data)
		copy(list["local header"][at-int64(len(name))-30:], "PKxx")
		list["zeroes"] = bytes.Clone(data)
		clear(list["zeroes"][at : at+int64(f.CompressedSize64)])
	}
	set := func(offset int, value uint32) func([]byte) {
		return func(entry []byte) { binary.LittleEndian.PutUint32(entry[offset:], value) }
	}
	list["checksum"] = xlsxtest.Patch(tb, data, name, set(16, 7))
	list["packed size too small"] = xlsxtest.Patch(tb, data, name, set(20, 3))
	list["packed size nothing"] = xlsxtest.Patch(tb, data, name, set(20, 0))
	list["size too small"] = xlsxtest.Patch(tb, data, name, set(24, 3))
	list["size nothing"] = xlsxtest.Patch(tb, data, name, set(24, 0))
	list["size too large"] = xlsxtest.Patch(tb, data, name, set(24, 1<<20))
	list["another member's place"] = xlsxtest.Patch(tb, data, name, set(42, 0))
	list["stored, it says"] = xlsxtest.Patch(tb, data, name, func(entry []byte) { entry[10] = 0 })
	return list
}

// TestHostileDamagedMember: a workbook with a damaged member is refused with its
// name and what is damaged, or read as if it were whole where the member does
// not count. It is never read in part, and never ends in an error without a
// place.
func TestHostileDamagedMember(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "testdata", "xlsx", "libreoffice-customers.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	whole, _, err := readBytes(data, choice{})
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	refused := map[string]bool{}
	for _, f := range z.File {
		for kind, bad := range damages(t, data, f.Name) {
			rows, _, err := readBytes(bad, choice{})
			var e *table.Error
			switch {
			case err == nil && show(rows) != show(whole):
				t.Errorf("%s, %s: read in part: %s", f.Name, kind, show(rows))
			case err != nil && (!errors.As(err, &e) || e.File != "customers.xlsx" || e.Reason == "" || len(rows) > 0):
				t.Errorf("%s, %s: %d rows, then %v", f.Name, kind, len(rows), err)
			case err != nil:
				refused[f.Name] = true
			}
		}
	}
	for _, name := range []string{"xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"} {
		if !refused[name] {
			t.Errorf("no damage of %s was noticed", name)
		}
	}
	for cut := range len(data) / 40 {
		if rows, _, err := readBytes(data[:cut*40], choice{}); err == nil || len(rows) > 0 {
			t.Errorf("cut at %d: %d rows, %v", cut*40, len(rows), err)
		}
	}
}

// TestHostileBrokenXML: each part that is read, with its XML cut, emptied, or
// with one sign changed, is refused with the file's name, or read whole.
func TestHostileBrokenXML(t *testing.T) {
	parts := xlsxtest.New(xlsxtest.Rows(`<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c></row>`))
	for _, name := range []string{"xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"} {
		text := parts[name]
		broken := []string{"", " ", "\x00", "<", text + "<", text + "x", "x" + text, strings.Replace(text, ">", "/>", 1), strings.ToUpper(text)}
		for cut := 0; cut < len(text); cut += 7 {
			broken = append(broken, text[:cut], text[:cut]+"&"+text[cut:], text[:cut]+"\x01"+text[cut:], text[:cut]+"<x>"+text[cut:])
		}
		for _, bad := range broken {
			copied := maps.Clone(parts)
			copied[name] = bad
			_, _, err := readBytes(copied.Zip(t), choice{})
			var e *table.Error
			if err != nil && (!errors.As(err, &e) || e.File != "customers.xlsx") {
				t.Errorf("%s, %q: %v", name, bad, err)
			}
			if err == nil && len(bad) < len(text) {
				t.Errorf("%s cut to %q was read", name, bad)
			}
		}
	}
}
