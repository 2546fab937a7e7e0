package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// office saves a file in another format with LibreOffice, as a person would.
func office(t *testing.T, dir, name, as string) string {
	t.Helper()
	program, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice is not installed")
	}
	out := filepath.Join(dir, "saved")
	c := exec.CommandContext(t.Context(), program, "--headless", "-env:UserInstallation=file://"+filepath.Join(t.TempDir(), "profile"),
		"--convert-to", as, "--outdir", out, filepath.Join(dir, name))
	text, err := c.CombinedOutput()
	format, _, _ := strings.Cut(as, ":")
	saved := filepath.Join(out, strings.TrimSuffix(name, filepath.Ext(name))+"."+format)
	if _, missing := os.Stat(saved); err != nil || missing != nil {
		t.Fatalf("LibreOffice: %v\n%s", err, text)
	}
	return saved
}

// twoMistakes has a good row, one without phone country, one without e-mail.
const twoMistakes = `firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program,note
Ann,Roe,ann@example.com,+4915112000901,cards,203.0.113.9,TRUE,custodial,kept
Bea,Roe,bea@example.com,015112000902,cards,203.0.113.9,TRUE,custodial,=1+1
Cid,Roe,,+4915112000903,cards,203.0.113.9,TRUE,custodial,007
`

// The rejects file, mended in LibreOffice and saved as a workbook or as CSV,
// sends the mended row and no other; a file that a person changed is never
// written over.
func TestRejectsThroughLibreOffice(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("LibreOffice takes seconds to start")
	}
	for _, as := range []string{"xlsx", "csv"} {
		t.Run(as, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "in.csv"), []byte(twoMistakes), 0o600); err != nil {
				t.Fatal(err)
			}
			sends(t, dir, 3, `"sent":1,`, "in.csv")
			mend(t, filepath.Join(dir, "in.rejects.xlsx"), "015112000902", "+4915112000902")
			saved := office(t, dir, "in.rejects.xlsx", map[string]string{"xlsx": "xlsx", "csv": "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"}[as])
			back := filepath.Join(dir, "in.rejects."+as)
			if err := os.Rename(saved, back); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(back)
			if err != nil {
				t.Fatal(err)
			}
			// Bea is mended; Cid has no e-mail still, which was told before.
			sends(t, dir, 0, `"sent":1,`, "in.rejects."+as)
			if after, err := os.ReadFile(back); err != nil || string(after) != string(before) {
				t.Errorf("the file that was handed in has changed: %v", err)
			}
			if left := sheet(t, filepath.Join(dir, "in.rejects.rejects.xlsx")); len(left) != 2 || left[0][0] != "onboard_row" || left[1][0] != "4" {
				t.Errorf("the row left does not name its place in the first list: %q", left)
			}
			// The first input again: its rejects file was changed by a person.
			sends(t, dir, 0, `"sent":0,`, "in.csv")
			if as == "xlsx" {
				if after, err := os.ReadFile(back); err != nil || string(after) != string(before) {
					t.Errorf("a file that a person changed was written over: %v", err)
				}
				cells := sheet(t, filepath.Join(dir, "in.rejects-2.xlsx"))
				if len(cells) != 2 || !slices.Contains(cells[1], "4") {
					t.Errorf("the rows left are not those of origin row 4: %q", cells)
				}
			}
		})
	}
}

// The annotated workbook of a run goes back in as it is.
func TestAnnotatedThroughLibreOffice(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("LibreOffice takes seconds to start")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in.csv"), []byte(twoMistakes), 0o600); err != nil {
		t.Fatal(err)
	}
	sends(t, dir, 3, `"sent":1,`, "--annotate", "marked.xlsx", "in.csv")
	cells := sheet(t, filepath.Join(dir, "marked.xlsx"))
	if head := strings.Join(cells[0], ","); !strings.HasSuffix(head, "onboard_status,onboard_link,onboard_problem") {
		t.Errorf("headers: %s", head)
	}
	if row := strings.Join(cells[1], ","); !strings.Contains(row, "created") || !strings.Contains(row, "https://") {
		t.Errorf("the row that was created has no status and link")
	}
	mend(t, filepath.Join(dir, "marked.xlsx"), "015112000902", "+4915112000902")
	saved := office(t, dir, "marked.xlsx", "xlsx")
	sends(t, dir, 0, `"sent":1,`, saved)
}

// So does a workbook with all that people have in theirs, and keeps what is
// harmless of it.
func TestRichAnnotatedThroughLibreOffice(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("LibreOffice takes seconds to start")
	}
	dir := t.TempDir()
	data, err := os.ReadFile("testdata/office/libreoffice-rich.xlsx")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "rich.xlsx"), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	sends(t, dir, 3, `"sent":2,`, "--header-row", "3", "--id", "Customer No.", "--annotate", "marked.xlsx", "rich.xlsx")
	mend(t, filepath.Join(dir, "marked.xlsx"), "14155550124", "+14155550124")
	saved := office(t, dir, "marked.xlsx", "xlsx")
	sends(t, dir, 0, `"sent":1,`, "--header-row", "3", "--id", "Customer No.", saved)
	f, err := excelize.OpenFile(saved)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list := f.GetSheetName(0)
	if formula, err := f.GetCellFormula(list, "B6"); err != nil || formula != "" {
		t.Errorf("formula %q, %v", formula, err)
	}
	if choices, err := f.GetDataValidations(list); err != nil || len(choices) != 1 {
		t.Errorf("%d lists to choose from, %v", len(choices), err)
	}
	if formats, err := f.GetConditionalFormats(list); err != nil || len(formats) != 1 {
		t.Errorf("%d conditional formats, %v", len(formats), err)
	}
	if shown, err := f.GetSheetVisible("Rates"); err != nil || shown {
		t.Errorf("the hidden sheet shows: %v", err)
	}
	var noted bool
	notes, err := f.GetComments(list)
	for _, n := range notes {
		text := n.Text
		for _, p := range n.Paragraph {
			text += p.Text
		}
		noted = noted || n.Cell == "E5" && strings.Contains(text, "is this right?")
	}
	if err != nil || !noted {
		t.Errorf("the sender's comment is lost: %+v, %v", notes, err)
	}
}

// sends runs the input and expects the exit code, and a part of the summary.
func sends(t *testing.T, dir string, code int, summary string, args ...string) {
	t.Helper()
	c := command(t, dir, append([]string{"run", "--sandbox", "--rate", "unlimited", "--json"}, args...)...)
	var people strings.Builder
	c.Stderr = &people
	out, err := c.Output()
	if got := exitOfProcess(t, err); got != code || !strings.Contains(string(out), summary) {
		t.Fatalf("%v: exit %d, want %d with %s\n%s\n%s", args, got, code, summary, out, &people)
	}
}

// mend changes a cell of the first sheet, as a person does.
func mend(t *testing.T, path, was, is string) {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	name := f.GetSheetName(0)
	at, err := f.SearchSheet(name, was)
	if err != nil || len(at) != 1 {
		t.Fatalf("%q is in cells %q: %v", was, at, err)
	}
	if err := f.SetCellStr(name, at[0], is); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// sheet is the first sheet of a workbook.
func sheet(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows(f.GetSheetName(0))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
