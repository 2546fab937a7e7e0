package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// commandFlags returns the flags of each command, as the reference has them.
func commandFlags(t *testing.T) map[string][]string {
	t.Helper()
	commands := map[string][]string{"help": nil, "completion": nil}
	flag := regexp.MustCompile("(?m)^\\| `(--[a-z-]+)")
	for i, section := range strings.Split(readPage(t, "reference.md"), "\n### bulkonboard ") {
		name, text, _ := strings.Cut(section, "\n")
		if i == 0 {
			continue
		}
		commands[name] = []string{"--help", "--version"}
		for _, m := range flag.FindAllStringSubmatch(text, -1) {
			commands[name] = append(commands[name], m[1])
		}
	}
	if len(commands) < 20 {
		t.Fatalf("the reference has only %d commands", len(commands))
	}
	return commands
}

// readShell splits a line into its commands, and these into words. It knows quotation marks,
// variables set in front of a command, and sudo.
func readShell(line string) (commands [][]string) {
	line = strings.TrimPrefix(strings.TrimSpace(line), "$ ")
	word := regexp.MustCompile(`'[^']*'|(?:[^\s"']|"[^"]*")+`)
	words := []string{}
	end := func() {
		for len(words) > 0 && (words[0] == "sudo" || regexp.MustCompile(`^[A-Z_]+=`).MatchString(words[0])) {
			words = words[1:]
		}
		if len(words) > 0 {
			commands = append(commands, words)
		}
		words = nil
	}
	for _, w := range word.FindAllString(line, -1) {
		switch {
		case w == "|" || w == "&&" || w == ";":
			end()
		case strings.HasPrefix(w, "#"):
			end()
			return commands
		case strings.HasSuffix(w, ";"):
			words = append(words, strings.TrimSuffix(w, ";"))
			end()
		default:
			words = append(words, strings.Trim(w, `'"`))
		}
	}
	end()
	return commands
}

// Every command in a page, in a block or in the text, is one that exists, with flags,
// packages, tests and files that exist.
func TestCommandsExist(t *testing.T) {
	known := commandFlags(t)
	inline := regexp.MustCompile("`((?:[A-Z_]+=\\S+ )*(?:bulkonboard|go|\\.ci/\\w+|promtool|systemd-analyze) [^`]*)`")
	count := 0
	for name, page := range readPages(t) {
		prose, blocks := splitBlocks(page)
		lines := []string{}
		for _, m := range inline.FindAllStringSubmatch(prose, -1) {
			lines = append(lines, strings.ReplaceAll(m[1], `\|`, "|"))
		}
		for _, b := range blocks {
			for line := range strings.Lines(b.text) {
				if b.language == "sh" || b.language == "console" && strings.HasPrefix(line, "$ ") {
					lines = append(lines, line)
				}
			}
		}
		for _, line := range lines {
			for _, words := range readShell(line) {
				count++
				if problem := checkCommand(t, known, words); problem != "" {
					t.Errorf("%s: %s: %s", name, strings.TrimSpace(line), problem)
				}
			}
		}
	}
	if count < 100 {
		t.Errorf("found only %d commands", count)
	}
}

// Every flag in the text of a page is a flag of some command.
func TestFlagsExist(t *testing.T) {
	all := map[string]bool{}
	for _, flags := range commandFlags(t) {
		for _, flag := range flags {
			all[flag] = true
		}
	}
	for name, page := range readPages(t) {
		prose, _ := splitBlocks(page)
		for _, m := range regexp.MustCompile("`(--[a-z-]+)[ =`]").FindAllStringSubmatch(prose, -1) {
			if !all[m[1]] {
				t.Errorf("%s: no command has %s", name, m[1])
			}
		}
	}
}

// The page about lists names every flag of validate.
func TestSpreadsheetsNameEveryFlag(t *testing.T) {
	page := readPage(t, "spreadsheets.md")
	flags := commandFlags(t)["validate"]
	if len(flags) < 20 {
		t.Fatalf("validate has only %d flags", len(flags))
	}
	for _, flag := range flags {
		if flag != "--help" && flag != "--version" && !regexp.MustCompile(flag+"[ `=]").MatchString(page) {
			t.Errorf("spreadsheets.md does not name %s", flag)
		}
	}
}

