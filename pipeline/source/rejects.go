package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx"
)

// OriginColumn is the header of a rejects file under which each row has its place in
// the first list, "17" or "b.csv, row 17". It is always among Input.Carried.
const OriginColumn = "onboard_row"

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
		for _, lost := range []struct{ code, what string }{{"excel_rounded", xlsx.RoundedForm}, {"struck_out", xlsx.StruckOutCell}, {"number_format", xlsx.OtherForm}, {"formula_uncached", xlsx.MissingResult}} {
			if isSaid(lost.what) {
				found = append(found, Issue{Column: column, Code: lost.code, Message: lost.what + fill})
			}
		}
	}
	return found
}

const reportReason = "this is a report of an earlier run, not a list of customers"

// isReport recognises our own report by columns that no list of customers has.
func isReport(header []string) bool {
	ours := []string{"idempotencyKey", "verificationUrl", "serviceId", "status"}
	return !slices.ContainsFunc(ours, func(name string) bool { return findColumn(header, name) < 0 })
}

// reportHint returns which file to give instead of a report.
func reportHint(report string) string {
	rejects := "the rejects file that was written next to the input"
	if name := findRejects(report); name != "" {
		rejects = "the rejects file " + table.DisplayName(name)
	}
	return "Name " + rejects + ", which has the rows to correct, or the original list"
}

// findRejects returns the rejects file that goes with a report, by its name: the
// name of a report may have the environment in it, which that of a rejects file
// has not. "" = there is none.
func findRejects(report string) string {
	base, ours := strings.CutSuffix(strings.TrimSuffix(report, filepath.Ext(report)), ".report")
	if report == "-" || !ours {
		return ""
	}
	for _, stem := range []string{base, strings.TrimSuffix(base, filepath.Ext(base))} {
		for _, ext := range []string{".xlsx", ".csv"} {
			name := stem + ".rejects" + ext
			if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
				return name
			}
		}
	}
	return ""
}

// isReportBook recognises a report of ours. Some of its sheets would pass for
// lists of customers, so it is looked for before one is chosen.
func isReportBook(book *xlsx.Workbook) (bool, error) {
	if sheets := book.Sheets(); len(sheets) == 0 || sheets[0].Name != "Summary" {
		return false, nil
	}
	sheet, ok := book.SheetByName("All rows")
	if !ok || !sheet.HasCells() {
		return false, nil
	}
	first, err := book.FirstRow(sheet)
	return err == nil && isReport(first), err
}
