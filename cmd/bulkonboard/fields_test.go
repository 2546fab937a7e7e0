package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/intake"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// A sixteenth line of the table of fields is read from a list's header and is a
// column of the template.
func TestSixteenthField(t *testing.T) {
	table := append(validate.Fields(), validate.Field{Name: "nickName", Rule: "Optional short name.", Example: "Jay"})
	path := filepath.Join(t.TempDir(), "list.csv")
	if _, err := (report.Output{}).Template(t.Context(), path, templateFields(table)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := strings.Cut(string(text), "\n")
	if !strings.HasSuffix(strings.TrimSpace(header), "countryCode,nickName") {
		t.Errorf("the template's header is %s", header)
	}
	in, err := source.Open(t.Context(), []string{"-"}, bytes.NewReader(text), source.Options{Fields: intake.Fields(table)})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	rows, err := in.Rows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	cells := make([]source.Row, 1)
	if n, err := rows.Read(cells); n != 1 || err != nil {
		t.Fatalf("%d rows, %v", n, err)
	}
	if last := len(cells[0].Names) - 1; cells[0].Names[last] != "nickName" || cells[0].Values[last] != "Jay" {
		t.Errorf("read %q as %q", cells[0].Values, cells[0].Names)
	}
}
