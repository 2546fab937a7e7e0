package deploy_test

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

func unitNames() []string {
	return []string{"bulkonboard.service", "bulkonboard.timer", "bulkonboard-backup.service", "bulkonboard-backup.timer", "bulkonboard-listen.service"}
}

// execLine returns the command of a unit, as systemd passes it on.
func execLine(t *testing.T, unit string) string {
	t.Helper()
	text := strings.ReplaceAll(uncommented(read(t, unit)), "\\\n", " ")
	_, rest, ok := strings.Cut(text, "\nExecStart=")
	if !ok {
		t.Fatalf("%s starts nothing", unit)
	}
	line, _, _ := strings.Cut(rest, "\n")
	return strings.NewReplacer("%%", "%", "$$", "$").Replace(line)
}

func TestUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("NOT CHECKED: systemd-analyze is not installed, so no unit was verified")
	}
	// verify wants to find the program.
	dir := t.TempDir()
	args := []string{"verify", "--man=no"}
	for _, name := range unitNames() {
		text := strings.ReplaceAll(read(t, name), "/usr/local/bin/bulkonboard", "/bin/true")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, filepath.Join(dir, name))
	}
	out, err := exec.CommandContext(t.Context(), analyze, args...).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, dir) || strings.Contains(line, "bulkonboard") {
			t.Errorf("systemd-analyze: %s", line)
		}
	}
	if err != nil {
		t.Errorf("systemd-analyze: %v\n%s", err, out)
	}
}

// What one unit shuts, the others shut too.
func TestUnitsAreShut(t *testing.T) {
	for _, name := range unitNames() {
		if strings.HasSuffix(name, ".timer") {
			continue
		}
		text := read(t, name)
		for _, want := range []string{"ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet=\n", "MemoryDenyWriteExecute=yes", "UMask=0077",
			"User=bulkonboard", "StateDirectoryMode=0700", "RequiresMountsFor=/var/lib/bulkonboard", "LimitCORE=0", "SystemCallFilter=~@privileged @resources"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %s", name, want)
			}
		}
	}
}

// The commands of the backup and of the CronJob make a ledger that verify finds sound.
func TestBackupIsPlayed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the unit's command needs a shell")
	}
	binary, dir := built.path(t), t.TempDir()
	makeLedger(t, binary, dir)
	played := strings.NewReplacer("/usr/local/bin/bulkonboard", binary, "/var/lib/bulkonboard", dir, "/var/backups/bulkonboard", dir,
		"/data/", dir+"/", "/backup/", dir+"/", "$(POD_NAME)", "production-pod")
	unit := exec.CommandContext(t.Context(), "/bin/sh", "-c", played.Replace(execLine(t, "bulkonboard-backup.service")))
	if out, err := unit.CombinedOutput(); err != nil {
		t.Fatalf("the unit's command: %v\n%s", err, out)
	}
	words := pods(t, "backup-cronjob.yaml")[0].Spec.Containers[0].Args
	var args []string
	for _, w := range words {
		args = append(args, played.Replace(w))
	}
	runCommand(t, binary, dir, args...)
	backups, err := filepath.Glob(filepath.Join(dir, "production-*.db"))
	if err != nil || len(backups) != 2 {
		t.Fatalf("made %q, %v", backups, err)
	}
	for _, path := range backups {
		runCommand(t, binary, dir, "ledger", "verify", "--ledger", path)
	}
}

// The commands of the unit and of the Deployment serve /healthz.
func TestListenIsPlayed(t *testing.T) {
	binary, dir := built.path(t), t.TempDir()
	makeLedger(t, binary, dir)
	if err := os.WriteFile(filepath.Join(dir, "webhook-secret"), []byte("whsec_1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	port := regexp.MustCompile(`[0-9.]+:\d+$`)
	played := strings.NewReplacer("/var/lib/bulkonboard", dir, "/data", dir, "%d", dir, "/secret", dir)
	for _, name := range []string{"bulkonboard-listen.service", "listen.yaml"} {
		var args []string
		for _, w := range commands(t)[name] {
			args = append(args, port.ReplaceAllString(played.Replace(w), "127.0.0.1:0"))
		}
		cmd := exec.CommandContext(t.Context(), binary, args...)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatalf("%s: %q says no URL: %v", name, args, err)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSpace(line)+"healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("%s: health is %d, %v", name, answer.StatusCode, err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // it was killed
	}
}

func runCommand(t *testing.T, binary, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
}

// makeLedger makes production.db in dir, by a rehearsal with the customers of samples.
func makeLedger(t *testing.T, binary, dir string) {
	t.Helper()
	input, err := filepath.Abs("../customers.csv")
	if err != nil {
		t.Fatal(err)
	}
	runCommand(t, binary, dir, "run", "--sandbox", "--rate", "unlimited", "--quiet", "--ledger", "production.db", "--report", "r.csv", input)
}
