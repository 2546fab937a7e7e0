package booktest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/xuri/excelize/v2"
)

// OpenBook opens a workbook until the test ends.
func OpenBook(t testing.TB, path string) *excelize.File {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// SheetRows returns the rows of a sheet.
func SheetRows(t testing.TB, f *excelize.File, name string) [][]string {
	t.Helper()
	rows, err := f.GetRows(name)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// SheetComments returns the comments of a sheet by cell, as "author|text".
func SheetComments(t testing.TB, f *excelize.File, sheet string) map[string]string {
	t.Helper()
	list, err := f.GetComments(sheet)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, c := range list {
		text := c.Text
		for _, run := range c.Paragraph {
			text += run.Text
		}
		if _, twice := all[c.Cell]; twice {
			t.Errorf("cell %s has two comments", c.Cell)
		}
		all[c.Cell] = c.Author + "|" + text
	}
	return all
}

// ThroughOffice opens a workbook in LibreOffice and saves it as .xlsx.
func ThroughOffice(t testing.TB, path string) string {
	t.Helper()
	office, err := exec.LookPath("soffice")
	if err != nil || testing.Short() {
		t.Skip("needs LibreOffice, and some seconds")
	}
	dir := Dir(t)
	cmd := exec.CommandContext(t.Context(), office, "-env:UserInstallation=file://"+filepath.ToSlash(filepath.Join(dir, "profile")),
		"--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", filepath.Join(dir, "out"), path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("LibreOffice does not run here: %v, %s", err, out)
	}
	saved := filepath.Join(dir, "out", filepath.Base(path))
	if _, err := os.Stat(saved); err != nil {
		t.Fatal(err)
	}
	return saved
}
