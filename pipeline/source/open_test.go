package source

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func encoded(t testing.TB, text string, encode func(string) (string, error)) string {
	t.Helper()
	s, err := encode(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// However a file is written, the same rows come out of it.
func TestSameRows(t *testing.T) {
	const plain = "firstName,lastName,email\nJosé,\"O'Hara, Jr\",j@x.org\n\nZoë,\"a \"\"b\"\"\nc\",z@x.org\n"
	le := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder()
	be := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder()
	bare := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder()
	semicolons := strings.NewReplacer(",l", ";l", ",e", ";e", "é,", "é;", "ë,", "ë;", `",`, `";`).Replace(plain)
	tabs := strings.NewReplacer(",l", "\tl", ",e", "\te", "é,", "é\t", "ë,", "ë\t", `",`, "\"\t").Replace(plain)
	for _, c := range []struct {
		name, file, text string
		opt              Options
		lines            int // before the header
		numbers          int // likewise
	}{
		{name: "plain", file: "a.csv", text: plain},
		{name: "no ending", file: "a", text: plain},
		{name: "line 5: byte-order mark", file: "a.csv", text: "\ufeff" + plain},
		{name: "line 5: byte-order mark and quoted header", file: "a.csv", text: "\ufeff\"firstName\"" + plain[9:]},
		{name: "line 6: UTF-16LE", file: "a.csv", text: encoded(t, plain, le.String)},
		{name: "line 6: UTF-16BE", file: "a.csv", text: encoded(t, plain, be.String)},
		{name: "line 7: UTF-16 named", file: "a.csv", text: encoded(t, plain, bare.String), opt: Options{Encoding: "UTF-16LE"}},
		{name: "line 8: windows-1252 named", file: "a.csv", text: encoded(t, plain, charmap.Windows1252.NewEncoder().String), opt: Options{Encoding: "windows-1252"}},
		{name: "line 8: latin1 named", file: "a.csv", text: encoded(t, plain, charmap.ISO8859_1.NewEncoder().String), opt: Options{Encoding: "ISO-8859-1"}},
		{name: "line 15: CR", file: "a.csv", text: strings.ReplaceAll(plain, "\n", "\r")},
		{name: "line 16: CRLF", file: "a.csv", text: strings.ReplaceAll(plain, "\n", "\r\n")},
		{name: "line 16: Ctrl-Z", file: "a.csv", text: plain + "\x1a"},
		{name: "line 18: semicolons", file: "a.csv", text: semicolons},
		{name: "line 18: tabs", file: "a.txt", text: tabs},
		{name: "line 18: tabs in .tsv", file: "a.tsv", text: tabs},
		{name: "line 18: sep=", file: "a.csv", text: "sep=;\r\n" + semicolons, lines: 1},
		{name: "line 18: quoted sep= after a byte-order mark", file: "a.csv", text: "\ufeff\"SEP=;\"\n" + semicolons, lines: 1},
		{name: "line 18: sep= of a delimiter that is not looked for", file: "a.csv", text: "sep=^\n" + strings.ReplaceAll(semicolons, ";", "^"), lines: 1},
		{name: "line 18: delimiter named", file: "a.csv", text: semicolons, opt: Options{Delimiter: ';'}},
		{name: "line 27: header row named", file: "a.csv", text: "Customers of, 2026,,\n\n" + plain, opt: Options{HeaderRow: 3}, lines: 2, numbers: 2},
		{name: "line 27: header row far down", file: "a.csv", text: strings.Repeat("title,x\n", 39) + plain, opt: Options{HeaderRow: 40}, lines: 39, numbers: 39},
		{name: "blank lines above", file: "a.csv", text: "\n\n" + plain, lines: 2, numbers: 2},
		{name: "gzip", file: "a.csv.gz", text: zipped(t, plain)},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, rows, err := read(t, c.opt, c.file, c.text)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != 2 {
				t.Fatalf("%d rows: %+v", len(rows), rows)
			}
			want := []Row{
				{Number: 2 + c.numbers, Line: 2 + c.lines, Values: []string{"José", "O'Hara, Jr", "j@x.org", "", ""}},
				{Number: 4 + c.numbers, Line: 4 + c.lines, Values: []string{"Zoë", "a \"b\"\nc", "z@x.org", "", ""}},
			}
			for i, row := range rows {
				if !reflect.DeepEqual(row.Values, want[i].Values) || row.Number != want[i].Number || row.Line != want[i].Line || len(row.Issues) != 0 {
					t.Errorf("got %+v\nwant %+v", row, want[i])
				}
			}
			sum := sha256.Sum256([]byte(c.text))
			if f := in.Files()[0]; f.SHA256 != hex.EncodeToString(sum[:]) || f.Size != int64(len(c.text)) {
				t.Errorf("%+v", f)
			}
			if again, err := readPass(t, in); err != nil || !reflect.DeepEqual(again, rows) {
				t.Errorf("the second pass: %v %+v", err, again)
			}
		})
	}
}

