//go:build !windows

package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// runbookStep is a command of the page, or one between them that the page does
// not show: a disaster, or work that goes on.
type runbookStep struct {
	command string
	exit    int
	shown   bool
}

// runbookSteps reads the ```console blocks and the comments around them:
//
//	<!-- play: command -->             a command that is not shown
//	<!-- exit: 3 -->                   how that one ends
//	<!-- exit of the first: 3 -->      how the first command of the block before ends
func runbookSteps(t *testing.T, text string) (steps []runbookStep) {
	t.Helper()
	comment := regexp.MustCompile(`^<!-- (play|exit|exit of the first): (.*) -->$`)
	inside, first := false, 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		m := comment.FindStringSubmatch(line)
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
			if inside {
				first = len(steps)
			}
		case inside && strings.HasPrefix(line, "$ "):
			steps = append(steps, runbookStep{command: line[2:], shown: true})
		case m != nil && m[1] == "play":
			steps = append(steps, runbookStep{command: m[2]})
		case m != nil:
			n, err := strconv.Atoi(m[2])
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if m[1] == "exit" {
				first = len(steps) - 1
			}
			steps[first].exit = n
		case strings.HasPrefix(line, "<!--"):
			t.Fatalf("not understood: %s", line)
		}
	}
	return steps
}

// TestRunbook plays the page's commands in its order, against a partner that
// forgets keys soon. Nobody is created twice, and nobody is called a duplicate.
func TestRunbook(t *testing.T) {
	long(t)
	t.Parallel()
	text, err := os.ReadFile("../../samples/docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	const n = 8
	s := newScene(t, sandbox.Config{}, people(n))
	s.listen()
	s.ledger = s.path("prod.db")
	s.write(s.path("staff.csv"), people(n))
	env := append(os.Environ(), "BULKONBOARD_BASE_URL="+s.base, "BULKONBOARD_LEDGER=prod.db", "BULKONBOARD_API_KEY="+promiseKey,
		"BULKONBOARD_KEY_TTL="+promiseTTL.String(), "BULKONBOARD_SETTLE="+promiseSettle.String(), "BULKONBOARD_TIMEOUT="+promiseTimeout.String(),
		"BULKONBOARD_RATE=unlimited")
	shown := 0
	for _, step := range runbookSteps(t, string(text)) {
		if strings.HasPrefix(step.command, "export ") {
			continue // said in the environment above
		}
		if step.shown {
			shown++
		}
		c := exec.CommandContext(t.Context(), "sh", "-c", step.command)
		c.Dir, c.Env = s.dir, env
		out, err := c.CombinedOutput()
		if code := exitOfProcess(t, err); code != step.exit {
			t.Fatalf("$ %s\nexit %d, want %d\n%s", step.command, code, step.exit, out)
		}
		for _, r := range runbookRows(t, s) {
			if r.Status == ledger.Duplicate {
				t.Errorf("$ %s\nmakes row %d a duplicate", step.command, r.Number)
			}
		}
	}
	if users := len(s.server.Users()); users != n || shown < 12 {
		t.Errorf("%d users for %d people, after %d commands of the page", users, n, shown)
	}
	s.ledger = s.path("moved/prod.db")
	if got := having(s.rows(), ledger.Created); got != n {
		t.Errorf("%d of %d are created at the end: %s", got, n, fmt.Sprint(statuses(s.rows())))
	}
}

// runbookRows are the rows of the ledger while it can be read.
func runbookRows(t *testing.T, s *scene) []ledger.Reported {
	t.Helper()
	c := exec.CommandContext(t.Context(), "sh", "-c", "bulkonboard ledger verify --base-url "+s.base+" --ledger "+s.ledger)
	c.Dir = s.dir
	if err := c.Run(); err != nil {
		return nil // damaged on purpose, moved, or not there yet
	}
	return s.rows()
}
