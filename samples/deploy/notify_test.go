//go:build !windows

package deploy_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAlertScripts gives the scripts an alert of a run that stopped, and looks at what
// they hand on.
func TestAlertScripts(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("jq is not installed")
	}
	dir := t.TempDir()
	binary := built.path(t)
	list := "firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program\n" +
		"Ann,Roe,ann@example.com,+4915112000901,cards,203.0.113.9,TRUE,custodial\n"
	handed := filepath.Join(dir, "handed")
	stub := "#!/bin/sh\necho \"$@\" > " + handed + ".args\ncat > " + handed + "\n"
	for name, text := range map[string]string{"list.csv": list, "stub": stub} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	play := func(command string) (text, args string) {
		t.Helper()
		c := exec.CommandContext(t.Context(), binary, "run", "--sandbox", "--fresh", "--sandbox-balance", "0.10", "--fee", "0.50", "--on-end", here+"/"+command, "list.csv")
		c.Dir, c.Env = dir, append(os.Environ(), "SENDMAIL="+filepath.Join(dir, "stub"), "CURL="+filepath.Join(dir, "stub"))
		out, err := c.CombinedOutput()
		if c.ProcessState.ExitCode() != 4 || strings.Contains(string(out), "notification failed") {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		return read(t, handed), read(t, handed+".args")
	}
	mail, args := play("mail-alert ops@example.com")
	if args != "-t\n" || !strings.HasPrefix(mail, "To: ops@example.com\nSubject: bulkonboard run, sandbox") ||
		!strings.Contains(mail, "top up the wallet first (exit 4)\nContent-Type: text/plain; charset=utf-8\n\nbulkonboard run") || !strings.Contains(mail, "\nLedger: bulkonboard-sandbox.db\n") {
		t.Errorf("the mail, with %q:\n%s", args, mail)
	}
	posted, args := play("alertmanager-alert http://127.0.0.1:9093")
	var alerts []struct{ Labels, Annotations map[string]string }
	if err := json.Unmarshal([]byte(posted), &alerts); err != nil || len(alerts) != 1 {
		t.Fatalf("%v\n%s", err, posted)
	}
	for name, want := range map[string]string{"alertname": "BulkonboardRun", "severity": "critical", "command": "run", "environment": "sandbox", "stop_reason": "low_balance"} {
		if got := alerts[0].Labels[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !strings.HasSuffix(args, "http://127.0.0.1:9093/api/v2/alerts\n") || !strings.Contains(alerts[0].Annotations["summary"], "exit 4") {
		t.Errorf("%q\n%s", args, posted)
	}
}
