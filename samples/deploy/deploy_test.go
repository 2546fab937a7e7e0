// Package deploy_test holds the files of this directory against the command:
// what they call must exist, and what they promise must be there. Start at
// commands.
package deploy_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

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

// job is the CronJob as far as it is looked at.
type job struct {
	Kind string
	Spec struct {
		AccessModes       []string `yaml:"accessModes"`
		ConcurrencyPolicy string   `yaml:"concurrencyPolicy"`
		JobTemplate       struct {
			Spec struct {
				BackoffLimit *int `yaml:"backoffLimit"`
				Template     struct {
					Spec struct {
						RestartPolicy   string         `yaml:"restartPolicy"`
						SecurityContext map[string]any `yaml:"securityContext"`
						Containers      []struct {
							Args            []string
							Env             []any
							SecurityContext map[string]any `yaml:"securityContext"`
						}
					}
				}
			}
		} `yaml:"jobTemplate"`
	}
}

func documents(t *testing.T, name string) []job {
	t.Helper()
	var all []job
	d := yaml.NewDecoder(strings.NewReader(read(t, name)))
	for {
		var one job
		err := d.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, one)
	}
}

// commands are the words with which each file calls the program.
func commands(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for line := range strings.Lines(uncommented(read(t, "crontab"))) {
		if _, words, ok := strings.Cut(line, "/usr/local/bin/bulkonboard "); ok {
			all["crontab"] = strings.Fields(words)
		}
	}
	service := strings.ReplaceAll(uncommented(read(t, "bulkonboard.service")), "\\\n", " ")
	if _, rest, ok := strings.Cut(service, "ExecStart=/usr/local/bin/bulkonboard "); ok {
		line, _, _ := strings.Cut(rest, "\n")
		all["bulkonboard.service"] = strings.Fields(line)
	}
	for _, d := range documents(t, "cronjob.yaml") {
		for _, c := range d.Spec.JobTemplate.Spec.Template.Spec.Containers {
			all["cronjob.yaml"] = c.Args
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
	if len(all) != 4 {
		t.Fatalf("found only %q", all)
	}
	return all
}

// help is what the command says of the flags of run.
func help(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "bulkonboard.exe")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../../cmd/bulkonboard").CombinedOutput(); err != nil {
		t.Skipf("the command does not build here: %v\n%s", err, out)
	}
	var text strings.Builder
	for _, words := range [][]string{{"run", "--help"}, {"help", "run-advanced"}} {
		out, err := exec.CommandContext(t.Context(), binary, words...).CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v\n%s", words, err, out)
		}
		text.Write(out)
	}
	return text.String()
}

func flagName(word string) (string, bool) {
	name, _, _ := strings.Cut(word, "=")
	return name, strings.HasPrefix(name, "--")
}

func TestFlagsExist(t *testing.T) {
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\s+(?:-\w, )?(--[a-z-]+)`).FindAllStringSubmatch(help(t), -1) {
		known[m[1]] = true
	}
	if len(known) < 40 {
		t.Fatalf("help shows only %d flags", len(known))
	}
	for file, words := range commands(t) {
		flags := 0
		for _, w := range words {
			if name, ok := flagName(w); ok {
				flags++
				if !known[name] {
					t.Errorf("%s: run has no flag %s", file, name)
				}
			}
		}
		if words[0] != "run" || flags < 2 {
			t.Errorf("%s calls %q", file, words)
		}
	}
}

func TestEveryCommandIsBounded(t *testing.T) {
	for file, words := range commands(t) {
		has := func(flag string) bool {
			return slices.ContainsFunc(words, func(w string) bool { name, _ := flagName(w); return name == flag })
		}
		if !has("--max-new") {
			t.Errorf("%s sets no --max-new", file)
		}
		if has("--new-ledger") || has("--fresh") {
			t.Errorf("%s would begin a new ledger in the place of a lost one", file)
		}
		if file != "Dockerfile" && (!has("--yes") || !has("--ledger") || !has("--api-key-file") || !has("--max-duration") || !has("--metrics-file")) {
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
}

func TestCronJob(t *testing.T) {
	docs := documents(t, "cronjob.yaml")
	if len(docs) != 2 || docs[0].Kind != "PersistentVolumeClaim" || docs[1].Kind != "CronJob" {
		t.Fatalf("%d documents", len(docs))
	}
	if !slices.Equal(docs[0].Spec.AccessModes, []string{"ReadWriteOncePod"}) {
		t.Errorf("the ledger may be mounted %q", docs[0].Spec.AccessModes)
	}
	spec := docs[1].Spec
	pod := spec.JobTemplate.Spec.Template.Spec
	if spec.ConcurrencyPolicy != "Forbid" || spec.JobTemplate.Spec.BackoffLimit == nil || *spec.JobTemplate.Spec.BackoffLimit != 0 || pod.RestartPolicy != "Never" {
		t.Error("a run could be joined or repeated")
	}
	if pod.SecurityContext["runAsNonRoot"] != true || pod.SecurityContext["fsGroupChangePolicy"] != "OnRootMismatch" {
		t.Errorf("pod: %v", pod.SecurityContext)
	}
	for _, c := range pod.Containers {
		if c.SecurityContext["readOnlyRootFilesystem"] != true || c.SecurityContext["allowPrivilegeEscalation"] != false || len(c.Env) != 0 {
			t.Errorf("container: %v, %v", c.SecurityContext, c.Env)
		}
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

func TestUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	// verify wants to find the program.
	dir := t.TempDir()
	for _, name := range []string{"bulkonboard.service", "bulkonboard.timer"} {
		text := strings.ReplaceAll(read(t, name), "/usr/local/bin/bulkonboard", "/bin/true")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", filepath.Join(dir, "bulkonboard.service"), filepath.Join(dir, "bulkonboard.timer"))
	out, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, dir) || strings.Contains(line, "bulkonboard") {
			t.Errorf("systemd-analyze: %s", line)
		}
	}
	if err != nil {
		t.Errorf("systemd-analyze: %v\n%s", err, out)
	}
}
