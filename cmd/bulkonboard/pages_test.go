//go:build !windows

package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pageStep is a command of a page, or one between them that the page does not
// show: a disaster, or work that goes on.
type pageStep struct {
	line    int
	command string
	output  string // as the page prints it; "" is not compared
	exit    int
	isShown bool
	faults  []string // of the partner from here on, in place of a command
	isFault bool
}

// pageSteps reads the ```console blocks of a page and the comments between them:
//
//	<!-- play: COMMAND -->       a command that is not shown
//	<!-- exit: N -->             how the command before it ends, if not with 0
//	<!-- partner: FAULT ... -->  what the simulated partner does wrong from here on
func pageSteps(t *testing.T, text string) (steps []pageStep) {
	t.Helper()
	comment := regexp.MustCompile(`^<!-- (play|exit|partner):(?: (.*))? -->$`)
	isInside, number := false, 0
	for line := range strings.Lines(text) {
		number++
		trimmed := strings.TrimSpace(line)
		m := comment.FindStringSubmatch(trimmed)
		switch {
		case strings.HasPrefix(line, "```"):
			isInside = trimmed == "```console"
		case isInside && strings.HasPrefix(line, "$ "):
			steps = append(steps, pageStep{line: number, command: trimmed[2:], isShown: true})
		case isInside && len(steps) > 0:
			steps[len(steps)-1].output += line
		case m != nil && m[1] == "play":
			steps = append(steps, pageStep{line: number, command: m[2]})
		case m != nil && m[1] == "partner":
			steps = append(steps, pageStep{line: number, faults: strings.Fields(m[2]), isFault: true})
		case m != nil:
			n, err := strconv.Atoi(m[2])
			if err != nil || len(steps) == 0 {
				t.Fatalf("line %d is not understood: %s", number, trimmed)
			}
			steps[len(steps)-1].exit = n
		}
	}
	return steps
}

// pageStage is where the commands of a page are played.
type pageStage struct {
	*testing.T
	dir     string
	file    string // the page, which -update writes; "" is not written
	env     map[string]string
	given   map[string]string // variables that have another value here than on the page
	partner *scene            // the partner that the commands reach; nil is none
	after   func(pageStep)    // called after each command
}

// newPageStage returns a stage in a directory of its own, with a copy of the samples.
func newPageStage(t *testing.T) *pageStage {
	t.Helper()
	s := &pageStage{T: t, dir: t.TempDir(), env: map[string]string{}}
	if err := os.CopyFS(filepath.Join(s.dir, "samples"), os.DirFS("../../samples")); err != nil {
		t.Fatal(err)
	}
	return s
}

// play runs the commands in their order. An export lasts until the end of the page.
func (s *pageStage) play(steps []pageStep) {
	s.Helper()
	for _, step := range steps {
		switch {
		case step.isFault && s.partner == nil:
			s.Fatalf("line %d: the page has no partner", step.line)
		case step.isFault:
			s.partner.setFaults(step.faults...)
		case s.export(step.command):
		default:
			s.playCommand(step)
		}
		if s.after != nil {
			s.after(step)
		}
	}
}

// export keeps the variables of an export or unset command.
func (s *pageStage) export(command string) bool {
	words := strings.Fields(command)
	switch words[0] {
	case "export":
		for _, word := range words[1:] {
			name, value, _ := strings.Cut(word, "=")
			if given, ok := s.given[name]; ok {
				value = given
			}
			// The partner of the tests is on loopback, which is no environment of its own.
			if name != "BULKONBOARD_ENV" || s.partner == nil {
				s.env[name] = value
			}
		}
	case "unset":
		for _, name := range words[1:] {
			delete(s.env, name)
		}
	default:
		return false
	}
	return true
}

