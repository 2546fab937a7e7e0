package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
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
	binary, dir := build(t), t.TempDir()
	command := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), binary, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	command("run", "--sandbox", "--rate", "unlimited", "--quiet", "--ledger", "production.db", "--report", "r.csv", inputWithoutMistakes(t))
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
	command(args...)
	backups, err := filepath.Glob(filepath.Join(dir, "production-*.db"))
	if err != nil || len(backups) != 2 {
		t.Fatalf("made %q, %v", backups, err)
	}
	for _, path := range backups {
		command("ledger", "verify", "--ledger", path)
	}
}

func inputWithoutMistakes(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../customers.csv")
	if err != nil {
		t.Fatal(err)
	}
	return path
}
