package source

import "strings"

// repeatedRow is what a rejects file says of a row that repeats another one.
const repeatedRow = "duplicate_in_input"

// sharedMark ends the problem of an invalid row in a rejects file whose e-mail
// belongs to a valid row of the first list: once it is mended it repeats that row.
const sharedMark = "[shares_email]"

// A rejects file holds text only: no lines through cells and no number formats.
// What the reader said about them in the first list stays in onboard_problem,
// and holds until the cell is filled in or the message is cleared. These begin
// the messages.
const (
	struckOutRow  = "the row is struck out"
	struckOutCell = "text in the cell is struck out"
	unlikeShown   = "the sheet shows this number in another form"
	uncalculated  = "the cell is a formula without a result"
)

// unsettled notes what a row of a rejects file had wrong with it and still has.
func (f *file) unsettled(cells []string) []Issue {
	said := strings.ToLower(cells[f.problem])
	if said == "" {
		return nil
	}
	var found []Issue
	if strings.Contains(said, struckOutRow) {
		found = append(found, Issue{Column: -1, Code: "struck_out_row",
			Message: struckOutRow + " in the list it comes from. delete it, or clear its onboard_problem if the customer is to be onboarded"})
	}
	for column, m := range f.mapped {
		if m.Name == "" || strings.TrimSpace(cells[column]) != "" {
			continue
		}
		about := strings.ToLower(m.Name) + ": "
		const fill = " in the list it comes from. enter the value, or clear onboard_problem if there is none"
		if strings.Contains(said, about+struckOutCell) {
			found = append(found, Issue{Column: column, Code: "struck_out", Message: struckOutCell + fill})
		}
		if strings.Contains(said, about+unlikeShown) {
			found = append(found, Issue{Column: column, Code: "number_format", Message: unlikeShown + fill})
		}
		if strings.Contains(said, about+uncalculated) {
			found = append(found, Issue{Column: column, Code: "formula_uncached", Message: uncalculated + fill})
		}
	}
	return found
}
