package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// invalidRows are rows with several problems each.
func invalidRows() []ledger.Reported {
	phone := ledger.Finding{Field: "phoneNumber", Code: "phone_no_country", Message: "has no country code. Write it with + and country code, or name the country of all such numbers with --phone-region"}
	terms := ledger.Finding{Field: "isTermsOfServiceAccepted", Code: "terms_not_accepted", Message: "does not say that the terms of service were accepted"}
	empty := ledger.Finding{Field: "countryCode", Code: "required", Message: "is empty. Fill it in, or give a value for all empty cells with --default"}
	odd := ledger.Finding{Field: "phoneNumber", Code: "phone_country", Message: "is of another country than countryCode says", Warning: true}
	var rows []ledger.Reported
	for i, findings := range [][]ledger.Finding{{phone, terms}, {terms, empty, odd}, {phone, terms, empty}} {
		rows = append(rows, ledger.Reported{Row: ledger.Row{Number: i + 2, Verdict: ledger.Invalid, Findings: findings, Repeats: -1}, Status: ledger.Invalid})
	}
	changed := sample()[1]
	return append(rows, changed)
}

// Finance's papers name the sender's headings, and neither flags nor the names
// of the partner's API.
func TestPapersAreForFinance(t *testing.T) {
	m := meta()
	m.Headings = finance.Headings{"isTermsOfServiceAccepted": "AGB akzeptiert", "phoneNumber": "Mobil"}
	f, _ := openReport(t, workbookLimits{workbook.MaxRows, workbook.MaxLinks}, m, seq(nil, invalidRows()...))
	technical := regexp.MustCompile(`--[a-z]|bulkonboard [a-z]|isTerms|phoneNumber|countryCode|serviceId`)
	papers := string(write(t, HTML, m, seq(nil, invalidRows()...)))
	papers = papers[strings.Index(papers, "<body>"):]
	for _, sheet := range f.GetSheetList() {
		rows := booktest.SheetRows(t, f, sheet)
		if sheet == "All rows" {
			rows = rows[1:] // its columns are those of the CSV report
		}
		papers += fmt.Sprint(rows)
	}
	if found := technical.FindString(papers); found != "" {
		t.Errorf("papers have %q", found)
	}
	for _, want := range []string{"AGB akzeptiert: not accepted", "Mobil: no country code", "Country: missing", "Write the number with + and the country code", `another country than &#34;Country&#34;`} {
		if !strings.Contains(papers, want) && !strings.Contains(papers, strings.ReplaceAll(want, "&#34;", `"`)) {
			t.Errorf("papers lack %q", want)
		}
	}
}

// A sheet without the columns field and code names them in the message.
func TestNameColumns(t *testing.T) {
	for _, tt := range []struct{ fields, messages, want string }{
		{"", "", ""},
		{"", "Row 2 has it.", "Row 2 has it."},
		{"Mobil", "This cell is empty.", "Mobil: This cell is empty."},
		{"; Land; Mobil", "This row is odd; Write GB; This cell is empty (line 7)", "This row is odd\nLand: Write GB\nMobil: This cell is empty (line 7)"},
	} {
		if got := nameColumns(tt.fields, tt.messages); got != tt.want {
			t.Errorf("%q, %q: %q, want %q", tt.fields, tt.messages, got, tt.want)
		}
	}
}

// Every place that counts causes counts the same.
func TestCausesAgree(t *testing.T) {
	rows := invalidRows()
	var counted ledger.Tally
	for _, r := range rows {
		counted.Count(r)
	}
	own := newTally(Meta{})
	for i := range rows {
		own.add(&rows[i])
	}
	for _, c := range own.sortedCauses() {
		want := counted.Code[ledger.StatusCode{Status: c.Status, Field: c.Field, Code: c.Code}]
		if c.Code == detailsChanged {
			want = counted.Changed
		}
		if c.Count != want {
			t.Errorf("%+v, want %d", c, want)
		}
	}
	if len(own.causes) != len(counted.Code)+1 {
		t.Errorf("causes %v, want those of %v", own.causes, counted.Code)
	}
	f, _ := openReport(t, workbookLimits{workbook.MaxRows, workbook.MaxLinks}, meta(), seq(nil, rows...))
	var headings []string
	for _, row := range booktest.SheetRows(t, f, "Needs attention")[1:] {
		if row[1] == "" {
			headings = append(headings, row[0]+" "+row[7])
		}
	}
	want := []string{"Terms of service accepted: not accepted 3 rows", "Country: missing 2 rows", "Phone number: no country code 2 rows", "changed since it was sent 1 row"}
	if !slices.Equal(headings, want) {
		t.Errorf("headings %q, want %q", headings, want)
	}
}
