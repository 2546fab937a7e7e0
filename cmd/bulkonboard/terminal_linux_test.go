package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/rivo/uniseg"
)

// linesBeforeNext is how many lines of a terminal come before what to do next.
const linesBeforeNext = 24

// TestTerminal compares what the commands show on a terminal, and without one, with
// testdata/terminal; -update writes it. No line is wider than the terminal, but for
// commands, and what to do next is on the first screen.
func TestTerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range terminalInputs(t) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const long = "customers of the northern branch, as exported on the second of May.csv"
	for _, step := range []struct {
		name    string
		columns int // 0 = no terminal
		args    []string
	}{
		{"validate", 80, []string{"validate", "bad.xlsx"}},
		{"validate-wide", 120, []string{"validate", "bad.xlsx"}},
		{"validate-good", 80, []string{"validate", "good.csv"}},
		{"validate-names", 80, []string{"validate", "--map-file", "map.yaml", long}},
		{"validate-piped", 0, []string{"validate", "--map-file", "map.yaml", long}},
		{"plan-new", 80, []string{"plan", "--sandbox", "bad.xlsx"}},
		{"run", 80, []string{"run", "--sandbox", "--no-progress", "--rate", "unlimited", "good.csv"}},
		{"run-problems", 80, []string{"run", "--sandbox", "--no-progress", "--rate", "unlimited", "--fee", "0.50", "--limit", "2", "bad.xlsx"}},
		{"run-piped", 0, []string{"run", "--sandbox", "--rate", "unlimited", "--fee", "0.50", "bad.xlsx"}},
		{"run-wide", 120, []string{"run", "--sandbox", "--no-progress", "--rate", "unlimited", "--map-file", "map.yaml", long}},
		{"plan", 80, []string{"plan", "--sandbox", "--fee", "0.50", "bad.xlsx"}},
		{"plan-wide", 120, []string{"plan", "--sandbox", "--map-file", "map.yaml", long}},
		{"status", 80, []string{"status", "--sandbox"}},
		{"status-wide", 120, []string{"status", "--sandbox"}},
		{"status-piped", 0, []string{"status", "--sandbox"}},
	} {
		got := showOnTerminal(t, dir, step.columns, step.args)
		if step.columns > 0 {
			checkScreen(t, step.name, got, step.columns)
		}
		compareGolden(t, filepath.Join("testdata", "terminal", step.name+".txt"), got)
	}
	for _, env := range []string{"NO_COLOR=1", "TERM=dumb"} {
		if got := showOnTerminal(t, dir, 80, []string{"status", "--sandbox"}, env); strings.Contains(got, "\x1b") || !strings.Contains(got, "Next") {
			t.Errorf("%s: %q", env, got)
		}
	}
}

// terminalInputs returns lists with every kind of mistake, none at all, and with
// long and wide names.
func terminalInputs(t *testing.T) map[string]string {
	t.Helper()
	inputs := map[string]string{}
	for name, sample := range map[string]string{"bad.xlsx": "customers-with-mistakes.xlsx", "good.csv": "customers.csv"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "samples", sample))
		if err != nil {
			t.Fatal(err)
		}
		inputs[name] = string(text)
	}
	head, rows, _ := strings.Cut(inputs["good.csv"], "\n")
	head = strings.Replace(head, "email", "The customer's private e-mail address (not that of the office)", 1)
	head = strings.Replace(head, "city", "住所の市区町村名", 1)
	rows = strings.Replace(strings.ReplaceAll(rows, "@", "\u200b@"), "\u200b@", "@", 4) // all but four rows
	inputs["customers of the northern branch, as exported on the second of May.csv"] = head + "\n" + rows
	inputs["map.yaml"] = "email: The customer's private e-mail address (not that of the office)\ncity: 住所の市区町村名\n"
	return inputs
}

// showOnTerminal returns what a command prints on a terminal of so many columns,
// or through pipes, with times made alike.
func showOnTerminal(t *testing.T, dir string, columns int, args []string, env ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "bulkonboard", args...)
	c.Dir = dir
	c.Env = append(append(os.Environ(), "TERM=xterm", "NO_COLOR="), env...)
	var out bytes.Buffer
	if columns == 0 {
		c.Stdout, c.Stderr = &out, &out
		if err := c.Run(); exitOfProcess(t, err) > 8 {
			t.Fatalf("%s: %v\n%s", args, err, &out)
		}
	} else {
		runOnTerminal(t, c, columns, &out)
	}
	text := strings.ReplaceAll(out.String(), "\r\n", "\n")
	text = regexp.MustCompile(`\d{4}-\d\d-\d\d`).ReplaceAllString(text, "2026-01-02")
	return regexp.MustCompile(`\d\d:\d\d:\d\d`).ReplaceAllString(text, "03:04:05")
}

// runOnTerminal runs a command whose output is a terminal.
func runOnTerminal(t *testing.T, c *exec.Cmd, columns int, out *bytes.Buffer) {
	t.Helper()
	control, terminal := openTerminal(t, columns)
	defer control.Close()
	c.Stdout, c.Stderr = terminal, terminal
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	_ = terminal.Close()
	_, err := io.Copy(out, control)
	if !errors.Is(err, syscall.EIO) && err != nil { // EIO: the last process has closed it
		t.Error(err)
	}
	_ = c.Wait() // the golden file has the exit code
}

// checkScreen looks for lines that are too wide, and for what to do next.
func checkScreen(t *testing.T, name, screen string, columns int) {
	t.Helper()
	plain := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(screen, "")
	next := -1
	for i, line := range strings.Split(plain, "\n") {
		if strings.HasPrefix(line, "Next") {
			next = i
		}
		if isCommand := strings.Contains(line, "  bulkonboard "); uniseg.StringWidth(line) > columns && !isCommand {
			t.Errorf("%s, line %d has %d cells: %s", name, i+1, uniseg.StringWidth(line), line)
		}
	}
	if next < 0 || next > linesBeforeNext {
		t.Errorf("%s: what to do next comes after %d lines\n%s", name, next, plain)
	}
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil { //nolint:gosec // a file of the repository
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update writes it. Got\n%s\nwant\n%s", path, got, want)
	}
}
