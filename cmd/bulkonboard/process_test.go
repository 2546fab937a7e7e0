//go:build !windows

package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// stage is a directory with an input, and a partner that answers slowly enough
// to be met in the middle.
type stage struct {
	t      *testing.T
	dir    string
	server *sandbox.Server
	url    string
	at     chan struct{} // closed when the partner has seen the n-th POST
}

const stageRows = 60

func newStage(t *testing.T, n int) *stage {
	t.Helper()
	s := &stage{t: t, dir: t.TempDir(), at: make(chan struct{})}
	seen := make(chan struct{}, stageRows*4)
	var err error
	s.server, err = sandbox.New(sandbox.Config{KeyTTL: time.Second, Latency: 20 * time.Millisecond,
		Barrier: func(st sandbox.Stage, _, _ string) {
			if st == sandbox.Arrived {
				select {
				case seen <- struct{}{}:
				default:
				}
			}
		}})
	if err == nil {
		s.url, err = s.server.Listen("127.0.0.1:0")
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(s.dir, "in.csv"), []byte(customersCSV(stageRows)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	reached := make(chan struct{})
	t.Cleanup(func() {
		close(reached)
		if err := s.server.Close(); err != nil {
			t.Error(err)
		}
	})
	go func() {
		for range n {
			select {
			case <-seen:
			case <-reached:
				return
			}
		}
		close(s.at)
	}()
	return s
}

func (s *stage) run(more ...string) *exec.Cmd {
	args := append([]string{"run", "--base-url", s.url, "--ledger", "l.db", "--report", "r.csv", "--rate", "unlimited", "--workers", "4",
		"--timeout", "2s", "--settle", "2s", "--key-ttl", "1s"}, more...)
	return command(s.t, s.dir, append(args, "in.csv")...)
}

// stopAt starts a run, sends it a signal at the n-th POST, and returns its
// exit code.
func (s *stage) stopAt(sig syscall.Signal) int {
	s.t.Helper()
	c := s.run()
	var text bytes.Buffer
	c.Stderr = &text
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.at:
	case <-time.After(30 * time.Second):
		s.t.Fatalf("the run sends nothing:\n%s", &text)
	}
	if err := c.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
	code := exitOfProcess(s.t, c.Wait())
	s.t.Logf("%v: exit %d\n%s", sig, code, &text)
	return code
}

// converge runs to the end, and compares the report with the partner's users.
func (s *stage) converge() {
	s.t.Helper()
	out, err := s.run().CombinedOutput()
	if code := exitOfProcess(s.t, err); code != 0 && code != 3 {
		s.t.Fatalf("resuming: exit %d\n%s", code, out)
	}
	users := map[string]sandbox.User{}
	for _, u := range s.server.Users() {
		if _, twice := users[u.Email]; twice {
			s.t.Errorf("a customer was created twice")
		}
		users[u.Email] = u
	}
	if len(users) != stageRows {
		s.t.Errorf("%d users, want %d\n%s", len(users), stageRows, out)
	}
	rows := readReport(s.t, filepath.Join(s.dir, "r.csv"))
	if len(rows) != stageRows {
		s.t.Errorf("%d rows in the report, want %d", len(rows), stageRows)
	}
	for _, r := range rows {
		u := users[r["email"]]
		switch r["status"] {
		case "created":
			if r["serviceId"] != u.ServiceID || r["verificationUrl"] != u.VerificationURL {
				s.t.Errorf("row %s: the report has another user or link than the partner", r["row"])
			}
		case "link_missing":
		default:
			s.t.Errorf("row %s is %s", r["row"], r["status"])
		}
	}
	before := s.server.Counters().Posts
	if out, err = s.run().CombinedOutput(); exitOfProcess(s.t, err) != 0 {
		s.t.Errorf("one more run: %v\n%s", err, out)
	}
	if more := s.server.Counters().Posts - before; more != 0 {
		s.t.Errorf("one more run sent %d requests", more)
	}
}

// readReport reads a CSV report by its header.
func readReport(t *testing.T, path string) []map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, rec := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = rec[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// fault 32
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	s := newStage(t, 20)
	if code := s.stopAt(syscall.SIGKILL); code != -1 {
		t.Fatalf("exit %d of a killed process", code)
	}
	s.converge()
}

// fault 34
func TestSignals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sig  syscall.Signal
		code int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}, {syscall.SIGHUP, 143}} {
		t.Run(test.sig.String(), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, 20)
			if code := s.stopAt(test.sig); code != test.code {
				t.Errorf("exit %d, want %d", code, test.code)
			}
			rows := readReport(t, filepath.Join(s.dir, "r.csv"))
			created, pending := 0, 0
			for _, r := range rows {
				switch r["status"] {
				case "created":
					created++
				case "pending":
					pending++
				default:
					t.Errorf("row %s is %s after a clean stop", r["row"], r["status"])
				}
			}
			if created < 16 || pending == 0 || created != len(s.server.Users()) {
				t.Errorf("%d created, %d pending, %d users", created, pending, len(s.server.Users()))
			}
			s.converge()
		})
	}
}

// fault 35
func TestReaderGoesAway(t *testing.T) {
	t.Parallel()
	for _, which := range []string{"stdout", "stderr"} {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, 1)
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			c := s.run("--json")
			var other bytes.Buffer
			c.Stdout, c.Stderr = w, &other
			if which == "stderr" {
				c.Stdout, c.Stderr = &other, w
			}
			err = c.Run()
			w.Close()
			if code := exitOfProcess(t, err); code != 1 {
				t.Errorf("exit %d, want 1\n%s", code, &other)
			}
			if n := len(s.server.Users()); n != stageRows {
				t.Errorf("%d users, want %d: the run did not go on", n, stageRows)
			}
			s.converge()
		})
	}
}

// The API key appears nowhere but in the requests.
func TestKeyIsNowhere(t *testing.T) {
	t.Parallel()
	s := newStage(t, 1)
	c := s.run("--log-file", "log", "--log-format", "json", "--json")
	const key = "sk_test_plantedkey77"
	c.Env = append(c.Env, "BULKONBOARD_API_KEY="+key)
	out, err := c.CombinedOutput()
	if code := exitOfProcess(t, err); code != 0 {
		t.Fatalf("exit %d\n%s", code, out)
	}
	err = filepath.WalkDir(s.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		out = append(out, text...)
		if info, err := d.Info(); err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", d.Name(), info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out, []byte("plantedkey77")) || bytes.Contains(out, []byte("ntedkey77")) {
		t.Error("the key stands in a file or in what is printed")
	}
}
