package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli"
)

// Lists that LibreOffice, Gnumeric and openpyxl wrote, in several encodings
// and as Germans write dates: what each of them does to a list is told by name.
func TestListsOfOtherPrograms(t *testing.T) {
	damaged := []string{"0  ready to send", "6 invalid", "[other_field]", "Missing its leading + (Excel drops it)", "row 5", "[phone_no_country]", "row 6", "[ip_not_public]", "[name_null]",
		"Warning: seems to have lost its leading zero", "--phone-region DE --phone-plus "}
	made := append([]string{"[excel_date]", "column postalCode (cell K6)", "1 cell is made by formulas"}, damaged...)
	lost := append([]string{"row 4", "[bad_encoding]", `are separated by ";"`}, damaged...)
	rich := []string{"hidden sheets with data were not read", "1 row with data is hidden, the first is row 9", "read like the others: Q",
		"row 11 is a total, left out", "repeats row 4", "row 8, column phoneNumber (cell E8): is a date", "[number_rounded]"}
	for _, list := range []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"list.csv", nil, 3, []string{"4  ready to send", "2 invalid", "[phone_no_country]", "[ip_not_public]", "!excel_date"}},
		{"libreoffice-german.xlsx", nil, 3, append([]string{"1 cell is made by formulas"}, damaged...)},
		{"libreoffice-windows-1252.csv", nil, 2, []string{"--encoding windows-1252 ("}},
		{"libreoffice-windows-1252.csv", []string{"--encoding", "windows-1252"}, 3, lost},
		{"libreoffice-cp850.csv", nil, 2, []string{"--encoding cp850 ("}},
		{"libreoffice-cp850.csv", []string{"--encoding", "cp850"}, 3, lost},
		{"libreoffice-utf-16.csv", nil, 3, append([]string{"read as utf-16le", "separated by tabs"}, damaged...)},
		{"gnumeric.xlsx", nil, 3, made},
		{"gnumeric-latin-9.txt", nil, 2, []string{"--encoding"}},
		{"gnumeric-latin-9.txt", []string{"--encoding", "iso-8859-15"}, 3, damaged},
		{"openpyxl-rich.xlsx", nil, 3, []string{"1  ready to send", "the headers are in row 3", "run --sandbox --header-row 3"}},
		{"openpyxl-rich.xlsx", []string{"--header-row", "3"}, 3, append([]string{"1  ready to send", "column email (cell D6): the cell is a formula without a result"}, rich[:2]...)},
		{"libreoffice-rich.xlsx", []string{"--header-row", "3"}, 3, append([]string{"2  ready to send", "3 cells are made by formulas", "!formula_uncached"}, rich[:3]...)},
		{"libreoffice-rich.xlsx", []string{"--header-row", "3"}, 3, rich[3:]},
	} {
		t.Run(list.name+strings.Join(list.args, " "), func(t *testing.T) {
			var people bytes.Buffer
			args := append(append([]string{"validate"}, list.args...), filepath.Join("testdata/office", list.name))
			if code := cli.Run(t.Context(), args, nil, strings.NewReader(""), &people, &people); code != list.code {
				t.Errorf("exit %d, want %d", code, list.code)
			}
			saysAll(t, people.String(), list.says)
		})
	}
}

// saysAll holds a text to what it must say; a leading ! = must not.
func saysAll(t *testing.T, text string, says []string) {
	t.Helper()
	for _, want := range says {
		want, not := strings.CutPrefix(want, "!")
		if strings.Contains(text, want) == not {
			t.Errorf("%q (missing: %t)\n%s", want, !not, text)
		}
	}
}
