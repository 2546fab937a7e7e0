package outputs

import (
	"maps"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/report/marking"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx"
)

// What the reader looks for when a rejects file is given back is still in the
// words for its readers, behind the sender's heading.
func TestProblemTextIsReadBack(t *testing.T) {
	h := finance.NewPhrases(marking.HeadingsOf(source.File{Mapped: []source.Mapping{{Header: "Town", Field: "city", Name: "city"}}}))
	for code, said := range map[string]string{"struck_out": xlsx.StruckOutCell, "number_format": xlsx.OtherForm, "formula_uncached": xlsx.MissingResult} {
		r := ledger.Reported{Row: ledger.Row{Verdict: ledger.Invalid, Findings: []ledger.Finding{{Field: "city", Code: code, Message: said + ". Enter the value"}}}, Status: ledger.Invalid}
		if got := strings.ToLower(problemText(&r, h, ledger.Batch{}.Registered)); !strings.Contains(got, "town: "+said) {
			t.Errorf("%s: %s", code, got)
		}
	}
	r := ledger.Reported{Row: ledger.Row{Verdict: ledger.Invalid, Findings: []ledger.Finding{{Code: "struck_out_row", Message: xlsx.StruckOutRow + ". Delete it"}}}, Status: ledger.Invalid}
	if got := strings.ToLower(problemText(&r, h, ledger.Batch{}.Registered)); !strings.Contains(got, xlsx.StruckOutRow) {
		t.Error(got)
	}
}

func TestProblemText(t *testing.T) {
	h := finance.NewPhrases(marking.HeadingsOf(source.File{Mapped: []source.Mapping{{Header: "Mobil", Field: "phoneNumber", Name: "phoneNumber"}, {Header: "Notes"}}}))
	r := ledger.Reported{Row: ledger.Row{Verdict: ledger.Invalid, Findings: []ledger.Finding{
		{Field: "phoneNumber", Code: "required", Message: "is empty. Fill it in, or give a value for all empty cells with --default"},
		{Field: "email", Code: "email_plus_tag", Message: "has a plus tag", Warning: true},
		{Field: "email", Code: pipeline.CodeSharesEmail, Message: "row 3 has the same e-mail", Warning: true},
	}}, Status: ledger.Invalid}
	if got, want := problemText(&r, h, ledger.Batch{}.Registered), "Mobil: This cell is empty. Fill it in. E-mail: Row 3 has the same e-mail."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	r.Status, r.Customer = ledger.Rejected, ledger.Customer{Code: "USER_BLACKLISTED", Message: "the partner refused this row"}
	if got := problemText(&r, h, ledger.Batch{}.Registered); !strings.HasSuffix(got, "The partner refused this row.") {
		t.Errorf("%q", got)
	}
}

// Headings are used where all files have them.
func TestSharedHeadings(t *testing.T) {
	file := func(headings ...string) source.File {
		return source.File{Mapped: []source.Mapping{{Header: headings[0], Name: "email"}, {Header: headings[1], Name: "city"}}}
	}
	if got := SharedHeadings([]source.File{file("Mail", "Ort"), file("Mail", "Town"), file("Mail", "Ort")}); !maps.Equal(got, map[string]string{"email": "Mail"}) {
		t.Errorf("%v", got)
	}
}
