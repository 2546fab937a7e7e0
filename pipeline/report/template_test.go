package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

func templateFields() []TemplateField {
	return []TemplateField{
		{Name: "firstName", Required: true, Rule: "1 to 100 characters.", Example: "Jane", Row: "Example (delete this row)"},
		{Name: "lastName", Required: true, Rule: "1 to 100 characters.", Example: "Doe"},
		{Name: "email", Required: true, Rule: "One plain e-mail address, a different one for each person.", Example: "jane.doe@example.com"},
		{Name: "phoneNumber", Required: true, Rule: "International phone number with + and country code, in a text cell.", Example: "+14155550123"},
		{Name: "accountPurpose", Required: true, Rule: "What the account is for, 1 to 200 characters.", Example: "personal use"},
		{Name: "ipAddress", Required: true, Rule: "Public IPv4 or IPv6 address that the person registered from.", Example: "203.0.113.42"},
		{Name: "isTermsOfServiceAccepted", Required: true, Rule: "TRUE if the person has accepted the terms of service; nobody else can be onboarded.", Example: "TRUE", Choices: []string{"TRUE"}},
		{Name: "program", Required: true, Rule: "custodial or non_custodial.", Example: "custodial", Choices: []string{"custodial", "non_custodial"}},
		{Name: "walletAddress", Rule: "Ethereum address, 0x and 40 hexadecimal digits; needed if program is non_custodial.", Example: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"},
		{Name: "postalCode", Rule: "Optional postal code, in a text cell.", Example: "94105"},
		{Name: "countryCode", Rule: "Optional country as a two-letter code of ISO 3166-1, such as GB.", Example: "US"},
	}
}

func TestTemplateWorkbook(t *testing.T) {
	path := filepath.Join(booktest.Dir(t), "customers.xlsx")
	fields := templateFields()
	written, err := Output{}.Template(t.Context(), path, fields)
	if err != nil || written != path {
		t.Fatal(written, err)
	}
	f := booktest.OpenBook(t, path)
	if got := fmt.Sprint(f.GetSheetList()); got != "[Customers How to fill this in]" || f.GetActiveSheetIndex() != 0 {
		t.Errorf("sheets %s", got)
	}
	rows := booktest.SheetRows(t, f, "Customers")
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	notes := booktest.SheetComments(t, f, "Customers")
	for i, field := range fields {
		if rows[0][i] != field.Name || rows[1][i] != field.exampleCell() {
			t.Errorf("column %d: %q, %q", i, rows[0][i], rows[1][i])
		}
		if note := notes[workbook.CellName(i, 1)]; !strings.Contains(note, field.Rule) || !strings.Contains(note, field.Example) {
			t.Errorf("note on %s: %q", field.Name, note)
		}
		for _, row := range []int{2, 3, templateRows} {
			id, err := f.GetCellStyle("Customers", workbook.CellName(i, row))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.GetStyle(id); err != nil {
				t.Fatal(err)
			}
			if format := f.Styles.CellXfs.Xf[id].NumFmtID; format == nil || *format != 49 {
				t.Errorf("%s, row %d is no text cell", field.Name, row)
			}
		}
	}
	rules, err := f.GetDataValidations("Customers")
	if err != nil || len(rules) != 2 {
		t.Fatalf("%d lists to choose from, %v", len(rules), err)
	}
	for i, want := range []string{`G2:G10001 "TRUE"`, `H2:H10001 "custodial,non_custodial"`} {
		if got := rules[i].Sqref + " " + rules[i].Formula1; got != want {
			t.Errorf("list %q, want %q", got, want)
		}
	}
	if panes, err := f.GetPanes("Customers"); err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("header is not frozen (%v)", err)
	}
	if guide := booktest.SheetRows(t, f, templateGuide); !strings.HasPrefix(guide[0][0], workbook.SheetMark) || !strings.Contains(fmt.Sprint(guide), fields[8].Example) {
		t.Errorf("guide: %q", guide)
	}
}

func TestTemplateNeverReplaces(t *testing.T) {
	dir := booktest.Dir(t)
	for i, want := range []string{"list.csv", "list-2.csv"} {
		written, err := Output{}.Template(t.Context(), filepath.Join(dir, "list.csv"), templateFields()[:4])
		if err != nil || filepath.Base(written) != want {
			t.Fatalf("%d: %s, %v", i, written, err)
		}
		data, err := os.ReadFile(written)
		if text := byteOrderMark + "firstName,lastName,email,phoneNumber\nExample (delete this row),Doe,jane.doe@example.com,+14155550123\n"; err != nil || string(data) != text {
			t.Errorf("%q, %v", data, err)
		}
	}
	for _, name := range []string{"list.html", "list"} {
		if _, err := (Output{}).Template(t.Context(), filepath.Join(dir, name), templateFields()); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	onlyFiles(t, dir, "list.csv", "list-2.csv")
}

// The template keeps its lists, text columns and notes in LibreOffice.
func TestTemplateThroughLibreOffice(t *testing.T) {
	written, err := Output{}.Template(t.Context(), filepath.Join(booktest.Dir(t), "list.xlsx"), templateFields())
	if err != nil {
		t.Fatal(err)
	}
	f := booktest.OpenBook(t, booktest.ThroughOffice(t, written))
	if rules, err := f.GetDataValidations("Customers"); err != nil || len(rules) != 2 {
		t.Errorf("%d lists, %v", len(rules), err)
	}
	if notes := booktest.SheetComments(t, f, "Customers"); len(notes) != len(templateFields()) {
		t.Errorf("notes %q", notes)
	}
	if got := booktest.SheetRows(t, f, "Customers")[1][3]; got != "+14155550123" {
		t.Errorf("phone of the example %q", got)
	}
}