func TestOpenRefused(t *testing.T) {
	const good = head + "a,b,c@d.e\n"
	ole := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 22) + "\x09\x00" + strings.Repeat("\x00", 16) + "\x01\x00\x00\x00" + strings.Repeat("\x00", 2000)
	secret := ole[:1024] + "E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00" + ole[1024:]
	wide := "a\x00b\x00,\x00c\x00\n\x00" // UTF-16LE
	for _, c := range []struct {
		name, file, text string
		opt              Options
		want             Error
	}{
		{"line 2: 0 bytes", "a.csv", "", Options{}, Error{Reason: "no customer rows"}},
		{"line 2: byte-order mark only", "a.csv", "\ufeff", Options{}, Error{Reason: "no customer rows"}},
		{"line 2: header only", "a.csv", head + "\n,,\n", Options{}, Error{Reason: "no customer rows"}},
		{"line 2: blank lines only", "a.csv", "\n\n\r\n", Options{}, Error{Reason: "no customer rows"}},
		{"line 4: owner file", "~$a.xlsx", "x", Options{}, Error{Reason: "lock file"}},
		{"line 7: UTF-16 without a mark", "a.csv", strings.Repeat(wide, 9), Options{}, Error{Reason: "utf-16le", Hint: "--encoding utf-16le"}},
		{"line 7: UTF-16BE without a mark", "a.csv", "\x00" + strings.Repeat(wide, 9)[:71], Options{}, Error{Reason: "utf-16be"}},
		{"line 7: UTF-32 with a mark", "a.csv", "\xff\xfe\x00\x00a\x00\x00\x00", Options{}, Error{Reason: "UTF-32"}},
		{"line 7: UTF-32 without a mark", "a.csv", strings.Repeat("a\x00\x00\x00", 9), Options{}, Error{Reason: "utf-32"}},
		{"line 8: Latin-1 in the header", "a.csv", "Pr\xe9nom,x\n", Options{}, Error{Row: 1, Reason: "0xE9", Hint: "--encoding"}},
		{"line 8: the wrong encoding named", "a.csv", "\ufeff" + good, Options{Encoding: "latin1"}, Error{Reason: "utf-8"}},
		{"line 6: broken UTF-16", "a.csv", "\xff\xfea\x00,\x00b\x00\n\x00c\x00,\x00\x00\xd8\n\x00", Options{Fields: []Field{{Name: "a"}}}, Error{Row: 2, Line: 2, Column: 2, Reason: "not utf-16le"}},
		{"line 18: one column", "a.csv", "firstName:lastName:email\nx:y:z\n", Options{}, Error{Row: 1, Reason: "only one column", Hint: "--delimiter"}},
		{"line 21: single quotes", "a.csv", "'firstName','lastName','email'\n", Options{}, Error{Row: 1, Reason: "single quotation marks"}},
		{"line 21: single quotes below", "a.csv", head + "'a','c','d@e.f'\n", Options{}, Error{Row: 2, Reason: "single quotation marks"}},
		{"line 26: 1,001 columns", "a.csv", "email" + strings.Repeat(",x", 1000) + "\n", Options{}, Error{Row: 1, Reason: "1001 columns"}},
		{"line 27: preamble", "a.csv", "Customers,,\n\nexported,today,\n" + good, Options{}, Error{Row: 1, Reason: "seem to be in row 4", Hint: "--header-row 4"}},
		{"line 27: two header rows", "a.csv", "Person,,Contact\n" + good, Options{}, Error{Row: 1, Hint: "--header-row 2"}},
		{"line 27: a header row that is not there", "a.csv", "\n" + good, Options{HeaderRow: 1}, Error{Row: 1, Reason: "no headers"}},
		{"line 27: a header row below the last", "a.csv", good, Options{HeaderRow: 9}, Error{Reason: "--header-row 9: the sheet has only 2 rows"}},
		{"line 27: a header row that is a customer", "a.csv", head + "Ann,Lee,ann@x.org\nBo,Lee,bo@x.org\n", Options{HeaderRow: 2}, Error{Row: 2, Reason: "looks like a customer", Hint: "Correct --header-row"}},
		{"no headers at all", "a.csv", "Ann,Lee,ann@x.org,+14155550100\nBo,Lee,bo@x.org,+14155550101\n", Options{}, Error{Row: 1, Reason: "looks like a customer"}},
		{"line 28: the same header", "a.csv", "firstName,lastName,email,city,city\n1,2,3,4,5\n", Options{}, Error{Row: 1, Column: 5, Reason: "same name"}},
		{"line 28: but for case", "a.csv", "firstName,lastName,Email,email\n1,2,3,4\n", Options{}, Error{Row: 1, Column: 4, Reason: `"Email" and "email"`}},
		{"line 28: not a field", "a.csv", "firstName,lastName,email,Note,note \n1,2,3,4,5\n", Options{}, Error{Row: 1, Column: 5}},
		{"line 28: two aliases", "a.csv", "vorname,lastName,given name,email\n1,2,3,4\n", Options{}, Error{Row: 1, Column: 3, Reason: "may both be firstName", Hint: "--map firstName="}},
		{"line 29: missing column", "a.csv", "firstName,lastName,emial,x\n1,2,3,4\n", Options{}, Error{Row: 1, Reason: `no column for email; nearest headers: "emial"`, Hint: "--map email="}},
		{"line 29: nothing near", "a.csv", "firstName,lastName,x,quux\n1,2,3,4\n", Options{}, Error{Row: 1, Reason: `no column for email; unused headers: "x", "quux"`}},
		{"line 29: what is near is taken", "a.csv", "firstName,email,x\n1,2,3\n", Options{}, Error{Row: 1, Reason: `no column for lastName; unused headers: "x"`}},
		{"line 32: a report", "staff.sandbox.report.csv", "file,status,email,serviceId,verificationUrl,idempotencyKey\n1,2,3,4,5,6\n", Options{}, Error{Row: 1, Reason: "report", Hint: "the rejects file that was written next to the input"}},
		{"line 55: old Excel", "a.xls", ole, Options{}, Error{Reason: "old Excel", Hint: ".xlsx"}},
		{"line 55: old Excel renamed", "a.xlsx", ole, Options{}, Error{Reason: "old Excel", Hint: ".xlsx"}},
		{"line 56: password", "a.xlsx", secret, Options{}, Error{Reason: "password-protected"}},
		{"line 55: CSV renamed", "a.xlsx", good, Options{}, Error{Reason: "text file", Hint: ".csv"}},
		{"line 55: XLSX renamed", "a.csv", "PK\x03\x04 xl/workbook.xml", Options{}, Error{Reason: "Excel workbook", Hint: ".xlsx"}},
		{"line 55: xlsb", "a.xlsb", "PK\x03\x04 xl/workbook.bin", Options{}, Error{Reason: ".xlsb"}},
		{"line 55: ods", "a.csv", "PK\x03\x04" + strings.Repeat("\x00", 26) + "mimetypeapplication/vnd.oasis.opendocument.spreadsheetPK", Options{}, Error{Reason: ".ods"}},
		{"line 55: numbers", "a.numbers", "PK\x03\x04 Index/Document.iwa", Options{}, Error{Reason: ".numbers"}},
		{"line 55: HTML", "a.xls", "\ufeff\r\n<HTML><table>", Options{}, Error{Reason: "HTML"}},
		{"line 55: SYLK", "a.csv", "ID;PCALCOOO32\nB;Y1;X1\n", Options{}, Error{Reason: "SYLK", Hint: ".xlsx"}},
		{"line 55: DIF", "a.csv", "TABLE\r\n0,1\r\n", Options{}, Error{Reason: "DIF"}},
		{"line 55: PDF", "a.csv", "%PDF-1.7", Options{}, Error{Reason: "PDF"}},
		{"line 55: JSON", "a.csv", "[{\"email\":1}]", Options{}, Error{Reason: "JSON"}},
		{"gzip renamed", "a.csv", zipped(t, good), Options{}, Error{Reason: "gzip", Hint: ".csv.gz"}},
		{"gzip cut short", "a.csv.gz", zipped(t, good)[:20], Options{}, Error{Reason: "cut short"}},
		{"gzip of a workbook", "a.csv.gz", zipped(t, "PK\x03\x04 xl/workbook.xml"), Options{}, Error{Reason: "workbook (.xlsx) in the gzip"}},
		{"gzip of a PDF", "a.csv.gz", zipped(t, "%PDF-1.7"), Options{}, Error{Reason: "PDF"}},
		{"--id", "a.csv", "firstName,lastName,email,Kunde\n1,2,3,4\n", Options{ID: "Kundennr"}, Error{Row: 1, Reason: `no header "Kundennr"`}},
		{"--send", "a.csv", good, Options{Send: []SendColumn{{"x", "nope"}}}, Error{Row: 1, Reason: `no header "nope"`}},
		{"--carry", "a.csv", good, Options{Carry: []string{"nope"}}, Error{Row: 1, Reason: `no header "nope"`}},
		{"--map", "a.csv", good, Options{Map: map[string]string{"email": "E-Post"}}, Error{Row: 1, Reason: `no header "E-Post", which --map email or the map file names`, Hint: ""}},
		{"--map twice", "a.csv", good, Options{Map: map[string]string{"email": "email", "city": "email"}}, Error{Row: 1, Reason: "mapped to both"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := read(t, c.opt, c.file, c.text)
			refused(t, err, c.want)
			if err != nil && (strings.Contains(err.Error(), "ann@") || strings.Contains(err.Error(), "4155550100")) {
				t.Errorf("shows data: %v", err)
			}
		})
	}
}

