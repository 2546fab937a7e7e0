package source

import (
	"bytes"
	"encoding/binary"
	"io"
	"path/filepath"
	"strings"
)

// The kinds of file that are read. Everything else is refused by its own name.
const (
	kindText  = "text"  // CSV and its relatives
	kindGzip  = "gzip"  // text compressed
	kindJSONL = "jsonl" // JSON objects
	kindXLSX  = "xlsx"  // any ZIP that is not known to be something else
)

// foreign is a kind of file that is not read: what it is and what to do.
type foreign struct{ what, hint string }

const (
	exportHint = "Save or export it as .xlsx or .csv"
	resaveHint = "Open it in a spreadsheet program and save it as .xlsx"
	listHint   = "Write its objects one on each line into a .jsonl file, such as with jq -c '.[]'"
	sniffed    = 64 << 10 // bytes looked at from each end of a file
)

// sniffKind returns what a file is, by its first and last bytes; its name does
// not count. For a foreign kind it returns kind "".
func sniffKind(r io.ReaderAt, size int64) (kind string, other foreign, err error) {
	head, err := io.ReadAll(io.NewSectionReader(r, 0, sniffed))
	if err != nil {
		return "", foreign{}, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		tail, err := io.ReadAll(io.NewSectionReader(r, max(0, size-sniffed), sniffed))
		if err != nil {
			return "", foreign{}, err
		}
		if other, found := sniffZIP(bytes.ToLower(head), bytes.ToLower(tail)); found {
			return "", other, nil
		}
		return kindXLSX, foreign{}, nil
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return kindGzip, foreign{}, nil
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		other, err := sniffCompound(r, head, size)
		return "", other, err
	}
	if isJSONObject(head) {
		return kindJSONL, foreign{}, nil
	}
	if other, found := sniffOther(head); found {
		return "", other, nil
	}
	return kindText, foreign{}, nil
}

// sniffZIP finds the ZIP-based formats that are not XLSX. The names of entries
// are uncompressed in the local headers at the front and in the directory at the
// end, so that an archive whose directory may be hostile need not be opened. head
// and tail are lower case.
func sniffZIP(head, tail []byte) (foreign, bool) {
	has := func(name string) bool {
		return bytes.Contains(head, []byte(name)) || bytes.Contains(tail, []byte(name))
	}
	for _, known := range []struct{ part, what, hint string }{
		{"xl/workbook.bin", "a binary Excel workbook (.xlsb)", "Open it in Excel and save it as .xlsx"},
		{"xl/workbook.xml", "", ""}, // whatever is embedded in it
		{"mimetype", "an OpenDocument file (.ods)", "Open it in LibreOffice and save it as .xlsx or .csv"},
		{"index/document.iwa", "an Apple Numbers file (.numbers)", "Open it in Numbers and export it to Excel or CSV"},
		{"index.zip", "an Apple Numbers file (.numbers)", "Open it in Numbers and export it to Excel or CSV"},
		{"word/document.xml", "a Word document", "Put the table into a spreadsheet and save it as .xlsx"},
		{"ppt/presentation.xml", "a PowerPoint file", "Put the table into a spreadsheet and save it as .xlsx"},
	} {
		if has(known.part) {
			return foreign{known.what, known.hint}, known.what != ""
		}
	}
	return foreign{}, false
}

// sniffCompound returns whether this is an old Excel file or a workbook with a
// password. Both are OLE compound files; only the second has a stream
// EncryptedPackage. Where rights are managed, names such as DRMEncryptedTransform
// and DRMContent are in it too.
// Source: [MS-CFB] 2.2 (header: sector shift at 30, first directory sector at 48).
func sniffCompound(r io.ReaderAt, head []byte, size int64) (foreign, error) {
	if len(head) >= 52 {
		shift := binary.LittleEndian.Uint16(head[30:])
		sector := binary.LittleEndian.Uint32(head[48:])
		if at := (int64(sector) + 1) << min(shift, 16); at < size {
			directory, err := io.ReadAll(io.NewSectionReader(r, at, 8<<10))
			if err != nil {
				return foreign{}, err
			}
			if bytes.Contains(directory, inUTF16("DRM")) {
				return foreign{"a workbook whose rights are managed, by a permission or a sensitivity label",
					"Open it in Excel with an account that may change its permissions, choose File, Info, Protect Workbook, Unrestricted Access (or another label), and save it"}, nil
			}
			if bytes.Contains(directory, inUTF16("EncryptedPackage")) {
				return foreign{"a password-protected workbook", "Open it, remove the password, and save it as .xlsx"}, nil
			}
		}
	}
	return foreign{"an old Excel file (.xls), or an encrypted one", "Open it in Excel or LibreOffice and save it as .xlsx"}, nil
}

