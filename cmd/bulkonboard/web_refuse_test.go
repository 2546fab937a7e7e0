package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli"
)

// What others could read or change is refused before anything listens.
func TestWebRefusesToStart(t *testing.T) {
	dir := t.TempDir()
	users := filepath.Join(dir, "users.txt")
	if err := os.WriteFile(users, []byte("anna:prepare:$2y$10$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(users, 0o666); err != nil { //nolint:gosec // that is what is refused
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel() // what is not refused ends at once
	for _, c := range []struct {
		flags string
		says  string
	}{
		{"--listen 0.0.0.0:0", "in clear text"},
		{"--listen 10.0.0.5:8443 --users " + users, "in clear text"},
		{"--listen 10.0.0.5:8443 --tls-cert c.pem --tls-key k.pem", "in clear text"},
		{"--listen [::]:0", "in clear text"},
		{"--listen localhost:0", "write the IP address"},
		{"--listen :8443", "write the IP address"},
		{"--listen 0.0.0.0:0 --tls-cert c.pem --tls-key k.pem --users " + users, "needs --host NAME"},
		{"--tls-cert c.pem", "belong together"},
		{"--max-upload 513", "at most 512 MiB"},
		{"--users " + users, "others can write to it"},
		{"--users " + filepath.Join(dir, "none.txt"), "--users"},
	} {
		if runtime.GOOS == "windows" && strings.Contains(c.says, "others can write") {
			continue // it has no such modes
		}
		var out, said bytes.Buffer
		code := cli.Run(over, append([]string{"web", "--sandbox", "--no-open", "--ledger", filepath.Join(dir, "l.db")}, strings.Fields(c.flags)...), nil, strings.NewReader(""), &out, &said)
		if plain := strings.Join(strings.Fields(said.String()), " "); code != 2 || !strings.Contains(plain, c.says) || out.Len() > 0 {
			t.Errorf("%s: exit code %d, %s%s", c.flags, code, out.String(), plain)
		}
	}
}
