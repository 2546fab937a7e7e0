package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
)

// TestReadme plays the README's sessions as they stand there, in a directory
// of their own, and compares what they print.
func TestReadme(t *testing.T) {
	long(t)
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "samples"), os.DirFS("../../samples")); err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, step := range consoleSteps(string(text)) {
		shown := step.output
		words := strings.Fields(step.command)
		first := strings.HasPrefix(step.command, "go run ./cmd/bulkonboard ")
		if first {
			words = append([]string{"bulkonboard"}, words[3:]...)
		}
		c := exec.CommandContext(t.Context(), words[0], words[1:]...)
		c.Dir = dir
		out, err := c.CombinedOutput()
		if code := exitOfProcess(t, err); code != 0 && first {
			t.Errorf("%s: exit %d\n%s", step.command, code, out)
		}
		if !first && string(out) != shown {
			t.Errorf("%s\nprints\n%s\nthe README says\n%s", step.command, out, shown)
		}
		if first {
			// The sessions after it begin anew.
			for _, name := range []string{"bulkonboard-sandbox.db", "bulkonboard-sandbox.db" + settings.StateSuffix, "bulkonboard-sandbox.db.emergency"} {
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Error(err)
				}
			}
		}
		played++
	}
	if played < 5 {
		t.Errorf("only %d commands were found", played)
	}
}

type consoleStep struct{ command, output string }

// consoleSteps reads the ```console blocks: "$ command", then what it prints.
func consoleSteps(text string) []consoleStep {
	var steps []consoleStep
	inside := false
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = strings.TrimSpace(line) == "```console"
		case inside && strings.HasPrefix(line, "$ "):
			steps = append(steps, consoleStep{command: strings.TrimSpace(line[2:])})
		case inside && len(steps) > 0:
			steps[len(steps)-1].output += line
		}
	}
	return steps
}

// TestReadmeTables compares the README's tables with the code's.
func TestReadmeTables(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{codesTable(), statusesTable()} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the README lacks this table:\n%s", want)
		}
	}
}

func codesTable() string {
	var b strings.Builder
	for _, e := range exit.Table() {
		b.WriteString("| ")
		for i, c := range e.Codes {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(term.Number(int(c)))
		}
		b.WriteString(" | " + e.Meaning + " |\n")
	}
	return b.String()
}

func statusesTable() string {
	var b strings.Builder
	for _, s := range ledger.Statuses() {
		meaning, next := session.StatusMeaning(s)
		b.WriteString("| " + string(s) + " | " + meaning + " | " + next + " |\n")
	}
	return b.String()
}
