package report

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
)

// What other programs see of our files. These tests are skipped where the
// programs are not installed.

// browser runs Chromium on a file, and gives what it printed on standard output
// and what it complained of.
func browser(t *testing.T, page string, args ...string) (out, complaints string) {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
		}
	}
	if path == "" || testing.Short() {
		t.Skip("needs Chromium, and some seconds")
	}
	cmd := exec.CommandContext(t.Context(), path, append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
		"--user-data-dir=" + t.TempDir(), "--host-resolver-rules=MAP * ~NOTFOUND"}, append(args, "file://"+filepath.ToSlash(page))...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Skipf("Chromium does not run here: %v", err)
	}
	var lines []string
	for line := range strings.Lines(stderr.String()) {
		if strings.Contains(line, "CONSOLE") {
			lines = append(lines, line)
		}
	}
	return stdout.String(), strings.Join(lines, "")
}

// Chromium shows the page as it was written, its policy stops nothing of our own,
// and on paper it begins on a page and ends on one.
func TestPageInChromium(t *testing.T) {
	t.Parallel()
	dir := booktest.Dir(t)
	page := filepath.Join(dir, "page.html")
	if err := os.WriteFile(page, write(t, HTML, meta(), seq(nil, sample()...)), 0o600); err != nil {
		t.Fatal(err)
	}
	dom, complaints := browser(t, page, "--dump-dom")
	if complaints != "" {
		t.Errorf("it complains:\n%s", complaints)
	}
	for _, want := range []string{"<h1>Onboarding report: staff.csv</h1>", `class="name">all rows</td><td class="number">11</td>`, "<svg"} {
		if !strings.Contains(dom, want) {
			t.Errorf("it does not show %s", want)
		}
	}
	paper := filepath.Join(dir, "page.pdf")
	if _, complaints := browser(t, page, "--print-to-pdf="+paper); complaints != "" {
		t.Errorf("printing, it complains:\n%s", complaints)
	}
	text, err := os.ReadFile(paper)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("/Type /Page\n")); n < 1 || n > 3 {
		t.Errorf("%d pages of paper", n)
	}

	// A page that does load something is complained of: the test would see it.
	bad := filepath.Join(dir, "bad.html")
	if err := os.WriteFile(bad, bytes.Replace(write(t, HTML, meta(), seq(nil)), []byte("<h1>"), []byte(`<script>1</script><h1>`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, complaints := browser(t, bad, "--dump-dom"); !strings.Contains(complaints, "Content Security Policy") {
		t.Errorf("a script that the policy forbids is not noticed: %s", complaints)
	}
}

// What LibreOffice opens and saves has every cell of ours, the chart and the
// links. (Without a window it does not keep frozen panes.)
func TestWorkbookThroughLibreOffice(t *testing.T) {
	t.Parallel()
	path := filepath.Join(booktest.Dir(t), "report.xlsx")
	m := meta()
	m.KYC = true
	if err := os.WriteFile(path, write(t, XLSX, m, seq(nil, sample()...)), 0o600); err != nil {
		t.Fatal(err)
	}
	ours, theirs := booktest.OpenBook(t, path), booktest.OpenBook(t, booktest.ThroughOffice(t, path))
	if !slices.Equal(ours.GetSheetList(), theirs.GetSheetList()) {
		t.Fatalf("sheets %q, were %q", theirs.GetSheetList(), ours.GetSheetList())
	}
	links := 0
	for _, sheet := range ours.GetSheetList() {
		was, err := ours.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		is, err := theirs.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil || len(is) < len(was) {
			t.Fatalf("%s has %d rows, had %d: %v", sheet, len(is), len(was), err)
		}
		for y, row := range was {
			for x, cell := range row {
				got := ""
				if x < len(is[y]) {
					got = is[y][x]
				}
				name, err := excelize.CoordinatesToCellName(x+1, y+1)
				if err != nil {
					t.Fatal(err)
				}
				if got != cell && !sameNumber(got, cell) {
					t.Errorf("%s!%s is %q, was %q", sheet, name, got, cell)
				}
				if linked, _, err := theirs.GetCellHyperLink(sheet, name); err == nil && linked && strings.HasPrefix(cell, "https://") {
					links++
				}
			}
		}
	}
	if links != 2 {
		t.Errorf("%d links can be clicked, want 2", links)
	}
	charts := 0
	theirs.Pkg.Range(func(name, _ any) bool {
		if part, ok := name.(string); ok && strings.HasPrefix(part, "xl/charts/chart") {
			charts++
		}
		return true
	})
	if charts != 1 {
		t.Errorf("%d charts", charts)
	}
}

// sameNumber reports whether two cells differ in spelling alone: 97 and 97.00,
// 0.0909 with more or fewer digits.
func sameNumber(a, b string) bool {
	if a == "" || b == "" || strings.Trim(a+b, "0123456789.") != "" {
		return false
	}
	n := min(len(a), len(b), 12)
	return a[:n] == b[:n] || strings.TrimRight(strings.TrimRight(b, "0"), ".") == a
}
