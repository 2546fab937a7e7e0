package session

import (
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// What an operator can do about held rows is said once, whether they are alone, or
// the most or the least among others.
func TestCausesOfHeldRows(t *testing.T) {
	held := ledger.StatusCode{Status: ledger.Invalid, Code: "looks_onboarded"}
	broken := ledger.StatusCode{Status: ledger.Invalid, Field: "email", Code: "email_format"}
	for name, test := range map[string]struct{ held, broken int }{"alone": {8, 0}, "most": {8, 2}, "least": {2, 8}} {
		tally := ledger.Tally{Status: map[ledger.Status]int{ledger.Invalid: test.held + test.broken}, Code: map[ledger.StatusCode]int{held: test.held}}
		if test.broken > 0 {
			tally.Code[broken] = test.broken
		}
		var page term.Page
		AddCauses(&page, tally, report.Advice)
		text := page.Render(term.Layout{})
		if n := strings.Count(text, "--accept looks_onboarded"); n != 1 {
			t.Errorf("%s: said %d times:\n%s", name, n, text)
		}
	}
}
