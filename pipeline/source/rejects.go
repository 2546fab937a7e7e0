package source

import (
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx"
)

// repeatedRow is what a rejects file says of a row that repeats another one.
const repeatedRow = "duplicate_in_input"

// sharedMark ends the problem of an invalid row in a rejects file whose e-mail
// belongs to a valid row of the first list: once it is corrected it repeats that
// row.
const sharedMark = "[shares_email]"

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
			Message: xlsx.StruckOutRow + " in the list it comes from. delete it, or clear its onboard_problem if the customer is to be onboarded"})
	}
	for column, m := range f.mapped {
		if m.Name == "" || strings.TrimSpace(cells[column]) != "" {
			continue
		}
		about := strings.ToLower(m.Name) + ": "
		const fill = " in the list it comes from. enter the value, or clear onboard_problem if there is none"
		for _, lost := range []struct{ code, what string }{{"struck_out", xlsx.StruckOutCell}, {"number_format", xlsx.OtherForm}, {"formula_uncached", xlsx.MissingResult}} {
			if strings.Contains(said, about+lost.what) {
				found = append(found, Issue{Column: column, Code: lost.code, Message: lost.what + fill})
			}
		}
	}
	return found
}
