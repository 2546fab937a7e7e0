package source

import (
	"os"
	"path/filepath"
	"strings"
)

const reportReason = "this is a report of an earlier run, not a list of customers"

// isReport recognises our own report by columns that no list of customers has.
func isReport(header []string) bool {
	for _, name := range []string{"idempotencyKey", "verificationUrl", "serviceId", "status"} {
		if find(header, name) < 0 {
			return false
		}
	}
	return true
}

// reportHint says what to give in place of a report.
func reportHint(report string) string {
	rejects := "the rejects file that was written beside the input"
	if name := rejectsBeside(report); name != "" {
		rejects = "the rejects file " + displayName(name)
	}
	return "Give " + rejects + ", which holds what is to be corrected, or the original list"
}

// rejectsBeside finds the rejects file that goes with a report, by its name: a
// report may have the environment in it, which rejects have not. "" = it is
// not there.
func rejectsBeside(report string) string {
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

// isReport recognises a report of ours. Some of its sheets would pass for
// lists of customers, so it is looked for before one is chosen.
func (b *workbook) isReport() (bool, error) {
	if len(b.sheets) == 0 || b.sheets[0].name != "Summary" {
		return false, nil
	}
	sheet, ok := b.named("All rows")
	if !ok || sheet.part == "" {
		return false, nil
	}
	first, err := b.firstCells(sheet)
	return err == nil && isReport(first), err
}
