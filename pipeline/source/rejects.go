package source

import (
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx"
)

// repeatedRow is what a rejects file says of a row that repeats another one.
const repeatedRow = "duplicate_in_input"

// SharesEmail ends the problem of an invalid row in a rejects file whose e-mail
// belongs to a valid row of the first list: once it is corrected it repeats that
// row. Readers of the file see it.
const SharesEmail = "(another row of the list has this e-mail)"

// formerSharesEmail is what earlier versions wrote.
const formerSharesEmail = "[shares_email]"

// repeatsOnceCorrected reports whether a row of a rejects file repeats another
// one as soon as it is correct.
func (f *file) repeatsOnceCorrected(row *Row, cells []string) bool {
	problem := strings.TrimSpace(cells[f.problem])
	return row.Was == repeatedRow || strings.HasSuffix(problem, SharesEmail) || strings.HasSuffix(problem, formerSharesEmail)
}

// findUnsettled returns what a row of a rejects file had wrong with it and still
// has. The file holds text only, without lines through cells and number formats:
// what the reader said about them in the first list is in onboard_problem, and
// holds until the cell is filled in or the message is cleared.
func (f *file) findUnsettled(cells []string) []Issue {
	said := strings.ToLower(cells[f.problem])
	if said == "" {
		return nil
	}
	var found []Issue
	if strings.Contains(said, xlsx.StruckOutRow) {
		found = append(found, Issue{Column: -1, Code: "struck_out_row",
			Message: xlsx.StruckOutRow + " in the list it comes from. Delete it, or clear its onboard_problem if the customer is to be onboarded"})
	}
	for column, m := range f.mapped {
		if m.Name == "" || strings.TrimSpace(cells[column]) != "" {
			continue
		}
		isSaid := func(what string) bool {
			return strings.Contains(said, strings.ToLower(strings.TrimSpace(m.Header))+": "+what) || strings.Contains(said, strings.ToLower(m.Name)+": "+what)
		}
		const fill = " in the list it comes from. Enter the value, or clear onboard_problem if there is none"
		for _, lost := range []struct{ code, what string }{{"struck_out", xlsx.StruckOutCell}, {"number_format", xlsx.OtherForm}, {"formula_uncached", xlsx.MissingResult}} {
			if isSaid(lost.what) {
				found = append(found, Issue{Column: column, Code: lost.code, Message: lost.what + fill})
			}
		}
	}
	return found
}
