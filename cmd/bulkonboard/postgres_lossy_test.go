//go:build !windows

package main

import (
	"bytes"
	"encoding/json"
	"os"
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
// It is one of the long proofs: TestFailover and TestUnhealed of package postgres are shorter.
func TestPostgresLosesCommits(t *testing.T) {
	if os.Getenv("POSTGRES_CHAOS") == "" {
		t.Skip("POSTGRES_CHAOS lets it be played")
	}
	t.Parallel()
	const rows, keyTTL = 2400, "2m" // enough slices for three
	primary := clusters.Start(t)
	standby := primary.StartStandby(t, "")
	s := &trio{stage: &stage{t: t, dir: t.TempDir()}, address: strings.Replace(primary.URL(), primary.Address(), primary.Address()+","+standby.Address(), 1)}
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
	on := []string{"--base-url", s.url, "--ledger", s.address}
	playCommands(t, s.dir, []commandCase{{0, "created:", append([]string{"ledger", "create"}, on...)}, {0, "20/s", append([]string{"ledger", "pace", "--rate", "20/s"}, on...)}})
	for i := range 3 {
		c := command(t, s.dir, append([]string{"run", "--lease", "3s", "--timeout", "5s", "--settle", "6s", "--key-ttl", keyTTL, "--report", string(rune('a'+i)) + ".csv"}, append(on, "in.csv")...)...)
		said := &bytes.Buffer{}
		c.Stderr = said
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		s.runs, s.said = append(s.runs, c), append(s.said, said)
	}
	g := &gates{trio: s, cluster: primary, schema: s.address[strings.LastIndex(s.address, "=")+1:]}
	g.await("three senders", "count(*) = 3 FROM sender WHERE ended_us IS NULL AND sent > 0")
	standby.Query(t, "ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	for primary.Query(t, "SELECT count(*) FROM pg_stat_replication") != "0" {
		<-ticks.C
	}
	g.wantGoingOn() // what they send from here is lost
	if err := s.runs[0].Process.Kill(); err != nil {
		t.Fatal(err)
	}
	primary.Kill(t)
	_ = s.runs[0].Wait() // it was killed
	standby.Promote(t)
	playCommands(t, s.dir, []commandCase{{0, "300/s", append([]string{"ledger", "pace", "--rate", "300/s"}, on...)}})
	lost := 0
	for i := range s.runs[1:] {
		s.wait(i + 1)
		lost += strings.Count(s.said[i+1].String(), "lost transactions were written again")
	}
	if lost != 2 {
		t.Errorf("%d of 2 runs have lost and written again\n%s\n%s", lost, s.said[1], s.said[2])
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
