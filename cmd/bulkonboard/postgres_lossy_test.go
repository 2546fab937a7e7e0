//go:build !windows

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// TestPostgresLosesCommits: the primary dies together with what its asynchronous standby did
// not have yet, and so does one of three runs. The other two write again what they know. What
// only the dead one knew is sent again under the same keys, so that the partner and its list
// show what became of it: nobody is created twice, and nobody of ours is called a duplicate.
func TestPostgresLosesCommits(t *testing.T) {
	long(t)
	t.Parallel()
	const rows, keyTTL = 900, "2m"
	primary := clusters.Start(t)
	standby := primary.StartStandby(t, "")
	s := newStage(t, 1)
	address := strings.Replace(primary.URL(), primary.Address(), primary.Address()+","+standby.Address(), 1)
	server, err := sandbox.New(sandbox.Config{KeyTTL: 2 * time.Minute, Latency: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	s.server = server
	if s.url, err = server.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "in.csv"), []byte(customersCSV(rows)), 0o600); err != nil {
		t.Fatal(err)
	}
	on := []string{"--base-url", s.url, "--ledger", address}
	playCommands(t, s.dir, []commandCase{{0, "created:", append([]string{"ledger", "create"}, on...)}, {0, "60/s", append([]string{"ledger", "pace", "--rate", "60/s"}, on...)}})
	var runs []*exec.Cmd
	var said []*bytes.Buffer
	for i := range 3 {
		c := command(t, s.dir, append([]string{"run", "--lease", "3s", "--timeout", "5s", "--settle", "6s", "--key-ttl", keyTTL, "--report", string(rune('a'+i)) + ".csv"}, append(on, "in.csv")...)...)
		runs, said = append(runs, c), append(said, &bytes.Buffer{})
		c.Stderr = said[i]
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
	}
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	awaitPosts := func(n int) {
		for len(server.Posts()) < n {
			select {
			case <-ticks.C:
			case <-t.Context().Done():
				t.Fatal("the runs send nothing")
			}
		}
	}
	awaitPosts(rows / 4)
	standby.Query(t, "ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
	for primary.Query(t, "SELECT count(*) FROM pg_stat_replication") != "0" {
		<-ticks.C
	}
	awaitPosts(len(server.Posts()) + rows/10)
	if err := runs[0].Process.Kill(); err != nil {
		t.Fatal(err)
	}
	primary.Kill(t)
	_ = runs[0].Wait() // it was killed
	standby.Promote(t)
	lost := 0
	for i, c := range runs[1:] {
		if code := exitOfProcess(t, c.Wait()); code != 0 && code != 3 {
			t.Errorf("run %d: exit %d\n%s", i+2, code, said[i+1])
		}
		lost += strings.Count(said[i+1].String(), "lost transactions were written again")
	}
	if lost != 2 {
		t.Errorf("%d of 2 runs have lost and written again\n%s\n%s", lost, said[1], said[2])
	}
	byEmail := map[string]int{}
	for _, u := range server.Users() {
		if byEmail[u.Email]++; byEmail[u.Email] > 1 {
			t.Errorf("%s was created twice", u.Email)
		}
	}
	out, err := command(t, s.dir, append([]string{"status", "--json"}, on...)...).Output()
	var status struct{ Counts map[string]int }
	if err == nil {
		err = json.Unmarshal(out, &status)
	}
	if n := status.Counts; err != nil || len(byEmail) != rows || n["created"]+n["link_missing"] != rows || n["link_missing"] == 0 {
		t.Errorf("%d users, %v, %v\n%s", len(byEmail), n, err, out)
	}
	playCommands(t, s.dir, []commandCase{{0, "the ledger is intact", append([]string{"ledger", "verify"}, on...)}})
}
