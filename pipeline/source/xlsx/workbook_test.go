package xlsx

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx/xlsxtest"
)

// TestXLSXFromPrograms reads what LibreOffice, Gnumeric and openpyxl wrote.
func TestXLSXFromPrograms(t *testing.T) {
	const customers = "1:First name|Last name|E-mail|Phone|Accepted terms\n" +
		"2:Jane|O'Brien|jane@example.com|14155552671|TRUE\n" +
		"3:José|Müller|jose@example.org|4915112345678|TRUE\n" +
		"4:李|小龍|li@example.net|85291234567|FALSE\n" +
		"6:Anna Maria|de la Cruz|anna@example.com|14155552672|TRUE"
	mixed := func(number, formulas string) string {
		cells := strings.Split(formulas, ",")
		return "1:email|number|date|formula|flag|rich\n" +
			"2:jane@example.com|14155552671|2024-02-29|" + strings.Replace(cells[0], "!", "|TRUE|plain !C=date_cell(warn)!", 1) + "\n" +
			"3:max@example.org|1.1|2024-02-29T13:30:00|" + strings.Replace(cells[1], "!", "|FALSE|line\nbreak !C=date_cell(warn)!", 1) + "\n" +
			"4:eva@example.net|" + number + "|08:15:00|#N/A||\r as written !B=number_rounded !C=date_cell(warn) !D=cell_error\n" +
			"5:merged@example.com|m1 !B=merged"
	}
	calculated := strings.ReplaceAll(mixed("NUMBER", "2!,jane@example.com!"), "(warn)!", "(warn)")
	for _, test := range []struct{ file, sheet, want, notes string }{
		{"libreoffice-customers.xlsx", "", customers, ""},
		{"gnumeric-customers.xlsx", "", customers, ""},
		{"openpyxl-1904.xlsx", "", "1:email|since\n2:jane@example.com|2024-02-29 !B=date_cell(warn)", ""},
		{"openpyxl-two-sheets.xlsx", "B b", "1:email", ""},
		{"libreoffice-mixed.xlsx", "", strings.Replace(calculated, "NUMBER", "1.23456789012346E+019", 1), "hidden_sheet hidden_rows hidden_columns formulas"},
		{"gnumeric-mixed.xlsx", "1", strings.Replace(calculated, "NUMBER", "12345678901234570000", 1), "hidden_rows hidden_columns formulas"},
		{"openpyxl-mixed.xlsx", "", strings.ReplaceAll(mixed("1.234567890123457e+19", "!,!"), "(warn)!", "(warn) !D=formula_uncached"), "hidden_sheet hidden_rows hidden_columns formulas"},
	} {
		all, info, err := readAll(filepath.Join("..", "testdata", "xlsx", test.file), choice{sheet: test.sheet})
		if err != nil {
			t.Errorf("%s: %v", test.file, err)
			continue
		}
		if got := show(all); got != test.want {
			t.Errorf("%s: got\n%q\nwant\n%q", test.file, got, test.want)
		}
		if got := noteCodes(info.notes); got != test.notes {
			t.Errorf("%s: notes %q, want %q", test.file, got, test.notes)
		}
	}
}

func noteCodes(notes []table.Note) string {
	var all []string
	for _, n := range notes {
		all = append(all, n.Code)
	}
	return strings.Join(all, " ")
}