// inUTF16 returns ASCII text as the names in a compound file are written.
func inUTF16(text string) []byte {
	var wide []byte
	for _, c := range []byte(text) {
		wide = append(wide, c, 0)
	}
	return wide
}

// isJSONObject reports whether a text begins with a JSON object.
func isJSONObject(head []byte) bool {
	text := bytes.TrimLeft(bytes.TrimPrefix(head[:min(len(head), 512)], []byte("\xef\xbb\xbf")), " \t\r\n")
	inside, found := bytes.CutPrefix(text, []byte("{"))
	inside = bytes.TrimLeft(inside, " \t\r\n")
	return found && len(inside) > 0 && (inside[0] == '"' || inside[0] == '}')
}

// sniffOther finds other formats that have been given for a customer list by
// mistake.
func sniffOther(head []byte) (foreign, bool) {
	text := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head[:min(len(head), 512)], []byte("\xef\xbb\xbf")), " \t\r\n"))
	if bytes.HasPrefix(text, []byte("<!--")) {
		_, text, _ = bytes.Cut(text, []byte("-->"))
		text = bytes.TrimLeft(text, " \t\r\n")
	}
	for _, known := range []struct{ magic, what, hint string }{
		{"%PDF-", "a PDF document", "Ask for the spreadsheet that it was made from"},
		{"{\\rtf", "an RTF document", exportHint},
		{"\x09\x02\x06\x00", "an old Excel file (.xls)", "Open it in Excel or LibreOffice and save it as .xlsx"},
		{"\x09\x04\x06\x00", "an old Excel file (.xls)", "Open it in Excel or LibreOffice and save it as .xlsx"},
		{"\x09\x08\x10\x00", "an old Excel file (.xls)", "Open it in Excel or LibreOffice and save it as .xlsx"},
		{"SQLite format 3\x00", "a database file", exportHint},
		{"PAR1", "a Parquet file", exportHint},
		{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it first"},
		{"Rar!\x1a\x07", "a RAR archive", "Unpack it first"},
		{"BZh", "a bzip2 archive", "Unpack it first; .csv.gz can be read as it is"},
		{"\xfd7zXZ\x00", "an xz archive", "Unpack it first; .csv.gz can be read as it is"},
		{"\x28\xb5\x2f\xfd", "a zstd archive", "Unpack it first; .csv.gz can be read as it is"},
		{"\x89PNG\r\n", "a picture", exportHint},
		{"\xff\xd8\xff", "a picture", exportHint},
		{"\x7fELF", "a program", exportHint},
		{"ID;PWXL;", "a SYLK file (.slk)", resaveHint},
		{"ID;PCALC", "a SYLK file (.slk)", resaveHint},
		{"TABLE\r\n0,1\r\n", "a DIF file", resaveHint},
		{"TABLE\n0,1\n", "a DIF file", resaveHint},
		{"BEGIN:VCARD", "a vCard file", exportHint},
		{"<!doctype html", "an HTML page", resaveHint},
		{"<html", "an HTML page", resaveHint},
		{"<table", "an HTML table", resaveHint},
		{"<meta ", "an HTML page", resaveHint},
		{"<?xml", "an XML file", resaveHint},
		{`[{`, "a JSON file", listHint},
		{"[\n", "a JSON file", listHint},
		{"[\r\n", "a JSON file", listHint},
	} {
		if bytes.HasPrefix(head, []byte(known.magic)) || bytes.HasPrefix(text, []byte(known.magic)) {
			return foreign{known.what, known.hint}, true
		}
	}
	return foreign{}, false
}

// contradictsName reports whether a file is named for something else than its
// content, and what to do. Names without a known ending promise nothing.
func contradictsName(name, kind string) (hint string, wrong bool) {
	promised := map[string]string{".csv": kindText, ".tsv": kindText, ".txt": kindText, ".tab": kindText, ".gz": kindGzip, ".jsonl": kindJSONL, ".ndjson": kindJSONL,
		".xlsx": kindXLSX, ".xlsm": kindXLSX, ".xltx": kindXLSX, ".xltm": kindXLSX,
		".xls": "other", ".xlsb": "other", ".ods": "other", ".numbers": "other"}[filepath.Ext(strings.ToLower(name))]
	if kind == kindJSONL && promised != kind {
		return "If it has one object on each line, give it a name that ends in .jsonl", true
	}
	if promised == "" || promised == kind {
		return "", false
	}
	ending := map[string]string{kindText: ".csv", kindGzip: ".csv.gz", kindXLSX: ".xlsx", kindJSONL: ".jsonl"}[kind]
	return "Give it a name that ends in " + ending + ", or save it again in the format it is named for", true
}

// describeKind names a kind for a message.
func describeKind(kind string) string {
	return map[string]string{kindXLSX: "an Excel workbook (.xlsx)", kindGzip: "a gzip file", kindText: "a text file (.csv)", kindJSONL: "a JSON file"}[kind]
}
