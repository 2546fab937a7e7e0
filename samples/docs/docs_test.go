// Package docs checks the pages against what they describe: links, commands, flags,
// tests, files and dependencies. The commands themselves are played by TestPages in
// cmd/bulkonboard.
package docs

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func readPage(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The page names exactly the direct modules of go.mod, in its versions, each with a
// reason, a licence and a last release; and tests and program in the right table.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "mod", "edit", "-json", filepath.Join("..", "..", "go.mod")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct {
			Path, Version string
			Indirect      bool
		}
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, r := range mod.Require {
		if !r.Indirect {
			want[r.Path] = r.Version
		}
	}
	program, tests, found := strings.Cut(readPage(t, "dependencies.md"), "\n## In tests only\n")
	if !found || len(want) < 10 {
		t.Fatalf("no table of tests, or only %d modules", len(want))
	}
	linked := linkedModules(t)
	got := map[string]string{}
	for table, text := range map[string]string{"program": program, "tests": tests} {
		for line := range strings.Lines(text) {
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
			if len(cells) != 5 || !strings.Contains(cells[0], "/") {
				continue
			}
			for i, c := range cells {
				if cells[i] = strings.TrimSpace(c); cells[i] == "" {
					t.Errorf("an empty cell: %s", line)
				}
			}
			got[cells[0]] = cells[1]
			if linked[cells[0]] != (table == "program") {
				t.Errorf("%s stands in the table of the %s", cells[0], table)
			}
			if !regexp.MustCompile(`20\d\d-[01]\d-[0-3]\d`).MatchString(cells[4]) {
				t.Errorf("%s: no date of a release: %s", cells[0], cells[4])
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if got[path] != want[path] {
			t.Errorf("dependencies.md has %s %q, go.mod %q", path, got[path], want[path])
		}
		delete(got, path)
	}
	for path := range got {
		t.Errorf("dependencies.md names %s, which go.mod does not", path)
	}
}

// linkedModules are the modules of which the command has code, on any of the
// systems that differ most.
func linkedModules(t *testing.T) map[string]bool {
	t.Helper()
	linked := map[string]bool{}
	for _, system := range []string{"linux", "windows"} {
		c := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./cmd/...")
		c.Dir = filepath.Join("..", "..")
		c.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
		out, err := c.Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range strings.Fields(string(out)) {
			linked[path] = true
		}
	}
	return linked
}

// Each test that a page names exists. A * at the end of a name is the rest of several.
func TestNamedTestsExist(t *testing.T) {
	tests := testNames(t, root, true)
	least := map[string]int{"samples/docs/threat-model.md": 30, "samples/docs/promise.md": 20}
	for name, page := range readPages(t) {
		// TestCommandsExist looks at the patterns of go test.
		page = regexp.MustCompile("`[^`\n]*go test [^`\n]*`|(?s:```sh\n.*?```)").ReplaceAllString(page, "")
		names := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w*\*?`).FindAllString(page, -1)
		if len(names) < least[name] {
			t.Errorf("%s names only %d tests", name, len(names))
		}
		for _, named := range names {
			prefix, isPattern := strings.CutSuffix(named, "*")
			if !slices.ContainsFunc(tests, func(s string) bool { return s == named || isPattern && strings.HasPrefix(s, prefix) }) {
				t.Errorf("%s names %s, which does not exist", name, named)
			}
		}
	}
}

// Each file, package and function of ours that CONTRIBUTING names is there.
func TestContributingNamesWhatIsThere(t *testing.T) {
	page := readPage(t, filepath.Join("..", "..", ".github", "CONTRIBUTING.md"))
	page, _, _ = strings.Cut(page, "Three codebases that we read")
	named := 0
	for _, m := range regexp.MustCompile("`((?:validate|ledger|pipeline|cmd|samples)(?:/[\\w.-]+)*)`").FindAllStringSubmatch(page, -1) {
		named++
		if _, err := os.Stat(filepath.Join("..", "..", m[1])); err != nil {
			t.Errorf("CONTRIBUTING.md: %v", err)
		}
	}
	if named < 30 {
		t.Errorf("CONTRIBUTING.md names only %d files and packages", named)
	}
	for _, m := range regexp.MustCompile("(?:`(\\w+)` in `|)`([\\w./-]+\\.go)`(?: \\(`(\\w+)`\\))?").FindAllStringSubmatch(page, -1) {
		for _, name := range []string{m[1], m[3]} {
			if name != "" && !strings.Contains(readPage(t, filepath.Join("..", "..", m[2])), name+"(") {
				t.Errorf("CONTRIBUTING.md: %s has no %s", m[2], name)
			}
		}
	}
}
