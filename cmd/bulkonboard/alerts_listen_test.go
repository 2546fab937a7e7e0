//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestListenNotifies: kyc listen tells operators when the ledger can no longer be
// written, and not when it is stopped.
func TestListenNotifies(t *testing.T) {
	t.Parallel()
	dir := writeFiles(t, map[string]string{"in.csv": customersCSV(1), "secret": "whsec_1\n"})
	if out, err := command(t, dir, "run", "in.csv", "--sandbox", "--ledger", "l.db", "--rate", "unlimited").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range []struct {
		name string
		end  func(address string, p *os.Process) error
		code int
		told string
	}{
		{"stopped", func(_ string, p *os.Process) error { return p.Signal(syscall.SIGTERM) }, 0, ""},
		{"the ledger is damaged", func(address string, _ *os.Process) error {
			for _, name := range []string{"l.db", "l.db-wal", "l.db-shm"} {
				if err := os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte("damaged "), 8192), 0o600); err != nil {
					return err
				}
			}
			if status, _ := askFor(t, "GET", address+"healthz"); status != 503 {
				return fmt.Errorf("health: HTTP %d", status)
			}
			return nil
		}, 9, `"event":"ended","text":"bulkonboard kyc listen, sandbox on `},
	} {
		listen := command(t, dir, "kyc", "listen", "--ledger", "l.db", "--sandbox", "--addr", "127.0.0.1:0", "--secret-file", "secret", "--on-end", "cat > told")
		out, err := listen.StdoutPipe()
		said := new(lockedText)
		listen.Stderr = said
		if err == nil {
			err = listen.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listen.Process.Kill() }) // it has ended, unless the test has failed
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatalf("%s: %v\n%s", c.name, err, said)
		}
		address := strings.TrimSpace(line)
		if status, _ := askFor(t, "GET", address); status != 204 {
			t.Errorf("%s: probed: %d", c.name, status)
		}
		if err := c.end(address, listen.Process); err != nil {
			t.Fatal(err)
		}
		if code := exitOfProcess(t, listen.Wait()); code != c.code {
			t.Errorf("%s: exit %d, want %d\n%s", c.name, code, c.code, said)
		}
		told, err := os.ReadFile(filepath.Join(dir, "told"))
		if !strings.Contains(string(told), c.told) || (err == nil) != (c.told != "") {
			t.Errorf("%s: told %q, %v\n%s", c.name, told, err, said)
		}
	}
}
