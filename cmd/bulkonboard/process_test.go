//go:build !windows

package main

import (
	"os"
	"os/exec"
	"path/filepath"
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
