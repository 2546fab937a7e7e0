package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli"
)

// The cases of silent wrong data that the reader of files is to notice, as the
// command tells them.
func TestCasesOfReading(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"s01-quote-pair-chimera.csv", nil, 2, []string{"row 3, column D", "opened on line 3"}},
		{"s02-never-calculated.xlsx", nil, 3, []string{"1  ready to send", "1 invalid", "cell A2", "cell J2", "[formula_uncached]", "not calculated yet"}},
		{"s03-windows-1250.csv", nil, 2, []string{"--encoding windows-1250 (Jósef, Wiśniewski", "!1252"}},
		{"s03-windows-1250.csv", []string{"--encoding", "windows-1252"}, 2, []string{"line 2", "--encoding windows-1250 ("}},
		{"s03-windows-1250.csv", []string{"--encoding", "windows-1250"}, 0, []string{"2  ready to send"}},
		{"s03-windows-1251.csv", nil, 2, []string{"--encoding windows-1251 (Иван"}},
		{"s03-windows-1251.csv", []string{"--encoding", "windows-1252"}, 2, []string{"--encoding windows-1251 (Иван"}},
		{"s05-number-format-postal.xlsx", nil, 0, []string{"3  ready to send", "3 cells are read as the number format shows them", "!postal_zero_lost"}},
		{"s09-equals-quote.csv", nil, 0, []string{"2  ready to send", "(row 2) [marks_removed]", "(row 3) [marks_removed]", "[marks_removed]"}},
		{"s10-struck-out-text.xlsx", nil, 3, []string{"1  ready to send", "2 invalid", "cell B2", "cell L3", "[struck_out]"}},
		{"s12-house-number-column.csv", nil, 0, []string{`"House number" is not read, but seems to hold a part of address`}},
		{"s13-estado-is-status.csv", nil, 0, []string{`"Estado" is not read as region`, "!--map"}},
		{"s15-serial-day-number.xlsx", []string{"--send", "dateOfBirth=dateOfBirth"}, 3, []string{"1  ready to send", "1 invalid", "cell N2", "[date_number]"}},
	} {
		t.Run(c.name+strings.Join(c.args, " "), func(t *testing.T) {
			var people bytes.Buffer
			args := append(append([]string{"validate"}, c.args...), filepath.Join("../../pipeline/source/testdata/cases", c.name))
			if code := cli.Run(t.Context(), args, nil, strings.NewReader(""), &people, &people); code != c.code {
				t.Errorf("exit %d, want %d", code, c.code)
			}
			saysAll(t, people.String(), c.says)
		})
	}
}
