package source

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx/xlsxtest"
)

// TestHostileDamagedLater: a workbook that is damaged after it was opened, at
// its first or a later reading.
func TestHostileDamagedLater(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "xlsx", "libreoffice-customers.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		for _, after := range []int{0, 1, 2} {
			path := filepath.Join(t.TempDir(), "list.xlsx")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			in, err := Open(t.Context(), []string{path}, nil, Options{Fields: []Field{{Name: "email"}}})
			if err != nil {
				t.Fatal(err)
			}
			for range after {
				if err := readThrough(t, in); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(path, xlsxtest.Patch(t, data, f.Name, func(entry []byte) { binary.LittleEndian.PutUint32(entry[16:], 7) }), 0o600); err != nil {
				t.Fatal(err)
			}
			var e *Error
			if err := readThrough(t, in); !errors.As(err, &e) || e.File != path {
				t.Errorf("%s damaged after %d readings: %v", f.Name, after, err)
			}
			if err := in.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func readThrough(t *testing.T, in *Input) error {
	t.Helper()
	rows, err := in.Rows(t.Context())
	if err != nil {
		return err
	}
	defer rows.Close()
	for buf := make([]Row, 8); ; {
		if _, err := rows.Read(buf); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// TestCompoundFiles: lines 55 and 56, as LibreOffice writes them.
func TestCompoundFiles(t *testing.T) {
	for name, reason := range map[string]string{"old.xls": "old Excel file", "opendocument.ods": "OpenDocument", "password.xlsx": "password-protected"} {
		_, err := open(t, Options{}, nil, filepath.Join("testdata", "xlsx", name))
		refused(t, err, Error{Reason: reason})
	}
}

// A workbook whose rights are managed is a compound file like one with a password, but
// for the names in its directory ([MS-OFFCRYPTO] 2.2.11).
func TestRightsManaged(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "xlsx", "password.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	const password, rights = "EncryptionInfo", "\tDRMContent\x00\x00\x00"
	managed := bytes.Replace(data, inUTF16(password), inUTF16(rights), 1)
	if bytes.Equal(managed, data) {
		t.Fatal("the workbook with a password has no such name")
	}
	_, err = open(t, Options{}, nil, write(t, "a.xlsx", string(managed)))
	refused(t, err, Error{Reason: "rights are managed", Hint: "Unrestricted Access"})
}

// TestNoWorkbook: line 55, packages and texts that are named for a workbook.
func TestNoWorkbook(t *testing.T) {
	for name, c := range map[string]struct {
		data   []byte
		reason string
	}{
		"text":         {[]byte("email,name\na@example.com,Jane\n"), "text file"},
		"web page":     {[]byte("<html><table></table></html>"), "HTML"},
		"ods":          {xlsxtest.Pack(t, [2]string{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}, [2]string{"content.xml", "<a/>"}), "OpenDocument"},
		"xlsb":         {xlsxtest.Pack(t, [2]string{"[Content_Types].xml", "<Types/>"}, [2]string{"xl/workbook.bin", "x"}), ".xlsb"},
		"numbers":      {xlsxtest.Pack(t, [2]string{"Index/Document.iwa", "x"}), "Numbers"},
		"word":         {xlsxtest.Pack(t, [2]string{"[Content_Types].xml", "<Types/>"}, [2]string{"word/document.xml", "<a/>"}), "Word"},
		"presentation": {xlsxtest.Pack(t, [2]string{"[Content_Types].xml", "<Types/>"}, [2]string{"PPT/Presentation.xml", "<a/>"}), "PowerPoint"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, Options{}, nil, write(t, "a.xlsx", string(c.data)))
			refused(t, err, Error{Reason: c.reason})
		})
	}
}
