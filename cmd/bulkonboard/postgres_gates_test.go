//go:build !windows

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

const (
	gatesRows    = 12_000
	gatesRate    = 100 // of all, requests a second
	gatesWorkers = 4
	// gatesInHand is the most requests that three runs may still begin once the ledger says
	// stop: turns that they have drawn, and what is on its way with one.
	gatesInHand = 3 * (gatesRate/10/3 + 1 + gatesWorkers)
)

// testPostgresGates: an operator, a 402 and a 429 to one of three runs stop all three, after
// the turns that they have drawn. When the wallet pays again one row of one run shows it.
func testPostgresGates(t *testing.T, cluster *pgtest.Cluster) {
	s := &trio{stage: newStage(t, 1), address: cluster.URL()}
	if err := os.WriteFile(filepath.Join(s.dir, "in.csv"), []byte(customersCSV(gatesRows)), 0o600); err != nil {
		t.Fatal(err)
	}
	on := []string{"--base-url", s.url, "--ledger", s.address}
	ledger := func(args ...string) []string { return append(append([]string{"ledger"}, args...), on...) }
	playCommands(t, s.dir, []commandCase{{0, "created:", ledger("create")}, {0, "100/s", ledger("pace", "--rate", fmt.Sprintf("%d/s", gatesRate))}})
	g := &gates{trio: s, cluster: cluster, schema: s.address[strings.LastIndex(s.address, "=")+1:], ended: make(chan string, 3)}
	var runs sync.WaitGroup
	defer runs.Wait()
	for i := range 3 {
		c := command(t, s.dir, append([]string{"run", "--report", fmt.Sprintf("r%d.csv", i+1), "--lease", "4s", "--timeout", "30s", "--patience", "1h", "--on-low-balance", "wait",
			"--workers", strconv.Itoa(gatesWorkers)}, append(on, "in.csv")...)...)
		said := &bytes.Buffer{}
		c.Stderr = said
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		runs.Go(func() {
			err := c.Wait()
			g.ended <- fmt.Sprintf("run %d has ended: %v\n%s", i+1, err, said)
		})
		defer func() { _ = c.Process.Kill() }() // it may have ended
		select {
		case <-s.at:
		case said := <-g.ended:
			t.Fatal(said)
		}
	}
	g.await("three senders", "count(*) = 3 FROM sender WHERE ended_us IS NULL AND sent > 0")

	playCommands(t, s.dir, []commandCase{{0, "all senders are held", ledger("hold", "--because", "tests")}})
	g.wantQuiet("hold")
	playCommands(t, s.dir, []commandCase{{0, "the senders go on", ledger("release")}})
	g.wantGoingOn()

	g.setFaults(fmt.Sprintf("402=#%d", len(s.server.Posts())+40))
	g.await("the empty wallet", "empty_since_us IS NOT NULL FROM pace")
	n := g.wantQuiet("402")
	if err := s.server.TopUp("1000.00"); err != nil {
		t.Fatal(err)
	}
	g.wantGoingOn()
	posts := s.server.Posts()
	slices.SortFunc(posts, func(a, b sandbox.Post) int { return a.Seq - b.Seq })
	if trial, next := posts[n], posts[n+1]; next.Arrived.Before(trial.Completed) {
		t.Errorf("a request arrived at %s, and the one that showed that the wallet pays again was answered at %s", next.Arrived, trial.Completed)
	}

	g.setFaults(fmt.Sprintf("429=10m,#%d", len(s.server.Posts())+40))
	g.await("the pause", "wait_until_us > extract(epoch FROM now()) * 1000000 FROM pace")
	g.wantQuiet("429")
	byEmail := map[string]int{}
	for _, u := range s.server.Users() {
		if byEmail[u.Email]++; byEmail[u.Email] > 1 {
			t.Errorf("%s was created twice", u.Email)
		}
	}
}

// gates are three runs that are told to stop.
type gates struct {
	*trio
	cluster *pgtest.Cluster
	schema  string
	ended   chan string // what a run has said that ended
}

func (g *gates) setFaults(texts ...string) {
	g.t.Helper()
	faults, err := parseFaults(texts)
	if err == nil {
		err = g.server.SetFaults(faults)
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

// ask returns what the ledger says.
func (g *gates) ask(what string) string {
	g.t.Helper()
	return g.cluster.Query(g.t, "SET search_path = "+g.schema, "SELECT "+what)
}

// await waits until the ledger says so.
func (g *gates) await(what, isSo string) {
	g.t.Helper()
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	for g.ask(isSo) != "t" {
		select {
		case <-ticks.C:
		case said := <-g.ended:
			g.t.Fatalf("waited in vain: %s: %s", what, said)
		}
	}
}

// wantQuiet fails the test if more requests arrive than the runs had turns for, in the time
// in which each of them shows twice that it is alive. It returns how many have arrived.
func (g *gates) wantQuiet(after string) int {
	g.t.Helper()
	before := len(g.server.Posts())
	most := g.ask("max(beat) + 2 FROM sender WHERE ended_us IS NULL")
	g.await("signs of life", "min(beat) >= "+most+" FROM sender WHERE ended_us IS NULL")
	n := len(g.server.Posts())
	if n > before+gatesInHand {
		g.t.Errorf("%d requests after the %s", n-before, after)
	}
	return n
}

// wantGoingOn waits until all three send again.
func (g *gates) wantGoingOn() {
	g.t.Helper()
	sent := g.ask("string_agg(id || ',' || sent, '),(') FROM sender WHERE ended_us IS NULL")
	g.await("all three to go on", "count(*) = 3 FROM sender s JOIN (VALUES ("+sent+")) v (id, sent) ON s.id = v.id WHERE s.sent > v.sent + 5")
}

// trio is three runs of one list on one ledger in PostgreSQL.
type trio struct {
	*stage
	address string
	runs    []*exec.Cmd
	said    []*bytes.Buffer
}

// wait waits for a run, which must have finished the list.
func (s *trio) wait(i int) {
	s.t.Helper()
	if code := exitOfProcess(s.t, s.runs[i].Wait()); code != 0 && code != 3 {
		s.t.Errorf("run %d: exit %d\n%s", i+1, code, s.said[i])
	}
}
