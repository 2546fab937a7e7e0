package main

import (
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli"

	archive "archive/zip"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// awkward is one input of the list of bad and awkward ones, told by its line
// there, and what `validate` says of it: code 2 is a refused file, 3 a row that
// is held back, 0 one that is sent.
type awkward struct {
	line  int
	what  string
	cells []string             // field, value, ... of the second customer: through CSV and through a workbook
	rows  [][]string           // instead: what stands below the headers, through both
	head  []string             // instead of the headers, through both
	text  string               // instead: a whole CSV file
	book  func(*excelize.File) // instead: what is done to a workbook of two good customers
	parts func(map[string]string)
	raw   func(t *testing.T, dir string) string // instead: makes a file and tells its name
	only  string                                // csv or xlsx: the other cannot hold it
	args  []string
	code  int
	says  []string // on standard error; a leading ! = not
}

// goodHeader and good are a sound list.
func goodHeader() []string {
	return []string{"firstName", "lastName", "email", "phoneNumber", "accountPurpose", "ipAddress", "isTermsOfServiceAccepted", "program",
		"walletAddress", "address", "city", "region", "postalCode", "countryCode", "redirectUrl"}
}

func good(n int) []string {
	return []string{"Ann", "Roe", fmt.Sprintf("ann%d@company.com", n), fmt.Sprintf("+49151120009%02d", n), "cards", "203.0.113.9", "TRUE", "custodial",
		"", "", "", "", "", "", ""}
}

func (a awkward) table() [][]string {
	head := goodHeader()
	second := good(2)
	for i := 0; i+1 < len(a.cells); i += 2 {
		second[slices.Index(head, a.cells[i])] = a.cells[i+1]
	}
	rows := [][]string{good(1), second}
	if a.rows != nil {
		rows = a.rows
	}
	if a.head != nil {
		head = a.head
	}
	return append([][]string{head}, rows...)
}

// files are the ways in which the case reaches the program.
func (a awkward) files(t *testing.T, dir string) map[string]string {
	switch {
	case a.raw != nil:
		return map[string]string{"file": a.raw(t, dir)}
	case a.text != "":
		return map[string]string{"csv": keep(t, dir, "list.csv", a.text)}
	case a.book != nil, a.parts != nil:
		return map[string]string{"xlsx": keep(t, dir, "list.xlsx", workbook(t, a.table(), a.book, a.parts))}
	}
	both := map[string]string{"csv": keep(t, dir, "list.csv", csvText(t, a.table())), "xlsx": keep(t, dir, "list.xlsx", workbook(t, a.table(), nil, nil))}
	maps.DeleteFunc(both, func(kind, _ string) bool { return a.only != "" && kind != a.only })
	return both
}

func keep(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func csvText(t *testing.T, rows [][]string) string {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// workbook is a list as an .xlsx file; change works on its cells, parts on the
// texts in its archive.
func workbook(t *testing.T, rows [][]string, change func(*excelize.File), parts func(map[string]string)) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range rows {
		for j, cell := range row {
			at, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err == nil && cell != "" {
				err = f.SetCellStr("Sheet1", at, cell)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if change != nil {
		change(f)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	if parts == nil {
		return b.String()
	}
	z, err := archive.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
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
		texts[f.Name] = string(text)
	}
	parts(texts)
	return zipped(t, texts)
}

func zipped(t *testing.T, texts map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	w := archive.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		f, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(f, texts[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Every line of the list gets what the line says, through CSV and through a
// workbook where both can hold it.
func TestAwkwardInput(t *testing.T) {
	tested := map[int]bool{}
	for _, a := range slices.Concat(awkwardFiles(), awkwardRows(), awkwardCells(), awkwardBooks()) {
		tested[a.line] = true
		t.Run(fmt.Sprintf("line %d/%s", a.line, a.what), func(t *testing.T) {
			for kind, path := range a.files(t, t.TempDir()) {
				var people bytes.Buffer
				code := cli.Run(t.Context(), append(append([]string{"validate"}, a.args...), path), nil, strings.NewReader(""), &people, &people)
				if code != a.code {
					t.Errorf("%s: exit %d, want %d\n%s", kind, code, a.code, &people)
					continue
				}
				saysAll(t, people.String(), a.says)
			}
		})
	}
	const lines = 72 // of the list
	for line := 1; line <= lines; line++ {
		if !tested[line] {
			t.Errorf("line %d has no test", line)
		}
	}
}
