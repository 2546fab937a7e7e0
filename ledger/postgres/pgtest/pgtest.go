// Package pgtest runs PostgreSQL servers for tests. Start at [Shared].
package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// Cluster is a server of one test, with its data in a temporary folder, in memory if there is
// room: no test lets a machine lose its power. It listens on a loopback port only. It may be
// used by any number of goroutines.
type Cluster struct {
	port    int
	folder  string
	bin     string
	schemas atomic.Int64
	server  *server
}

// requirePrograms returns the folder of PostgreSQL's programs, or skips the test.
func requirePrograms(t testing.TB) string {
	t.Helper()
	bin := findPrograms()
	if bin == "" {
		t.Skip("*** POSTGRESQL IS NOT INSTALLED, THIS TEST DID NOT RUN: no initdb in PATH, in /usr/lib/postgresql/*/bin or of Homebrew")
	}
	return bin
}

// Shared has the clusters of a test binary. The zero value is ready to use. TestMain closes it.
// Its methods may be called by tests that run in parallel.
type Shared struct {
	starting sync.Mutex
	template string // a folder that initdb has filled, and no server uses
	cluster  *Cluster
}

// Cluster returns the one cluster of all tests that neither stop its server nor change its
// settings: each uses schemas of its own. The first test that asks starts it. The test is
// skipped where PostgreSQL is not installed.
func (s *Shared) Cluster(t testing.TB) *Cluster {
	t.Helper()
	bin := requirePrograms(t)
	s.starting.Lock()
	defer s.starting.Unlock()
	if s.cluster == nil {
		s.fillTemplate(t, bin)
		c, err := openCluster(context.Background(), folderOf(t), bin, nil, s.copyTemplate)
		if err != nil {
			if c != nil {
				err = errors.Join(err, c.close())
			}
			t.Fatal(err)
		}
		s.cluster = c
	}
	return s.cluster
}

// Start makes a cluster of one test and starts its server, which ends with the test. The test is
// skipped where PostgreSQL is not installed.
func (s *Shared) Start(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	bin := requirePrograms(t)
	s.starting.Lock()
	s.fillTemplate(t, bin)
	s.starting.Unlock()
	return start(t, bin, settings, s.copyTemplate)
}

// fillTemplate runs initdb, once. The caller holds the mutex.
func (s *Shared) fillTemplate(t testing.TB, bin string) {
	t.Helper()
	if s.template != "" {
		return
	}
	c, err := newCluster(t.Context(), folderOf(t), bin, func(folder string) []string {
		return []string{filepath.Join(bin, "initdb"), "-A", "trust", "-N", "--wal-segsize=1", "-U", "postgres", "-E", "UTF8", "-D", folder}
	})
	if err != nil {
		if c != nil {
			err = errors.Join(err, c.close())
		}
		t.Fatal(err)
	}
	s.template = c.folder
}

// copyTemplate returns the command that makes the folder of a cluster, in a third of the time of initdb.
func (s *Shared) copyTemplate(folder string) []string {
	return []string{"cp", "-Rp", s.template, folder}
}

// Close ends the shared cluster, if a test has started it. Those of single tests have ended.
func (s *Shared) Close() (err error) {
	s.starting.Lock()
	defer s.starting.Unlock()
	if s.cluster != nil {
		err = s.cluster.close()
	}
	if s.template != "" {
		err = errors.Join(err, os.RemoveAll(filepath.Dir(s.template)))
	}
	return err
}

// StartStandby makes a standby of the cluster, which follows it asynchronously, and starts
// its server. through is the address, host:port, over which it follows; "" is that of the
// cluster itself.
func (c *Cluster) StartStandby(t testing.TB, through string, settings ...string) *Cluster {
	t.Helper()
	if through == "" {
		through = c.Address()
	}
	host, port, err := net.SplitHostPort(through)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, c.bin, settings, func(folder string) []string {
		return []string{c.Program("pg_basebackup"), "-R", "-X", "stream", "-c", "fast", "-h", host, "-p", port, "-U", "postgres", "-D", folder}
	})
}

