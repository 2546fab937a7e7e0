package source

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// TestReportWorkbook: line 32. A report has sheets that would pass for lists.
func TestReportWorkbook(t *testing.T) {
	people := []any{"firstName", "lastName", "email"}
	all := []any{"file", "status", "email", "firstName", "lastName", "serviceId", "verificationUrl", "idempotencyKey"}
	for name, test := range map[string]struct {
		sheets []string
		last   []any // header of the last sheet
		sheet  string
		ours   bool
	}{
		"report":                {[]string{"Summary", "Verification links", "All rows"}, all, "", true},
		"report, sheet named":   {[]string{"Summary", "Verification links", "All rows"}, all, "Verification links", true},
		"sheets of these names": {[]string{"Summary", "All rows"}, people, "All rows", false},
		"no summary":            {[]string{"Customers", "All rows"}, all, "Customers", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := excelize.NewFile()
			err := f.SetSheetName("Sheet1", test.sheets[0])
			for i, sheet := range test.sheets {
				header := people
				if i == len(test.sheets)-1 {
					header = test.last
				}
				_, failed := f.NewSheet(sheet)
				err = errors.Join(err, failed, f.SetSheetRow(sheet, "A1", &header), f.SetSheetRow(sheet, "A2", &[]any{"a", "b", "c"}))
			}
			path := filepath.Join(t.TempDir(), "staff.sandbox.report.xlsx")
			rejects := filepath.Join(filepath.Dir(path), "staff.rejects.xlsx")
			if err := errors.Join(err, f.SaveAs(path), f.Close(), os.WriteFile(rejects, nil, 0o600)); err != nil {
				t.Fatal(err)
			}
			_, err = open(t, Options{Sheet: test.sheet}, nil, path)
			if test.ours {
				refused(t, err, Error{Reason: reportReason, Hint: "staff.rejects.xlsx"})
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFindRejects(t *testing.T) {
	for _, c := range []struct {
		report, exists, want string // exists: separated by blanks
	}{
		{"a.report.csv", "a.rejects.xlsx", "a.rejects.xlsx"},
		{"a.report.xlsx", "a.rejects.csv", "a.rejects.csv"},
		{"a.sandbox.report.csv", "a.rejects.xlsx", "a.rejects.xlsx"},
		{"a.b.report.csv", "a.rejects.xlsx a.b.rejects.xlsx", "a.b.rejects.xlsx"},
		{"a.sandbox.report.csv", "", ""},
		{"a.csv", "a.rejects.xlsx", ""},
		{"-", "", ""},
	} {
		t.Run(c.report, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range strings.Fields(c.exists) {
				if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			report := c.report
			if report != "-" {
				report = filepath.Join(dir, report)
			}
			got := findRejects(report)
			if got != "" {
				got = filepath.Base(got)
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
