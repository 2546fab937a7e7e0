package pipeline

import (
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

// A row that repeated another one and is given back stays what it was, unless
// it now has an e-mail that the ledger does not know.
func TestReturnedRows(t *testing.T) {
	known := func(attempts int, differs ...string) ledger.Match {
		return ledger.Match{Claimed: -1, Differs: differs, Customer: &ledger.Customer{ID: 1, Status: ledger.Created, Attempts: attempts}}
	}
	for name, tt := range map[string]struct {
		again bool
		known ledger.Match
		code  string // "" = it claims its customer
	}{
		"other details":   {true, known(1, "phoneNumber", "city"), CodeRepeatsOther},
		"details unknown": {true, known(0), CodeRepeatsOther},
		"corrected":       {true, known(1), CodeRepeats},
		"new e-mail":      {true, ledger.Match{Claimed: -1}, ""},
		"of no such list": {false, known(1, "phoneNumber"), ""},
		"still invalid":   {true, known(1), CodeRepeatsOther},
	} {
		given := validRow(0)
		if name == "still invalid" {
			given.Raw.PhoneNumber = ""
		}
		row := draftRow(&checked{row: given, result: new(validate.Rules).Check(given.Raw)}, validate.Fields())
		decideVerdict(&row, tt.again, &tt.known, func(ledger.Position) string { return "row 1" }, nil)
		code, message := "", ""
		if row.Verdict == ledger.DuplicateInInput {
			code, message = row.Findings[0].Code, row.Findings[0].Message
		}
		if code != tt.code || row.Claims != (tt.code == "") || row.Repeats != -1 {
			t.Errorf("%s: %+v", name, row)
		}
		if fields := strings.Join(tt.known.Differs, ", "); code == CodeRepeatsOther && !strings.Contains(message, fields) {
			t.Errorf("%s: %q does not say %s", name, message, fields)
		}
	}
}