// sheets is a workbook with one worksheet for each name; a name that ends in
// "!" is hidden, one in "#" a chart, one in "0" empty.
func sheets(names ...string) xlsxtest.Parts {
	p := xlsxtest.New("")
	delete(p, "xl/worksheets/sheet1.xml")
	var list, rels strings.Builder
	for i, name := range names {
		kind, state := "worksheet", ""
		switch {
		case strings.HasSuffix(name, "!"):
			state = ` state="veryHidden"`
		case strings.HasSuffix(name, "#"):
			kind = "chartsheet"
		}
		fmt.Fprintf(&list, `<sheet name=%q sheetId="%d" r:id="rId%d"%s/>`, name, i+1, i+1, state)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="http://x/%s" Target="sheets/%d.xml"/>`, i+1, kind, i+1)
		row := `<row r="1"><c r="A1"><v>` + fmt.Sprint(i+1) + `</v></c></row>`
		if strings.HasSuffix(name, "0") {
			row = `<row r="1"><c r="A1"/></row>`
		}
		if strings.HasSuffix(name, "+") {
			row = `<row r="1"><c r="A1" t="inlineStr"><is><t>` + ownSheetMark + `how to fill this in</t></is></c></row>`
		}
		p[fmt.Sprintf("xl/sheets/%d.xml", i+1)] = xlsxtest.Rows(row)
	}
	p["xl/workbook.xml"] = `<workbook xmlns="` + xlsxtest.MainNS + `" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>` + list.String() + `</sheets></workbook>`
	p["xl/_rels/workbook.xml.rels"] = `<Relationships>` + rels.String() + `</Relationships>`
	return p
}

// without takes a text out of the relationships of a workbook, or puts another
// one in its place.
func without(p xlsxtest.Parts, text string, instead ...string) xlsxtest.Parts {
	const name = "xl/_rels/workbook.xml.rels"
	p[name] = strings.Replace(p[name], text, strings.Join(instead, ""), 1)
	return p
}

// TestSheetChoice: lines 66 and 67.
func TestSheetChoice(t *testing.T) {
	long := strings.Repeat("名", 40)
	for name, test := range map[string]struct {
		book        xlsxtest.Parts
		sheet       string
		want        string // the sheet, or part of the error
		notes, cell string
	}{
		"the only one":            {sheets("A"), "", "A", "", "1"},
		"the only one with data":  {sheets("A0", "B", "C0"), "", "B", "", "2"},
		"one of ours beside":      {sheets("A", "Ours+"), "", "A", "", "1"},
		"chart first":             {sheets("Chart#", "B"), "", "B", "", "2"},
		"several":                 {sheets("A", "B0", "C", "D!"), "", `several sheets have data. Choose one with --sheet: 1 "A", 3 "C", 4 "D!" (hidden)`, "", ""},
		"several, by name":        {sheets("A", "B"), "B", "B", "", "2"},
		"several, by other case":  {sheets("a", "b"), "B", "b", "", "2"},
		"several, by number":      {sheets("A", "B"), "2", "B", "", "2"},
		"a number that is a name": {sheets("2", "B"), "2", "2", "", "1"},
		"number too large":        {sheets("A", "B"), "3", `no sheet "3". Its sheets are 1 "A", 2 "B"`, "", ""},
		"no such name":            {sheets("A"), "X", `no sheet "X"`, "", ""},
		"a chart by name":         {sheets("C#", "A"), "C#", "has no cells", "", ""},
		"hidden beside":           {sheets("A", "B!"), "", "A", "hidden_sheet", "1"},
		"only hidden":             {sheets("A0", "B!"), "", "only hidden sheets", "", ""},
		"hidden by name":          {sheets("A", "B!"), "B!", "B!", "hidden_sheet", "2"},
		"long and unicode":        {sheets(long), "", long, "", "1"},
		"empty name":              {sheets(""), "", "", "", "1"},
		"same name":               {sheets("A", "a"), "", "two sheets have this name", "", ""},
		"a sheet without a part":  {without(sheets("A", "B"), `<Relationship Id="rId1" Type="http://x/worksheet" Target="sheets/1.xml"/>`), "", `sheet "A": the workbook does not say where this sheet's cells are`, "", ""},
		"a part on another host":  {without(sheets("A"), ` Target="sheets/1.xml"`, ` Target="http://x/1.xml" TargetMode="External"`), "", "does not say where", "", ""},
		"no sheets":               {sheets(), "", "no sheet has data", "", ""},
		"all empty":               {sheets("A0"), "", "no sheet has data", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			all, info, err := readBytes(test.book.Zip(t), choice{sheet: test.sheet})
			if test.cell == "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("sheet %q, error %v; want %q", info.sheet.Name, err, test.want)
				}
				return
			}
			if err != nil || info.sheet.Name != test.want || show(all) != "1:"+test.cell || noteCodes(info.notes) != test.notes {
				t.Errorf("sheet %q, rows %q, notes %q, error %v", info.sheet.Name, show(all), noteCodes(info.notes), err)
			}
		})
	}
}

// TestNotes: lines 66 and 69, with their counts.
func TestNotes(t *testing.T) {
	sheet := `<worksheet xmlns="` + xlsxtest.MainNS + `"><cols><col min="2" max="3" hidden="1"/><col min="4" max="4" width="0"/><col min="9" max="16384" hidden="true"/></cols><sheetData>` +
		`<row r="1"><c r="A1"><v>1</v></c></row><row r="2" hidden="1"><c r="C2"><v>1</v></c><c r="D2"><v>1</v></c></row><row r="3" hidden="true"/><row r="4" ht="0"><c r="A4"><f>1</f><v>1</v></c></row></sheetData>` +
		`<autoFilter ref="A1:D4"><filterColumn colId="0"><filters/></filterColumn></autoFilter></worksheet>`
	book := xlsxtest.New(sheet)
	for _, part := range []string{"xl/vbaProject.bin", "xl/externalLinks/externalLink1.xml", "xl/connections.xml", "xl/embeddings/oleObject1.bin"} {
		book[part] = "<a/>"
	}
	all, info, err := readBytes(book.Zip(t), choice{})
	if err != nil || len(all) != 3 {
		t.Fatal(show(all), err)
	}
	if got := noteCodes(info.notes); got != "macros external_links data_connections embedded_objects filtered_rows hidden_columns formulas" {
		t.Errorf("notes %q", got)
	}
	text := fmt.Sprint(info.notes)
	for _, want := range []string{"2 rows with data are hidden by a filter or by hand, the first is row 2", "hidden columns with data are read like the others: C, D", "1 cell is made by formulas"} {
		if !strings.Contains(text, want) {
			t.Errorf("notes %s do not say %q", text, want)
		}
	}
	for _, n := range info.notes {
		if !n.Warning || strings.Contains(n.Message, ";") {
			t.Errorf("note %+v", n)
		}
	}
}

