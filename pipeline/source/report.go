package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx"
)

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
