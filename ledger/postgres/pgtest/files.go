package pgtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// WriteFile writes a file that only the server can read, and returns its path.
func (c *Cluster) WriteFile(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(c.folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := serverUser(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// AddressOf returns the address of a ledger with other host, port and parameters.
func (c *Cluster) AddressOf(host string, parameters string) string {
	return fmt.Sprintf("postgres://postgres@%s/postgres?%s", net.JoinHostPort(host, strconv.Itoa(c.port)), parameters)
}

// StartBouncer puts a pgbouncer in front of the server, which ends with the test, and
// returns its port. The test is skipped where pgbouncer is not installed.
func (c *Cluster) StartBouncer(t testing.TB, poolMode string) int {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer"
	}
	if _, err := os.Stat(program); err != nil {
		t.Skip("*** PGBOUNCER IS NOT INSTALLED, THIS TEST DID NOT RUN")
	}
	port, err := freePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	config := c.WriteFile(t, poolMode+".ini", fmt.Sprintf(`[databases]
postgres = host=127.0.0.1 port=%d user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
auth_type = any
unix_socket_dir =
pool_mode = %s
`, c.port, port, poolMode))
	user, err := serverUser("")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, config)
	cmd.Dir, cmd.SysProcAttr = c.folder, user
	bouncer, err := startServer(cmd, "process up")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = bouncer.cmd.Process.Kill() // it has nothing to lose
		<-bouncer.ended
	})
	return port
}
