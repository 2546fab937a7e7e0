package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// inDirectory runs the program in this process, in a directory, and returns its
// exit code and what it said.
func inDirectory(t *testing.T, dir string, env []string, args ...string) (code int, said string) {
	t.Helper()
	t.Chdir(dir)
	var out, err bytes.Buffer
	code = cli.Run(t.Context(), args, env, strings.NewReader(""), &out, &err)
	return code, out.String() + err.String()
}

// writeFiles puts files of mode 0600 into a new directory.
func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// decisive lists the flags that a settings file which nobody named must not
// set, by what they decide. A new flag is put here, or into SetByFoundConfig.
func decisive() map[string][]string {
	return map[string][]string{
		"where the key and customers go":   {"env", "sandbox", "base-url", "ca-file", "proxy", "addr", "listen", "tls-cert", "tls-key", "host", "metrics-addr", "webhook", "state"},
		"which key or secret":              {"api-key-file", "secret-file", "webhook-secret-file", "webhook-old-secret-file"},
		"who is notified, and what is run": {"on-end", "notify-url-file", "notify-when"},
		"which ledger, and what it keeps":  {"ledger", "lease", "emergency", "new-ledger", "fresh", "keep-runs"},
		"which files are written":          {"report", "rejects", "annotate", "log-file", "metrics-file", "save-map", "output", "max-upload", "no-open"},
		"how rows are read, and which":     {"id", "map", "map-file", "default", "phone-region", "phone-plus", "value", "join", "leave-out", "decide", "carry", "send", "sheet", "header-row", "delimiter", "encoding", "formulas", "strict", "input"},
		"what is sent, and when again":     {"again", "again-code", "accept", "limit", "max-new", "max-invalid", "max-errors", "max-attempts", "max-duration", "patience", "timeout", "yes"},
		"what cards cost, and for whom":    {"amount", "card-fee", "issued"},
		"what money is spent":              {"fee", "keep-balance", "on-low-balance", "require-funds", "approvers", "users", "plan", "rows", "decline", "key", "save"},
		"what counts as done or in doubt":  {"key-ttl", "settle", "in-doubt", "check-existing", "confirm-created", "gap", "link-life", "as", "gone", "because", "service-id", "link", "link-file", "account"},
		"who is shown, with which links":   {"all", "run", "only", "since", "no-links", "unverified", "unconfirmed", "older-than", "working", "format", "changes"},
		"which events are believed":        {"partner-id", "signature-header", "signature-prefix", "signature-encoding", "max-age", "max-users"},
		"how the simulated partner is":     {"fault", "latency", "balance", "preexist", "seed", "emails-case", "emails-repeat", "kyc-after", "visits"},
		"how the simulated partner's hook": {"webhook-header", "webhook-prefix", "webhook-base64", "webhook-seed-name", "webhook-generation", "webhook-reason", "webhook-age", "webhook-unknown", "webhook-probe", "webhook-two-headers"},
	}
}

func TestHostileEveryFlagIsClassified(t *testing.T) {
	var listed []string
	for _, names := range decisive() {
		listed = append(listed, names...)
	}
	con := &term.Console{}
	known := settings.KnownFlags(cli.NewRootCommand(con))
	for _, name := range known {
		name = strings.TrimPrefix(name, "sandbox-")
		if name == "no-descriptions" { // of cobra's completion, which reads no file
			continue
		}
		if settings.SetByFoundConfig(name) == slices.Contains(listed, name) {
			t.Errorf("--%s: say in setByFoundConfig or in decisive, and not in both, whether a settings file that nobody named may set it", name)
		}
	}
	for _, name := range listed {
		if !slices.Contains(known, name) && !slices.Contains(known, "sandbox-"+name) {
			t.Errorf("--%s is classified, and there is no such flag", name)
		}
	}
}