func (s *pageStage) playCommand(step pageStep) {
	s.Helper()
	command := strings.ReplaceAll(step.command, "go run ./cmd/bulkonboard ", "bulkonboard ")
	c := exec.CommandContext(s.Context(), "sh", "-c", command)
	c.Dir = s.dir
	c.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "BULKONBOARD_") })
	c.Env = append(c.Env, "HOME="+s.dir)
	for name, value := range s.env {
		c.Env = append(c.Env, name+"="+value)
	}
	out, err := c.CombinedOutput()
	if code := exitOfProcess(s.T, err); code != step.exit {
		s.Fatalf("line %d: $ %s\nexit %d, want %d\n%s", step.line, step.command, code, step.exit, out)
	}
	switch {
	case step.output == "" || matchesOutput(step.output, string(out)):
	case *update && s.file != "" && !strings.Contains(step.output, "...\n"):
		s.updatePage(step, string(out))
	default:
		s.Errorf("line %d: $ %s\nprints\n%s\nand the page says\n%s", step.line, step.command, out, step.output)
	}
}

// updatePage writes what a command prints into the page.
func (s *pageStage) updatePage(step pageStep, output string) {
	s.Helper()
	page, err := os.ReadFile(s.file)
	if err != nil {
		s.Fatal(err)
	}
	shown := "$ " + step.command + "\n"
	text := strings.Replace(string(page), shown+step.output, shown+output, 1)
	if err := os.WriteFile(s.file, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// matchesOutput reports whether a page prints the output. A line ... of the page
// is any number of lines.
func matchesOutput(page, output string) bool {
	pattern := `\A` + strings.ReplaceAll(regexp.QuoteMeta(page), regexp.QuoteMeta("...\n"), `(?:.*\n)*`) + `\z`
	return regexp.MustCompile(pattern).MatchString(output)
}

func TestMatchesOutput(t *testing.T) {
	for _, c := range []struct {
		page, output string
		want         bool
	}{
		{"a\nb\n", "a\nb\n", true},
		{"a\n", "a\nb\n", false},
		{"a\n...\nd\n", "a\nb\nc\nd\n", true},
		{"a\n...\n", "b\nc\n", false},
		{"a.c\n", "abc\n", false},
	} {
		if got := matchesOutput(c.page, c.output); got != c.want {
			t.Errorf("%q is %q: %t", c.page, c.output, got)
		}
	}
}

// pages returns the Markdown files of the module, by their path from its root.
func pages(t *testing.T) (found []string) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".md") {
			found = append(found, filepath.ToSlash(path[len(root)+1:]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestPages plays the commands of every page in their order, and compares what they
// print with what the page says. With -update it writes outputs that differ into the
// page, but for those with a line of dots. ledger.md has a test of its own.
func TestPages(t *testing.T) {
	long(t)
	played := map[string]int{}
	for _, page := range pages(t) {
		text, err := os.ReadFile(filepath.Join("..", "..", page))
		if err != nil {
			t.Fatal(err)
		}
		steps := pageSteps(t, string(text))
		for _, step := range steps {
			if step.isShown {
				played[page]++
			}
		}
		if len(steps) == 0 || strings.HasSuffix(ledgerPage, page) {
			continue
		}
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			newStage := newPageStage
			switch page {
			case runbookPage:
				newStage = newRunbookStage
			case "samples/docs/postgresql.md":
				newStage = newPostgresStage
			}
			s := newStage(t)
			s.file = filepath.Join("..", "..", page)
			s.play(steps)
		})
	}
	for page, least := range map[string]int{"README.md": 3, runbookPage: 25, "samples/docs/spreadsheets.md": 8, "samples/docs/postgresql.md": 15} {
		if played[page] < least {
			t.Errorf("%s has only %d commands", page, played[page])
		}
	}
}

// TestReadmeShowsOutput: each command of the README says what it prints.
func TestReadmeShowsOutput(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range pageSteps(t, string(text)) {
		if step.output == "" {
			t.Errorf("line %d: %s prints something", step.line, step.command)
		}
	}
	if lines := strings.Count(string(text), "\n"); lines > 160 {
		t.Errorf("the README has %d lines, want at most 160", lines)
	}
}