func TestOptionsRefused(t *testing.T) {
	path := write(t, "a.csv", head+"a,b,c\n")
	for name, opt := range map[string]Options{
		"delimiter": {Delimiter: '"'}, "line end": {Delimiter: '\r'}, "encoding": {Encoding: "klingon"},
		"replacement": {Encoding: "iso-2022-kr"}, "header row": {HeaderRow: -1}, "formulas": {Formulas: "run"},
		"map": {Map: map[string]string{"mail": "x"}}, "send": {Send: []SendColumn{{"", "email"}}},
		"fields": {Fields: []Field{{Name: "a"}, {Name: "a"}}},
	} {
		if _, err := open(t, opt, nil, path); err == nil {
			t.Error(name, "was accepted")
		}
	}
	if _, err := open(t, Options{}, nil); err == nil {
		t.Error("no file was accepted")
	}
	if _, err := open(t, Options{}, strings.NewReader(head+"a,b,c\n"), "-", "-"); err == nil {
		t.Error("standard input was accepted twice")
	}
}

func TestNotRegular(t *testing.T) { // line 1
	dir := t.TempDir()
	for path, want := range map[string]string{dir: "directory", filepath.Join(dir, "none.csv"): "no such file", os.DevNull: "not a regular file", filepath.Join(dir, "a\x00b"): "cannot be read"} {
		_, err := open(t, Options{}, nil, path)
		refused(t, err, Error{Reason: want})
		if err != nil && strings.Contains(err.Error(), "\x00") {
			t.Errorf("%q is not fit for a terminal", err)
		}
	}
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		return
	}
	path := write(t, "a.csv", head) // line 4
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	_, err := open(t, Options{}, nil, path)
	refused(t, err, Error{Reason: "may not be read"})
}

