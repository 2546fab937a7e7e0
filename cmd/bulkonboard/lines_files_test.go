package main

import (
	archive "archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

const (
	shortHead = "firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program"
	shortRow  = "Ann,Roe,ann@company.com,+4915112000901,cards,203.0.113.9,TRUE,custodial"
	otherRow  = "Bea,Roe,bea@company.com,+4915112000902,cards,203.0.113.9,TRUE,custodial"
	shortList = shortHead + "\n" + shortRow + "\n" + otherRow + "\n"
)

// awkwardFiles are lines about files as a whole, most of them about text.
func awkwardFiles() []awkward {
	file := func(line int, what string, code int, make func(t *testing.T, dir string) string, says ...string) awkward {
		return awkward{line: line, what: what, raw: make, code: code, says: says}
	}
	named := func(name, text string) func(*testing.T, string) string {
		return func(t *testing.T, dir string) string { return keep(t, dir, name, text) }
	}
	text := func(line int, what, content string, code int, says ...string) awkward {
		return awkward{line: line, what: what, text: content, code: code, says: says}
	}
	in := func(s string, encode func(string) (string, error)) string {
		out, err := encode(s)
		if err != nil {
			panic(err) // the texts are constants
		}
		return out
	}
	utf16 := func(order unicode.Endianness, mark unicode.BOMPolicy) string {
		return in(shortList, unicode.UTF16(order, mark).NewEncoder().String)
	}
	latin := in(strings.Replace(shortList, "Bea", "José", 1), charmap.Windows1252.NewEncoder().String)
	lines := func(end string) string { return strings.ReplaceAll(shortList, "\n", end) }
	return []awkward{
		file(1, "missing", 2, func(_ *testing.T, dir string) string { return filepath.Join(dir, "none.xlsx") }, "there is no such file"),
		file(1, "directory", 2, func(_ *testing.T, dir string) string { return dir }, "not a regular file"),
		file(1, "device", 2, func(t *testing.T, _ string) string {
			if runtime.GOOS == "windows" {
				t.Skip("no such device")
			}
			return "/dev/zero"
		}, "not a regular file"),
		file(2, "0 bytes", 2, named("a.csv", ""), "no customer rows"),
		text(2, "mark only", "\ufeff", 2, "no customer rows"),
		text(2, "blank lines only", "\n\r\n  \n", 2, "no customer rows"),
		file(3, "too large a workbook", 2, unpacksTo(5<<30), "unpacks to more than 4 GiB", "Save the sheet as CSV"),
		file(4, "owner file", 2, named("~$list.xlsx", shortList), "lock file"),
		file(4, "no permission", 2, func(t *testing.T, dir string) string {
			path := keep(t, dir, "a.csv", shortList)
			if err := os.Chmod(path, 0); err != nil || runtime.GOOS == "windows" || os.Geteuid() == 0 {
				t.Skip("this user may read everything")
			}
			return path
		}, "may not be read"),
		text(5, "mark", "\ufeff"+shortList, 0, "2  ready to send"),
		text(5, "mark and quoted headers", "\ufeff\""+strings.Replace(shortList, ",", "\",", 1), 0, "2  ready to send"),
		text(6, "little endian", utf16(unicode.LittleEndian, unicode.UseBOM), 0, "2  ready to send", "utf-16le"),
		text(6, "big endian", utf16(unicode.BigEndian, unicode.UseBOM), 0, "2  ready to send"),
		text(7, "UTF-16 without mark", utf16(unicode.LittleEndian, unicode.IgnoreBOM), 2, "UTF-16"),
		text(7, "UTF-32", in(shortList, utf32.UTF32(utf32.LittleEndian, utf32.UseBOM).NewEncoder().String), 2, "UTF-32"),
		text(8, "windows-1252", latin, 2, "row 3", "byte 0xE9 is not UTF-8", "--encoding windows-1252 (José)", "!macintosh"),
		text(8, "macintosh", strings.Replace(shortList, "Bea", "Jos\x8e", 1), 2, "--encoding macintosh (José)", "!windows-1252"),
		text(8, "DOS", strings.Replace(shortList, "Bea", "J\x81rg", 1), 2, "--encoding cp850 (Jürg)", "!\ufffd"),
		{line: 8, what: "DOS, told", text: strings.Replace(shortList, "Bea", "J\x81rg", 1), args: []string{"--encoding", "cp850"}, says: []string{"2  ready to send"}},
		{line: 8, what: "told", text: latin, args: []string{"--encoding", "windows-1252"}, says: []string{"2  ready to send", "!double"}},
		text(15, "CR", lines("\r"), 0, "2  ready to send"),
		text(16, "CRLF", lines("\r\n"), 0, "2  ready to send", "!arning"),
		text(16, "CRCRLF", lines("\r\r\n"), 2, "CR CR LF"),
		text(16, "no final line end", strings.TrimSpace(shortList), 0, "2  ready to send"),
		text(16, "mixed", strings.Replace(shortList, "\n", "\r\n", 1), 0, "2  ready to send"),
		text(16, "Ctrl-Z", shortList+"\x1a", 0, "2  ready to send", "arning", "Ctrl-Z"),
		text(17, "blank lines", shortHead+"\n\n\n"+shortRow+"\n\n"+strings.Replace(otherRow, "+49", "", 1)+"\n", 3, "1  ready to send", "row 6, column phoneNumber"),
		text(18, "sep=", "sep=;\n"+strings.ReplaceAll(shortList, ",", ";"), 0, "2  ready to send", `";"`),
		text(18, "semicolon", strings.ReplaceAll(shortList, ",", ";"), 0, "2  ready to send", `";"`),
		text(18, "tab", strings.ReplaceAll(shortList, ",", "\t"), 0, "2  ready to send", "tabs"),
		text(18, "pipe", strings.ReplaceAll(shortList, ",", "|"), 0, "2  ready to send"),
		text(18, "another one", strings.ReplaceAll(shortList, ",", "^"), 2, "only one column found", "--delimiter"),
		text(19, "bare quote", strings.Replace(shortList, "Bea", `B"ea`, 1), 2, "row 3", "on line 3", "doubled"),
		text(19, "junk after a quote", strings.Replace(shortList, "Bea", `"Be"a`, 1), 2, "opened on line 3"),
		text(19, "unclosed", strings.Replace(shortList, "Bea", `"Bea`, 1), 2, "opened on line 3 is never closed"),
		text(20, "unclosed, and much behind it", shortHead+"\n"+strings.Replace(shortRow, "Ann", `"Ann`, 1)+"\n"+strings.Repeat(otherRow+"\n", 60_000), 2, "opened on line 2"),
		text(21, "backslashes", strings.Replace(shortList, "Bea", `"Be\"a"`, 1), 2, "backslash"),
		text(21, "single quotes", "'"+strings.NewReplacer(",", "','", "\n", "'\n'").Replace(strings.TrimSpace(shortList))+"'\n", 2, "single quotation marks"),
		text(22, "short", shortList+"Cid,Roe,cid@company.com\n", 3, "row 4: 3 columns, header has 8", "!required"),
		text(22, "long", shortList+shortRow+",x\n", 3, "row 4: 9 columns, header has 8"),
		text(23, "trailing delimiter", strings.ReplaceAll(shortList, "\n", ",\n"), 0, "2  ready to send", "arning"),
		text(25, "a long cell", strings.Replace(shortList, "Bea", strings.Repeat("x", 40_000), 1), 3, "more than 32767 characters"),
		text(25, "a huge cell", strings.Replace(shortList, "Bea", strings.Repeat("x", 1<<20+1), 1), 2, "more than 1 MiB"),
		text(27, "a title", "Customers of May,,,,,,,\n"+shortList, 0, "the headers are in row 2", "run --sandbox --header-row 2"),
		text(27, "two rows of headers", "Person,,Contact,,,,,\n"+shortList, 0, "the headers are in row 2"),
		text(27, "a second table", shortList+"Surname,Vorname,E-Mail,Telefon,,,,\n", 3, "row 4: column names"),
		file(18, "gzip", 0, func(t *testing.T, dir string) string {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			if _, err := z.Write([]byte(shortList)); err != nil {
				t.Fatal(err)
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			return keep(t, dir, "list.csv.gz", b.String())
		}, "2  ready to send"),
		file(55, "old Excel", 2, copied("old.xls", "list.xlsx"), "old Excel", ".xlsx"),
		file(55, "OpenDocument", 2, copied("opendocument.ods", "list.xlsx"), "OpenDocument"),
		file(55, "HTML", 2, named("list.xlsx", "<html><body><table><tr><td>email</td></tr></table></body></html>"), "HTML"),
		file(55, "CSV with another name", 2, named("list.xlsx", shortList), "whatever its name says"),
		file(55, "workbook with another name", 2, copied("libreoffice-customers.xlsx", "list.csv"), "whatever its name says"),
		file(56, "password", 2, copied("password.xlsx", "list.xlsx"), "password-protected"),
		{line: 71, what: "no such directory", text: shortList, args: []string{"--annotate", "none/list.xlsx"}, code: 2, says: []string{"there is no directory none"}},
		file(72, "spaces and quotes", 0, named("it's a \"list\" of.csv", shortList), "2  ready to send"),
		file(72, "quoted in messages", 2, named("a\nb.csv", shortHead+"\n"), `a\nb.csv`, "!a\nb.csv"),
		file(72, "not UTF-8", 2, func(t *testing.T, dir string) string {
			if runtime.GOOS != "linux" {
				t.Skip("no such names")
			}
			return keep(t, dir, "a\xff.csv", shortHead+"\n")
		}, `a\xff.csv`),
	}
}

// copied is a workbook that another program made, under a name of its own.
func copied(from, to string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		data, err := os.ReadFile(filepath.Join("../../pipeline/source/testdata/xlsx", from))
		if err != nil {
			t.Fatal(err)
		}
		return keep(t, dir, to, string(data))
	}
}

// unpacksTo is a zip whose directory tells of one part of so many bytes.
func unpacksTo(bytesTold uint64) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		var b bytes.Buffer
		z := archive.NewWriter(&b)
		if _, err := z.CreateRaw(&archive.FileHeader{Name: "xl/worksheets/sheet1.xml", Method: archive.Deflate, UncompressedSize64: bytesTold}); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return keep(t, dir, "list.xlsx", b.String())
	}
}