// writeZip streams a workbook whose one sheet is written by rows.
func writeZip(tb testing.TB, texts int, rows func(w io.Writer)) string {
	tb.Helper()
	name := filepath.Join(tb.TempDir(), "large.xlsx")
	f, err := os.Create(name)
	if err != nil {
		tb.Fatal(err)
	}
	w := zip.NewWriter(f)
	part := func(name string) io.Writer {
		p, err := w.Create(name)
		if err != nil {
			tb.Fatal(err)
		}
		return p
	}
	for name, data := range xlsxtest.New("") {
		switch {
		case name == "xl/worksheets/sheet1.xml":
			p := part(name)
			fmt.Fprintf(p, `<worksheet xmlns="%s"><sheetData>`, xlsxtest.MainNS)
			rows(p)
			io.WriteString(p, `</sheetData></worksheet>`)
		case name == "xl/sharedStrings.xml" && texts > 0:
			p := part(name)
			fmt.Fprintf(p, `<sst xmlns="%s">`, xlsxtest.MainNS)
			for i := range texts {
				fmt.Fprintf(p, `<si><t>text %d %s</t></si>`, i, strings.Repeat("x", 100))
			}
			io.WriteString(p, `</sst>`)
		default:
			io.WriteString(part(name), data)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return name
}

// peak runs f and returns by how much the heap grew meanwhile, as seen at each
// call of the function it is given.
func peak(f func(look func())) int64 {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most := int64(0)
	f(func() {
		runtime.ReadMemStats(&now)
		most = max(most, int64(now.HeapAlloc)-int64(before.HeapAlloc))
	})
	return most
}

// TestLargest: lines 57, 62 and 70. A sheet of all rows there can be passes, and
// so does one of a million styled and empty rows, in bounded memory.
func TestLargest(t *testing.T) {
	if testing.Short() {
		t.Skip("two sheets of a million rows")
	}
	for name, test := range map[string]struct {
		row  string
		rows int
	}{
		"line 57 all rows":              {`<row r="%[1]d"><c r="A%[1]d"><v>%[1]d</v></c></row>`, limits.SheetRows},
		"line 70 styled and empty rows": {`<row r="%[1]d" spans="1:3"><c r="A%[1]d" s="1"/><c r="B%[1]d" s="1"/></row>`, 2},
		"line 62 one cell in column J":  {`<row r="%[1]d"><c r="ALL%[1]d"><v>1</v></c></row>`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			file := writeZip(t, 0, func(w io.Writer) {
				if test.rows == 2 {
					io.WriteString(w, `<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>`)
				}
				from, to := 1, limits.SheetRows
				if test.rows == 2 {
					from = 3
				}
				if test.rows == 0 {
					to = 20_000
				}
				for i := from; i <= to; i++ {
					fmt.Fprintf(w, test.row, i)
				}
			})
			n := 0
			grown := peak(func(look func()) {
				r, err := openFile(file, choice{})
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				for ; ; n++ {
					if _, err := r.Next(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						t.Fatal(err)
					}
					if n%5000 == 0 {
						look()
					}
				}
				look()
			})
			if want := map[int]int{0: 20_000}[test.rows] + test.rows; n != want {
				t.Errorf("%d rows, want %d", n, want)
			}
			if grown > 96<<20 {
				t.Errorf("the heap grew by %d MiB", grown>>20)
			}
		})
	}
}

// TestManyTexts: a table of texts larger than memory allows lies in a file
// that has no name while it is used, so that no crash leaves it behind.
func TestManyTexts(t *testing.T) {
	const texts = 400_000
	t.Setenv("TMPDIR", t.TempDir())
	file := writeZip(t, texts, func(w io.Writer) {
		for i := 1; i <= 3000; i++ {
			fmt.Fprintf(w, `<row r="%d"><c t="s"><v>%d</v></c><c t="s"><v>%d</v></c></row>`, i, i*131%texts, texts-i)
		}
	})
	r, err := openFile(file, choice{})
	if err != nil {
		t.Fatal(err)
	}
	if table := r.book.strings; table.text.file == nil {
		t.Fatal("the texts are in memory: the test shows nothing")
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || runtime.GOOS != "windows" && len(left) > 0 {
		t.Errorf("while open: %d files in the temporary directory, %v", len(left), err)
	}
	n := 0
	for ; ; n++ {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for k, i := range []int{rec.Number * 131 % texts, texts - rec.Number} {
			if want := fmt.Sprintf("text %d %s", i, strings.Repeat("x", 100)); rec.Cells[k] != want {
				t.Fatalf("row %d: %q", rec.Number, rec.Cells[k])
			}
		}
	}
	if err := r.Close(); err != nil || n != 3000 {
		t.Error(n, err)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("after: %d files, %v", len(left), err)
	}
}