func TestPathOddities(t *testing.T) { // line 72
	t.Chdir(t.TempDir())
	for _, name := range []string{"-x.csv", "a b.csv", `it's "x".csv`, "a\nb.csv", "a\xffb.csv"} {
		if err := os.WriteFile(name, []byte(head+"a,b,c\n"), 0o600); err != nil {
			t.Skip(err) // not every file system takes them
		}
		in, err := open(t, Options{}, nil, name)
		if err != nil {
			t.Error(err)
			continue
		}
		if rows, err := readPass(t, in); err != nil || len(rows) != 1 || in.Files()[0].Name != name {
			t.Error(name, rows, err)
		}
	}
}

func TestStandardInput(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	in, err := open(t, Options{}, strings.NewReader(head+"a,b,c\n"), "-")
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(tmp); runtime.GOOS != "windows" && (err != nil || len(left) > 0) {
		t.Error("the spooled file has a name", left, err)
	}
	for range 2 {
		if rows, err := readPass(t, in); err != nil || len(rows) != 1 {
			t.Error(rows, err)
		}
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if _, err := in.Rows(context.Background()); err == nil {
		t.Error("a closed input was read")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, []string{"-"}, endless{}, Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	_, err = open(t, Options{}, strings.NewReader("PK\x03\x04 xl/workbook.xml"), "-")
	refused(t, err, Error{Reason: "standard input is read as CSV"})
}

func TestCancelled(t *testing.T) {
	in, err := open(t, Options{}, nil, write(t, "a.csv", head+strings.Repeat("a,b,c\n", 50_000)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	rows, err := in.Rows(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if _, err := rows.Read(make([]Row, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := rows.Read(make([]Row, 10)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestChanged(t *testing.T) {
	body := head + strings.Repeat("a,b,c\n", 40_000)
	for name, change := range map[string]func(path string) error{
		"edited, same size": func(path string) error { return os.WriteFile(path, []byte(body[:len(body)-3]+"x\n\n"), 0o600) },
		"cut short":         func(path string) error { return os.Truncate(path, int64(len(body)-100)) },
		"emptied":           func(path string) error { return os.Truncate(path, 0) },
		"broken":            func(path string) error { return os.WriteFile(path, []byte(head+"\"a,b,c\n"), 0o600) },
		"removed":           os.Remove,
		"replaced by a directory": func(path string) error {
			return errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
		},
	} {
		t.Run(name+" between passes", func(t *testing.T) {
			path := write(t, "a.csv", body)
			in, err := open(t, Options{}, nil, path)
			if err != nil {
				t.Fatal(err)
			}
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			if rows, err := readPass(t, in); !errors.Is(err, ErrChanged) || len(rows) > 0 {
				t.Errorf("%d rows, %v", len(rows), err)
			}
		})
	}
	t.Run("during a pass", func(t *testing.T) {
		path := write(t, "a.csv", body)
		in, err := open(t, Options{}, nil, path)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := in.Rows(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		batch := make([]Row, 100)
		for n := 0; err == nil; n++ {
			if _, err = rows.Read(batch); n == 10 {
				f, err := os.OpenFile(path, os.O_WRONLY, 0)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := f.WriteAt([]byte("X"), int64(len(body)-2)); err != nil {
					t.Fatal(err)
				}
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !errors.Is(err, ErrChanged) {
			t.Error(err)
		}
	})
}

// Whatever the bytes: an *Error or rows of the promised shape, twice the same.
func FuzzOpen(f *testing.F) {
	for _, seed := range []string{head + "a,b,c\n", head + "a,b\na,b,c,d\n", "sep=;\nfirstName;lastName;email;\na;b;c;\n", "\xff\xfef\x00", "\x1f\x8b\x08", "PK\x03\x04", "\ufeff\n\nfirstName\tlastName\temail\tonboard_row\tonboard_status\tonboard_problem\n'=1\tb\tc\n"} {
		f.Add([]byte(seed), 0)
	}
	f.Fuzz(func(t *testing.T, content []byte, headerRow int) {
		opt := Options{Fields: fields(), HeaderRow: max(0, headerRow%5), Carry: []string{"all"}, Optional: []string{"firstName"}}
		in, err := open(t, opt, bytes.NewReader(content), "-")
		var e *Error
		if err != nil {
			if !errors.As(err, &e) || e.File != "-" {
				t.Fatalf("%#v", err)
			}
			return
		}
		rows, err := readPass(t, in)
		if err != nil && !errors.As(err, &e) || errors.Is(err, ErrChanged) {
			t.Fatalf("%#v", err)
		}
		width, last := len(in.Files()[0].Header), 0
		for _, row := range rows {
			if len(row.Cells) != width || len(row.Values) != len(opt.Fields) || len(row.Carry) != len(in.Carried()) || row.Number <= last || row.Line < row.Number {
				t.Fatalf("%+v after row %d", row, last)
			}
			last = row.Number
		}
		again, err2 := readPass(t, in)
		if !reflect.DeepEqual(again, rows) || (err == nil) != (err2 == nil) {
			t.Fatalf("first %+v, %v, then %+v, %v", rows, err, again, err2)
		}
	})
}
