package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/sys/unix"
)

// correctOneByOne are the rows of Kundenliste_Q4.xlsx that no decision makes sound:
// mistakes in single cells, repeats, and numbers that their country does not give out.
// Row 27 is in neither list: its number is shown in scientific form.
func correctOneByOne() []string {
	return []string{"12", "13", "14", "16", "19", "22", "24", "30", "33", "36", "37", "38", "39", "40", "43", "45", "47", "48", "51", "57", "60", "67",
		"72", "73", "76", "77", "81", "86", "115", "117", "140", "166", "167", "174", "177", "181", "194", "199", "205"}
}

// TestDecideOnce plays the list of a finance team from the drop to the report: at most
// nine questions, then every sound customer is created and nobody else, and next
// month's list needs the map file and no question.
func TestDecideOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	book, err := os.ReadFile("testdata/office/Kundenliste_Q4.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Kundenliste_Q4.xlsx"), book, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(want int, args ...string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), "bulkonboard", args...)
		c.Dir = dir
		out, err := c.CombinedOutput()
		if got := exitOfProcess(t, err); got != want {
			t.Fatalf("%s: exit %d, want %d\n%s", args, got, want, out)
		}
		return string(out)
	}
	if out := run(3, "./Kundenliste_Q4.xlsx"); !strings.Contains(out, "validate --decide") {
		t.Errorf("dropped: %s", out)
	}
	if out := run(2, "validate", "--decide", "Kundenliste_Q4.xlsx"); !strings.Contains(out, "no terminal") {
		t.Errorf("without a terminal: %s", out)
	}
	asked := answerOnTerminal(t, dir, strings.Repeat("yes\n", 9), "validate", "--decide", "Kundenliste_Q4.xlsx")
	if n := strings.Count(asked, "yes, no"); n == 0 || n > 9 {
		t.Errorf("%d questions\n%s", n, asked)
	}
	for _, says := range []string{`"ja" in column "AGB akzeptiert"`, "Wrote Kundenliste_Q4.map.yaml", "--map-file Kundenliste_Q4.map.yaml"} {
		if !strings.Contains(asked, says) {
			t.Errorf("not said: %s\n%s", says, asked)
		}
	}
	run(3, "run", "--sandbox", "--rate", "unlimited", "--no-progress", "--map-file", "Kundenliste_Q4.map.yaml", "--report", "out.csv", "--report", "out.html", "Kundenliste_Q4.xlsx")
	text, err := os.ReadFile(filepath.Join(dir, "out.csv"))
	if err != nil {
		t.Fatal(err)
	}
	checkOutcome(t, text)
	if page, err := os.ReadFile(filepath.Join(dir, "out.html")); err != nil || !strings.Contains(string(page), "AGB akzeptiert: \u201cja\u201d means true") {
		t.Errorf("the report does not say what was decided: %v", err)
	}
	for _, says := range []string{"decided: value isTermsOfServiceAccepted:ja=true, by ", "decided: phone-region column, by ", "decided: leave-out struck-out, by "} {
		if log := run(0, "ledger", "log", "--sandbox", "-"); !strings.Contains(log, says) {
			t.Errorf("the log does not have %q:\n%s", says, log)
		}
	}
	// The header row of the map file is not that of the rejects file.
	if out := run(3, "run", "--sandbox", "--rate", "unlimited", "--no-progress", "--map-file", "Kundenliste_Q4.map.yaml", "Kundenliste_Q4.rejects.xlsx"); !strings.Contains(out, "Checked") {
		t.Errorf("the rejects file with the map file: %s", out)
	}
	writeNextMonth(t, dir)
	if out := run(0, "run", "--sandbox", "--rate", "unlimited", "--no-progress", "--map-file", "Kundenliste_Q4.map.yaml", "Kundenliste_Q1.xlsx"); !strings.Contains(out, `sheet "Kunden Q1" is read`) {
		t.Errorf("next month's tab has another name: %s", out)
	}
	next := run(3, "validate", "--map-file", "Kundenliste_Q4.map.yaml", "Kundenliste_Q1.xlsx")
	if strings.Contains(next, "about the whole list. Nothing") || !strings.Contains(next, "156  ready to send") && !strings.Contains(next, "155  ready to send") {
		t.Errorf("next month:\n%s", next)
	}
}

