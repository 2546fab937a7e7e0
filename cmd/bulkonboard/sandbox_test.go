//go:build !windows

package main

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
)

// TestSandboxLineToPaste starts the simulated partner and runs the very line
// that it prints.
func TestSandboxLineToPaste(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	copySample(t, dir, "customers.csv")
	c := command(t, dir, "sandbox", "--addr", "127.0.0.1:0", "--balance", "10.50", "--latency", "1ms")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	people := bufio.NewReader(said)
	line := ""
	for !strings.Contains(line, "--base-url") {
		if line, err = people.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(line, "bulkonboard run --base-url "+strings.TrimSpace(url)+" ") {
		t.Errorf("the line to paste is %q, the base URL %q", line, url)
	}
	paste := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(strings.TrimSpace(line), " run ", " run --rate unlimited --workers 1 ", 1))
	paste.Dir = dir
	// 10.50 pays for 21 users of 0.50.
	text, err := paste.CombinedOutput()
	if code := exitOfProcess(t, err); code != int(exit.Wallet) {
		t.Errorf("exit %d, want 4\n%s", code, text)
	}
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(people)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); exitOfProcess(t, err) != 0 || !strings.Contains(string(rest), " 21 users, 10.50") {
		t.Errorf("%v\n%s", err, rest)
	}
}