// checkCommand returns what is wrong with a command, or "".
func checkCommand(t *testing.T, known map[string][]string, words []string) string {
	t.Helper()
	for _, w := range words[1:] {
		if problem := checkPath(w); problem != "" {
			return problem
		}
		if job, isJob := strings.CutPrefix(w, "--from=cronjob/"); isJob && !strings.Contains(readPage(t, filepath.Join(root, "samples", "deploy", "cronjob.yaml")), "kind: CronJob\nmetadata:\n  name: "+job+"\n") {
			return "no such CronJob: " + job
		}
	}
	switch words[0] {
	case "bulkonboard", "./bulkonboard":
		return checkProgram(known, words[1:])
	case "go":
		return checkGo(t, known, words[1:])
	case "export", "mkdir", "mv", "cp", "chmod", "echo", "grep", "sqlite3", "psql", "pg_dump", "pg_restore", "createdb", "openssl", "wait", "install", "useradd", "systemctl", "journalctl", "systemd-analyze",
		"docker", "kubectl", "kubeconform", "promtool", "dpkg", "rpm", "apt-get", "npm", "goreleaser", "age", "cd", "git", "unset", "htpasswd":
		return ""
	}
	if strings.HasPrefix(words[0], ".ci/") {
		return checkPath(words[0])
	}
	return "a program that this test does not know: " + words[0]
}

// checkPath returns what is wrong with a word that is a file of the module or a unit.
func checkPath(word string) string {
	word, _, _ = strings.Cut(word, " ") // a command of --on-end is one word, with its arguments
	switch {
	case strings.HasPrefix(word, "samples/") || strings.HasPrefix(word, ".ci/"):
	case regexp.MustCompile(`^bulkonboard[\w-]*\.(service|timer)$`).MatchString(word):
		word = "samples/deploy/" + word
	default:
		return ""
	}
	if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(word))); err != nil {
		return err.Error()
	}
	return ""
}

// checkProgram checks a command line of bulkonboard: its command and its flags.
func checkProgram(known map[string][]string, words []string) string {
	if len(words) == 0 || strings.HasSuffix(words[0], ".csv") || words[0] == "--version" || words[0] == "FILE" {
		return ""
	}
	command, rest := words[0], words[1:]
	if _, exists := known[command]; !exists && len(rest) > 0 {
		command, rest = command+" "+rest[0], rest[1:]
	}
	flags, exists := known[command]
	if !exists {
		return "no such command: " + command
	}
	for _, w := range rest {
		if name, _, _ := strings.Cut(w, "="); strings.HasPrefix(name, "--") && !slices.Contains(flags, name) {
			return "no such flag: " + name
		}
	}
	return ""
}

// checkGo checks a command line of go: its packages, and the tests that it selects.
func checkGo(t *testing.T, known map[string][]string, words []string) string {
	t.Helper()
	if len(words) == 0 {
		return ""
	}
	packages, patterns := []string{}, []string{}
	for i, w := range words {
		if strings.HasPrefix(w, "./") && (words[0] != "run" || len(packages) == 0) {
			packages = append(packages, w)
		}
		if i > 0 && slices.Contains([]string{"-run", "-bench", "-fuzz"}, words[i-1]) && w != "^$" {
			patterns = append(patterns, w)
		}
		if words[0] == "run" && w == "./cmd/bulkonboard" {
			return checkProgram(known, words[i+1:])
		}
	}
	tests := []string{}
	for _, p := range packages {
		dir, isTree := strings.CutSuffix(p, "/...")
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(dir))); err != nil {
			return err.Error()
		}
		tests = append(tests, testNames(t, filepath.Join(root, filepath.FromSlash(dir)), isTree)...)
	}
	for _, pattern := range patterns {
		first, _, _ := strings.Cut(pattern, "/")
		if !slices.ContainsFunc(tests, regexp.MustCompile(first).MatchString) {
			return "no test matches " + pattern
		}
	}
	return ""
}

// testNames returns the names of the tests, benchmarks and fuzz targets of a package, or of all
// packages below it.
func testNames(t *testing.T, dir string, isTree bool) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != dir && !isTree:
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				names = append(names, fn.Name.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