// Each decisive flag in a bulkonboard.yaml that nobody named stops every
// command, with its line, before anything is made or sent.
func TestHostileFoundConfigDecidesNothing(t *testing.T) {
	con := &term.Console{}
	known := settings.KnownFlags(cli.NewRootCommand(con))
	for why, names := range decisive() {
		for _, name := range names {
			if !slices.Contains(known, name) {
				name = "sandbox-" + name
			}
			dir := writeFiles(t, map[string]string{"bulkonboard.yaml": "rate: 50/s\n" + name + ": /tmp/x\n", "in.csv": customersCSV(1)})
			for _, args := range [][]string{{"validate", "in.csv"}, {"status"}, {"run", "--sandbox", "in.csv"}} {
				code, said := inDirectory(t, dir, nil, args...)
				if code != int(exit.Usage) || !strings.Contains(said, "bulkonboard.yaml:2: "+name+": ") || !strings.Contains(said, "name it with --config") {
					t.Errorf("%s (%s): %v ends with %d and says %q", name, why, args, code, said)
				}
				left, err := os.ReadDir(dir)
				if err != nil || len(left) != 2 {
					t.Errorf("%s: %v left %v, %v", name, args, left, err)
				}
			}
		}
	}
}

// Forms in which the same could be said: after a null, in a second document, as
// an alias, in a merge, twice.
func TestHostileFoundConfigInOtherForms(t *testing.T) {
	for _, text := range []string{
		"proxy: [http://127.0.0.1:9]\n",
		"proxy: {a: b}\n",
		"\"proxy\": http://127.0.0.1:9\n",
		"!!str proxy: http://127.0.0.1:9\n",
		"rate: 5/s\n---\nproxy: http://127.0.0.1:9\n",
		"x: &p {proxy: http://127.0.0.1:9}\n<<: *p\n",
		"? proxy\n: http://127.0.0.1:9\n",
		"{rate: 5/s, proxy: http://127.0.0.1:9}\n",
		"\ufeffproxy: http://127.0.0.1:9\n",
		"quiet: true\nquiet: true\n",
		"rate: &r 5/s\nburst: *r\n",
		"Proxy: http://127.0.0.1:9\n",
		"- proxy\n",
	} {
		dir := writeFiles(t, map[string]string{"bulkonboard.yaml": text, "in.csv": customersCSV(1)})
		if code, said := inDirectory(t, dir, nil, "validate", "in.csv"); code != int(exit.Usage) || !strings.Contains(said, "bulkonboard.yaml:") {
			t.Errorf("%q: exit %d, %q", text, code, said)
		}
	}
}

// A settings file that is a link, a pipe, a directory or somebody's else is not
// read; what it would say shows whether it was.
func TestHostileFoundConfigIsNotOurs(t *testing.T) {
	if !canLink() {
		t.Skip("this system makes no links")
	}
	forms := map[string]func(path, other string) error{
		"a link":           func(path, other string) error { return os.Symlink(other, path) },
		"a hanging link":   func(path, _ string) error { return os.Symlink("nowhere", path) },
		"a link to a pipe": func(path, _ string) error { return os.Symlink("/dev/zero", path) },
		"a pipe":           func(path, _ string) error { return makePipe(path) },
		"a directory":      func(path, _ string) error { return os.Mkdir(path, 0o700) },
		"the group's":      func(path, other string) error { return copyAs(path, other, 0o620) },
		"everybody's":      func(path, other string) error { return copyAs(path, other, 0o602) },
	}
	for what, form := range forms {
		dir := writeFiles(t, map[string]string{"other.yaml": "proxy: nonsense\n", "in.csv": customersCSV(1)})
		if err := form(filepath.Join(dir, "bulkonboard.yaml"), filepath.Join(dir, "other.yaml")); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		code, said := inDirectory(t, dir, nil, "validate", "in.csv")
		if code != int(exit.OK) || !strings.Contains(said, "bulkonboard.yaml is ignored: ") {
			t.Errorf("%s: exit %d, %q", what, code, said)
		}
	}
}

