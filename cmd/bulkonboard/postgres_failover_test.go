//go:build !windows

package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestPostgresFailover kills the primary of a synchronous pair in the middle of a run, which
// continues on the standby: nothing that was confirmed is lost, and nothing has to be
// written again.
func TestPostgresFailover(t *testing.T) {
	long(t)
	t.Parallel()
	primary := clusters.Start(t)
	standby := primary.StartStandby(t, primary.Address())
	primary.Query(t, "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	for primary.Query(t, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != "1" {
		<-ticks.C
	}
	s := newStage(t, stageRows/3)
	address := strings.Replace(primary.URL(), primary.Address(), primary.Address()+","+standby.Address(), 1)
	var said bytes.Buffer
	c := s.run("--ledger", address, "--lease", "30s")
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-s.at
	primary.Kill(t)
	standby.Promote(t)
	if code := exitOfProcess(t, c.Wait()); code != 0 {
		t.Fatalf("exit %d\n%s", code, said.String())
	}
	if strings.Contains(said.String(), "lost") || strings.Contains(said.String(), "synchronous_standby_names is empty") {
		t.Errorf("commits were lost, or are said to be at risk\n%s", said.String())
	}
	finishPostgres(t, s, address)
}