// start is openCluster for one test.
func start(t testing.TB, bin string, settings []string, filling func(folder string) []string) *Cluster {
	t.Helper()
	c, err := openCluster(t.Context(), folderOf(t), bin, settings, filling)
	if c != nil {
		t.Cleanup(func() {
			if err := c.close(); err != nil {
				t.Error(err)
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// openCluster makes the folder of a cluster and starts its server. With an error, too, a
// cluster that is returned must be closed.
func openCluster(ctx context.Context, in, bin string, settings []string, filling func(folder string) []string) (*Cluster, error) {
	c, err := newCluster(ctx, in, bin, filling)
	if err == nil {
		c.port, err = freePort(ctx)
	}
	if err != nil {
		return c, err
	}
	return c, c.runServer(ctx, settings)
}

// folderOf returns the folder in which the clusters of a test are made; "" = the system's for
// temporary files. A benchmark measures the disk, too.
func folderOf(t testing.TB) string {
	const memory, room = "/dev/shm", 4 << 30
	if _, isBenchmark := t.(*testing.B); isBenchmark || freeSpace(memory) < room {
		return ""
	}
	return memory
}

// newCluster is openCluster without a server. filling returns the command that makes the folder.
func newCluster(ctx context.Context, in, bin string, filling func(folder string) []string) (*Cluster, error) {
	folder, err := os.MkdirTemp(in, "pgtest")
	if err != nil {
		return nil, err
	}
	c := &Cluster{folder: filepath.Join(folder, "data"), bin: bin}
	user, err := serverUser(folder)
	if err != nil {
		return c, err
	}
	command := filling(c.folder)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env, cmd.Dir, cmd.SysProcAttr = append(os.Environ(), "LC_ALL=C.UTF-8"), folder, user
	if out, err := cmd.CombinedOutput(); err != nil {
		return c, fmt.Errorf("%s: %w\n%s", filepath.Base(command[0]), err, out)
	}
	return c, nil
}

// close ends the server and removes its folder.
func (c *Cluster) close() error {
	return errors.Join(c.stopServer(syscall.SIGQUIT), os.RemoveAll(filepath.Dir(c.folder)))
}

// Run starts the server again after Stop. Settings are given as name=value.
func (c *Cluster) Run(t testing.TB, settings ...string) {
	t.Helper()
	if err := c.runServer(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
}

func (c *Cluster) runServer(ctx context.Context, settings []string) error {
	args := []string{"-D", c.folder, "-p", strconv.Itoa(c.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "dynamic_shared_memory_type=mmap"} // in its folder, of which nothing is left after a kill
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	user, err := serverUser("")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), filepath.Join(c.bin, "postgres"), args...)
	cmd.Env, cmd.Dir, cmd.SysProcAttr = append(os.Environ(), "LC_ALL=C.UTF-8"), c.folder, user
	c.server, err = startServer(cmd, "database system is ready to accept")
	return err
}

// Stop ends the server with a signal and waits for it: SIGQUIT leaves it to recover
// at its next start, as a crash does. A server that has ended is left alone.
func (c *Cluster) Stop(t testing.TB, with os.Signal) {
	t.Helper()
	if err := c.stopServer(with); err != nil {
		t.Error(err)
	}
}

func (c *Cluster) stopServer(with os.Signal) error {
	if c.server == nil {
		return nil
	}
	err := c.server.cmd.Process.Signal(with)
	<-c.server.ended
	c.server = nil
	return err
}

// Kill ends the server and all its processes at once, as a machine that dies does.
func (c *Cluster) Kill(t testing.TB) {
	t.Helper()
	for _, pid := range childrenOf(c.server.cmd.Process.Pid) {
		if p, err := os.FindProcess(pid); err == nil {
			_ = p.Kill() // it may have ended
		}
	}
	c.Stop(t, os.Kill)
}

// Promote makes a standby a primary.
func (c *Cluster) Promote(t testing.TB) {
	t.Helper()
	user, err := serverUser("")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(c.bin, "pg_ctl"), "promote", "-w", "-D", c.folder)
	cmd.Dir, cmd.SysProcAttr = c.folder, user
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("pg_ctl promote: %v\n%s", err, out)
	}
}

// Address returns host:port of the server.
func (c *Cluster) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)) }

// URL returns the address of a ledger in a schema that does not exist yet.
func (c *Cluster) URL() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable&schema=case_%d", c.port, c.schemas.Add(1))
}

// Program returns the path of one of PostgreSQL's programs.
func (c *Cluster) Program(name string) string { return filepath.Join(c.bin, name) }

// findPrograms returns the folder of initdb and postgres, "" if there is none.
func findPrograms() string {
	var folders []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(path))
		}
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin"} {
		found, _ := filepath.Glob(pattern) // the patterns are sound
		slices.Reverse(found)
		folders = append(folders, found...)
	}
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(folder, "postgres")); err == nil {
			return folder
		}
	}
	return ""
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err = errors.Join(err, l.Close()); err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

// server is a running server.
type server struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// startServer returns once the server has said that it is ready.
func startServer(cmd *exec.Cmd, isReady string) (*server, error) {
	log, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	s, ready := &server{cmd, make(chan struct{})}, make(chan error, 1)
	go func() {
		defer close(s.ended)
		defer keepThread()()
		if err := cmd.Start(); err != nil {
			ready <- err
			return
		}
		var said []string
		lines := bufio.NewScanner(log)
		for lines.Scan() {
			if said = append(said, lines.Text()); strings.Contains(lines.Text(), isReady) {
				ready <- nil
				break
			}
		}
		_, _ = io.Copy(io.Discard, log) // until the server ends
		err := cmd.Wait()
		select {
		case ready <- fmt.Errorf("%s ended: %w\n%s", filepath.Base(cmd.Path), err, strings.Join(said, "\n")):
		default:
		}
	}()
	if err := <-ready; err != nil {
		<-s.ended
		return nil, err
	}
	return s, nil
}
