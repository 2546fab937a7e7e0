// Package deploy_test holds the files of this directory against the command:
// what they call must exist, and what they promise must be there. Start at
// commands.
package deploy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// program builds the program with the flags of the Dockerfile when the first test asks for it.
// TestMain removes it.
type program struct {
	once   sync.Once
	folder string
	err    error
}

var built program

func TestMain(m *testing.M) {
	code := m.Run()
	if built.folder != "" {
		if err := os.RemoveAll(built.folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// path returns the path of the program, whose version is v1.2.3.
func (p *program) path(t *testing.T) string {
	t.Helper()
	flags := linkerFlags(t)
	p.once.Do(func() {
		if p.folder, p.err = os.MkdirTemp("", "deploy"); p.err != nil {
			return
		}
		cmd := exec.Command("go", "build", "-buildvcs=false", "-ldflags="+flags+"v1.2.3", "-o", filepath.Join(p.folder, "bulkonboard.exe"), "../../cmd/bulkonboard")
		if out, err := cmd.CombinedOutput(); err != nil {
			p.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if p.err != nil {
		t.Fatal(p.err)
	}
	return filepath.Join(p.folder, "bulkonboard.exe")
}

// linkerFlags returns those of the Dockerfile, up to the version.
func linkerFlags(t *testing.T) string {
	t.Helper()
	text := uncommented(read(t, "Dockerfile"))
	flags := regexp.MustCompile(`-ldflags="([^"]*)\$VERSION"`).FindStringSubmatch(text)
	if flags == nil || !strings.Contains(text, "\nARG VERSION=") {
		t.Fatal("Dockerfile sets no version")
	}
	return flags[1]
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// uncommented drops the lines that are comments.
func uncommented(text string) string {
	return regexp.MustCompile(`(?m)^\s*#.*\n`).ReplaceAllString(text, "")
}

// commands returns the words with which each file calls the program.
func commands(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for line := range strings.Lines(uncommented(read(t, "crontab"))) {
		if _, words, ok := strings.Cut(line, "/usr/local/bin/bulkonboard "); ok {
			all["crontab"] = strings.Fields(words)
		}
	}
	for _, unit := range unitNames() {
		if strings.HasSuffix(unit, ".service") {
			_, words, _ := strings.Cut(execLine(t, unit), "/usr/local/bin/bulkonboard ")
			all[unit] = strings.Fields(words)
		}
	}
	for _, name := range []string{"cronjob.yaml", "backup-cronjob.yaml", "listen.yaml", "postgres-job.yaml"} {
		for _, p := range pods(t, name) {
			all[name] = p.Spec.Containers[0].Args
		}
	}
	// The image sets its bound by the environment, and its example by hand.
	docker := read(t, "Dockerfile")
	bound := regexp.MustCompile(`(?m)^ENV BULKONBOARD_MAX_NEW=(\d+)$`).FindStringSubmatch(docker)
	_, example, ok := strings.Cut(docker, `" bulkonboard run `)
	if bound == nil || !ok {
		t.Fatal("Dockerfile sets no bound, or shows no example")
	}
	line, _, _ := strings.Cut(example, "\n")
	all["Dockerfile"] = append([]string{"run", "--max-new=" + bound[1]}, strings.Fields(line)...)
	if len(all) != 9 {
		t.Fatalf("found only %q", all)
	}
	return all
}

// isRun reports whether a command sends customers.
func isRun(words []string) bool { return words[0] == "run" }

// knownFlags returns the flags that the help of a command shows.
func knownFlags(t *testing.T, binary string, words []string) map[string]bool {
	t.Helper()
	pages := [][]string{{words[0], words[1], "--help"}}
	if isRun(words) {
		pages = [][]string{{"run", "--help"}, {"help", "run-advanced"}}
	}
	known := map[string]bool{}
	for _, page := range pages {
		out, err := exec.CommandContext(t.Context(), binary, page...).CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v\n%s", page, err, out)
		}
		for _, m := range regexp.MustCompile(`(?m)^\s+(?:-\w, )?(--[a-z-]+)`).FindAllStringSubmatch(string(out), -1) {
			known[m[1]] = true
		}
	}
	return known
}

// portFlag returns the flag by which the program listens on a port, "" if there is none.
func portFlag(words []string, port int) string {
	for _, w := range words {
		if name, value, _ := strings.Cut(w, "="); strings.HasSuffix(value, ":"+strconv.Itoa(port)) {
			return name
		}
	}
	return ""
}

func flagName(word string) (string, bool) {
	name, _, _ := strings.Cut(word, "=")
	return name, strings.HasPrefix(name, "--")
}

func TestFlagsExist(t *testing.T) {
	binary := built.path(t)
	for file, words := range commands(t) {
		if group := strings.Join(words[:2], " "); !isRun(words) && group != "ledger backup" && group != "kyc listen" {
			t.Errorf("%s calls %q", file, words)
			continue
		}
		known, flags := knownFlags(t, binary, words), 0
		for _, w := range words {
			if name, ok := flagName(w); ok {
				flags++
				if !known[name] {
					t.Errorf("%s: the command has no flag %s", file, name)
				}
			}
		}
		if flags == 0 || isRun(words) && len(known) < 40 {
			t.Errorf("%s calls %q, which shows %d flags", file, words, len(known))
		}
	}
}

func TestEveryCommandIsBounded(t *testing.T) {
	for file, words := range commands(t) {
		has := func(flag string) bool {
			return slices.ContainsFunc(words, func(w string) bool { name, _ := flagName(w); return name == flag })
		}
		if isRun(words) && !has("--max-new") {
			t.Errorf("%s sets no --max-new", file)
		}
		if has("--new-ledger") || has("--fresh") {
			t.Errorf("%s would begin a new ledger in the place of a lost one", file)
		}
		if !has("--ledger") && file != "Dockerfile" {
			t.Errorf("%s leaves it open which ledger", file)
		}
		if isRun(words) && file != "Dockerfile" && (!has("--yes") || !has("--api-key-file") || !has("--max-duration") || !has("--metrics-file")) {
			t.Errorf("%s: something is missing in %q", file, words)
		}
	}
}

// A key has a prefix of the partner's, or would be given to a variable.
func TestNoKeyInSight(t *testing.T) {
	names, err := filepath.Glob("*")
	if err != nil || len(names) < 7 {
		t.Fatalf("%q, %v", names, err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text := read(t, name)
		for _, bad := range []string{"sk_live", "sk_staging", "BULKONBOARD_API_KEY", "--api-key=", "--api-key ", "Authorization"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %q", name, bad)
			}
		}
	}
	if !strings.Contains(read(t, "bulkonboard.service"), "\nLoadCredential=api-key:") || !slices.Contains(commands(t)["bulkonboard.service"], "%d/api-key") {
		t.Error("the service does not take the key as a credential")
	}
	if !strings.Contains(read(t, "bulkonboard-listen.service"), "\nLoadCredential=webhook-secret:") || !slices.Contains(commands(t)["bulkonboard-listen.service"], "%d/webhook-secret") {
		t.Error("the endpoint does not take its secret as a credential")
	}
}

func TestDockerfile(t *testing.T) {
	text := uncommented(read(t, "Dockerfile"))
	for _, want := range []string{"CGO_ENABLED=0", "-trimpath", "USER 65532:65532", "nonroot"} {
		if !strings.Contains(text, want) {
			t.Errorf("Dockerfile lacks %s", want)
		}
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "../../go.mod"))[1]
	if !strings.Contains(text, "golang:"+version+" ") {
		t.Errorf("Dockerfile builds with another Go than %s", version)
	}
	// The image has no repository to take its version from.
	if out, err := exec.CommandContext(t.Context(), built.path(t), "version").Output(); err != nil || !strings.HasPrefix(string(out), "bulkonboard v1.2.3 ") {
		t.Errorf("the image's program says %q, %v", out, err)
	}
	ignored := read(t, "Dockerfile.dockerignore")
	if !strings.Contains(ignored, "\n*\n") {
		t.Error("the builder gets more than it needs")
	}
	for _, m := range regexp.MustCompile(`(?m)^!(.+)$`).FindAllStringSubmatch(ignored, -1) {
		if _, err := os.Stat(filepath.Join("../..", m[1])); err != nil {
			t.Errorf("Dockerfile.dockerignore: %v", err)
		}
	}
}

// The parts of excelize that nobody calls would be 3 MB of the program. They come back
// when something that holds an excelize.File is put in an interface: see package
// workbook.
func TestProgramHasNoFormulas(t *testing.T) {
	program := read(t, built.path(t))
	const where = "github.com/xuri/excelize/v2."
	if !strings.Contains(program, where+"(*StreamWriter).") {
		t.Fatal("the program does not name its functions as this test expects")
	}
	for _, name := range []string{"(*formulaFuncs).", "(*File).CalcCellValue"} {
		if strings.Contains(program, where+name) {
			t.Errorf("the program has %s%s", where, name)
		}
	}
}

// A cron line is minute to weekday, user, command, and has no bare per cent
// sign, which would end it.
func TestCrontab(t *testing.T) {
	lines := 0
	for line := range strings.Lines(uncommented(read(t, "crontab"))) {
		line = strings.TrimSpace(line)
		if line == "" || regexp.MustCompile(`^[A-Z]+=`).MatchString(line) {
			continue
		}
		lines++
		if !regexp.MustCompile(`^([\d*/,-]+ ){5}bulkonboard cd /\S+ && /`).MatchString(line) || regexp.MustCompile(`(^|[^\\])%`).MatchString(line) {
			t.Errorf("cron would not take %q", line)
		}
	}
	if lines != 1 {
		t.Errorf("%d lines", lines)
	}
}