// Settings without an end, or with more of them than anybody writes, are refused
// by their size. The deadline is the test's own: before, the keys alone took 35 s.
func TestHostileConfigWithoutEnd(t *testing.T) {
	var keys, pairs, list strings.Builder
	pairs.WriteString("map:\n")
	list.WriteString("carry:\n")
	for i := range 60_000 {
		fmt.Fprintf(&keys, "rote%d: 5/s\n", i)
		fmt.Fprintf(&pairs, " k%d: v\n", i)
		fmt.Fprintf(&list, "- v%d\n", i)
	}
	long := strings.Repeat("k", limits.Config/2) + ": 1\n"
	dir := writeFiles(t, map[string]string{"keys.yaml": keys.String(), "pairs.yaml": pairs.String(), "list.yaml": list.String(), "long.yaml": long,
		"big.yaml": strings.Repeat("#\n", limits.Config/2+1), "deep.yaml": "map: " + strings.Repeat("[", limits.Config/2), "in.csv": customersCSV(1)})
	files := []string{"keys.yaml", "pairs.yaml", "list.yaml", "long.yaml", "big.yaml", "deep.yaml"}
	if _, err := os.Stat("/dev/zero"); err == nil {
		files = append(files, "/dev/zero")
	}
	done := make(chan struct{})
	defer close(done)
	timer := time.AfterFunc(2*time.Minute, func() {
		select {
		case <-done:
		default:
			panic("a settings file keeps the program busy")
		}
	})
	defer timer.Stop()
	for _, file := range files {
		for _, args := range [][]string{{"validate", "--config", file, "in.csv"}, {"config", "check", "--config", file}, {"validate", "--map-file", file, "in.csv"},
			{"run", "--ledger", "x.db", "--base-url", "https://h.example", "--api-key-file", file, "in.csv"},
			{"run", "--ledger", "x.db", "--base-url", "https://h.example", "--ca-file", file, "in.csv"}} {
			code, said := inDirectory(t, dir, []string{"BULKONBOARD_API_KEY=sk_test_x"}, args...)
			if code != int(exit.Usage) || len(said) > 4096 {
				t.Errorf("%v: exit %d, %d bytes: %.300q", args, code, len(said), said)
			}
		}
	}
}

// No mistake in a settings file repeats a value: it may be a password.
func TestHostileConfigMistakesQuoteNoValue(t *testing.T) {
	const secret = "hunter2secret"
	for _, text := range []string{
		"proxy: *" + secret + "\n", "proxy: &" + secret + "\n", "proxy: !" + secret + " x\n", "proxy: [" + secret + "\n", "proxy: {" + secret + "\n",
		"proxy: \"" + secret + "\n", "proxy: http://u:" + secret + "@h:\tx: y\n", "proxy: ftp://u:" + secret + "@host\n", "proxy: u:" + secret + "@host\n",
		"proxy: http://u:" + secret + "@ho st\n", "proxy: [[" + secret + "]]\n", "proxy: http://u:" + secret + "@h:99999999\n", "base-url: https://u:" + secret + "@h.example\n",
		"base-url: \"https://h.example/%zz?" + secret + "\"\n",
	} {
		dir := writeFiles(t, map[string]string{"c.yaml": text, "in.csv": customersCSV(1)})
		send := []string{"run", "--config", "c.yaml", "--patience", "1ms", "in.csv"}
		if !strings.HasPrefix(text, "base-url") {
			send = append(send, "--base-url", "http://127.0.0.1:1/api") // nobody is there
		}
		for _, args := range [][]string{{"config", "check", "--config", "c.yaml"}, {"status", "--config", "c.yaml"}, send} {
			code, said := inDirectory(t, dir, []string{"BULKONBOARD_API_KEY=sk_test_x"}, args...)
			if strings.Contains(said, secret) {
				t.Errorf("%q: %v says %q", text, args, said)
			}
			if isNull := strings.Contains(text, "&"); args[0] != "status" && !isNull && code != int(exit.Usage) {
				t.Errorf("%q: %v ends with %d: %q", text, args, code, said)
			}
		}
	}
}