// checkOutcome compares who was created with who is sound.
func checkOutcome(t *testing.T, text []byte) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))).ReadAll()
	if err != nil || len(rows) != 199 {
		t.Fatalf("%d rows in the report: %v", len(rows), err)
	}
	row, status := slices.Index(rows[0], "row"), slices.Index(rows[0], "status")
	for _, r := range rows[1:] {
		isSound := !slices.Contains(correctOneByOne(), r[row])
		if isSound != (r[status] == "created") && r[row] != "27" {
			t.Errorf("row %s is %s", r[row], r[status])
		}
	}
}

// writeNextMonth writes a list of the same form without its first three customers, on
// a tab with another name.
func writeNextMonth(t *testing.T, dir string) {
	t.Helper()
	f, err := excelize.OpenFile(filepath.Join(dir, "Kundenliste_Q4.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		err = errors.Join(err, f.RemoveRow("Kunden", 5))
	}
	if err = errors.Join(err, f.SetSheetName("Kunden", "Kunden Q1"), f.SaveAs(filepath.Join(dir, "Kundenliste_Q1.xlsx")), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// answerOnTerminal runs a command on a terminal that has been typed on, and returns
// what it shows.
func answerOnTerminal(t *testing.T, dir, typed string, args ...string) string {
	t.Helper()
	return answerOnTerminalWith(t, 3, dir, typed, args...)
}

// answerOnTerminalWith is answerOnTerminal for a command that ends with a certain code.
func answerOnTerminalWith(t *testing.T, want int, dir, typed string, args ...string) string {
	t.Helper()
	control, terminal := openTerminal(t, 120)
	defer control.Close()
	c := exec.CommandContext(t.Context(), "bulkonboard", args...)
	c.Dir, c.Env = dir, append(os.Environ(), "TERM=xterm", "NO_COLOR=1")
	c.Stdin, c.Stdout, c.Stderr = terminal, terminal, terminal
	if _, err := io.WriteString(control, typed); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	_ = terminal.Close()
	var out bytes.Buffer
	if _, err := io.Copy(&out, control); !errors.Is(err, syscall.EIO) && err != nil { // EIO: the last process has closed it
		t.Error(err)
	}
	if code := exitOfProcess(t, c.Wait()); code != want {
		t.Fatalf("exit %d\n%s", code, &out)
	}
	return strings.ReplaceAll(out.String(), "\r\n", "\n")
}

// openTerminal opens a pseudo terminal of so many columns. The caller closes both ends.
func openTerminal(t *testing.T, columns int) (control, terminal *os.File) {
	t.Helper()
	control, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no pseudo terminals here: %v", err)
	}
	number, err := unix.IoctlGetInt(int(control.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(control.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(control.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: uint16(columns)})
	}
	if err == nil {
		terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(errors.Join(err, control.Close()))
	}
	return control, terminal
}

// TestRunAsksOnTerminal answers what run asks before it sends: where the headers are,
// and whether the sound rows go although many are not. Without a yes nothing is sent.
func TestRunAsksOnTerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	list := "Customers of the fourth quarter,,,,,,,\n" + strings.Join([]string{"firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program",
		"Ann,Lee,ann@company.com,+4915123456780,cards,203.0.113.7,TRUE,custodial",
		"Bea,Lee,bea@company.com,+4915123456781,cards,203.0.113.7,ja,custodial",
		"Cem,Lee,cem@company.com,+4915123456782,cards,203.0.113.7,ja,custodial"}, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "list.csv"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"run", "--sandbox", "--no-progress", "--rate", "unlimited", "--max-invalid", "1", "list.csv"}
	for _, step := range []struct {
		typed string
		code  int
		says  []string
	}{
		{"no\n", 2, []string{"The headers seem to be in row 2. Read the list from there?"}},
		{"yes\nno\n", 10, []string{"2 of 3 rows are invalid. Send the other 1?", "1 decision about the list would make 2 more rows ready:", "validate --decide --header-row 2 list.csv"}},
		{"yes\nyes\n", 3, []string{"1  created"}},
	} {
		out := answerOnTerminalWith(t, step.code, dir, step.typed, args...)
		for _, says := range step.says {
			if !strings.Contains(out, says) {
				t.Errorf("after %q: not said: %s\n%s", step.typed, says, out)
			}
		}
		if step.code != 3 && strings.Contains(out, "created") {
			t.Errorf("after %q something was sent:\n%s", step.typed, out)
		}
	}
}
