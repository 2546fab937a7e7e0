package findings

import (
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// The order of codes names codes that there are.
func TestDangerousCodes(t *testing.T) {
	known := []string{pipeline.CodeRepeats, pipeline.CodeRepeatsOther, pipeline.CodeSharesEmail}
	for _, c := range InputCodes() {
		known = append(known, c.Code)
	}
	for _, code := range dangerousCodes() {
		if !slices.Contains(known, code) {
			t.Errorf("there is no code %s", code)
		}
	}
}

// What may be wrong data comes before what is more frequent, and no cell is shown.
func TestProblemsPage(t *testing.T) {
	files := []source.File{{Name: "list.xlsx", Kind: "xlsx", Mapped: []source.Mapping{{Column: 2, Header: "Mobil", Field: "phoneNumber", Name: "phoneNumber"}}}}
	f := NewCollector()
	add := func(row int, field, code string, warning bool) {
		err := f.Add(ledger.Row{Ordinal: row - 2, Number: row, Findings: []ledger.Finding{{Field: field, Code: code, Warning: warning, Message: "it says so. do this"}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for row := 2; row < 7; row++ {
		add(row, "email", validate.CodeEmailFormat, false)
	}
	add(7, "phoneNumber", validate.CodeExcelRounded, false)
	add(8, "city", validate.CodePhoneCountry, true)
	add(9, "city", "unheard_of", false)
	var p term.Page
	f.AddProblems(&p, files, false, "")
	want := `
Problems  4 kinds, the most dangerous first:
  1  Mobil  Rounded by a spreadsheet (C7) [excel_rounded]
  5  email  Not one plain address (rows 2, 3, 4, ...) [email_format]
  1  city   It says so (row 9) [unheard_of]
  1  city   Warning: number of another country (row 8) [phone_country]
`
	if got := p.Render(term.Layout{}); got != want {
		t.Errorf("%s\nwant%s", got, strings.TrimPrefix(want, "\n"))
	}
}

// The mapping names every field, how its column was found, and how much is filled in.
func TestMappingPage(t *testing.T) {
	files := []source.File{{Name: "list.csv", Header: []string{"First name", "email", "No", "Shoe size"}, Mapped: []source.Mapping{
		{Column: 0, Header: "First name", Field: "firstName", Name: "firstName"}, {Column: 1, Header: "Private", Field: "email", Name: "email"},
		{Column: 2, Header: "No", Name: "No"}, {Column: 3, Header: "Shoe size"}}}}
	f := NewCollector()
	f.Columns.rules = &validate.Rules{Defaults: map[string]string{"accountPurpose": "cards"}}
	f.Columns.countFilled(0, &validate.Raw{FirstName: "Ann", Email: " "})
	f.Columns.countFilled(0, &validate.Raw{FirstName: "Bea", Email: "x"})
	f.RowsPerFile[0] = 2
	var p term.Page
	f.AddMapping(&p, files, map[string]string{"email": "Private"}, false, "")
	got := p.Render(term.Layout{})
	for _, want := range []string{
		"  firstName                 First name   a known name", "2 of 2\n", "  email                     Private      --map", "1 of 2\n",
		"  accountPurpose            -            --default\n", "  lastName                  -            no column\n",
		"  (your own)                No           --id or --carry\n", "  (not read)                1 column     -                Shoe size\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing:\n%s", want, got)
		}
	}
}
