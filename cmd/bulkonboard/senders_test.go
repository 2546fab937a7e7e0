//go:build !windows

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
)

// TestOneSender: what is about several senders says of a ledger in a file that it has one.
func TestOneSender(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cases := []commandCase{{0, "created:", []string{"ledger", "create", "--sandbox", "--ledger", "l.db"}}}
	for _, args := range [][]string{{"senders"}, {"hold", "--because", "tests"}, {"release"}, {"pace"}, {"pace", "--rate", "5/s"}, {"merge", "l.db"}} {
		cases = append(cases, commandCase{2, "has one sender", append([]string{"ledger", args[0], "--sandbox", "--ledger", "l.db"}, args[1:]...)})
	}
	list := copySample(t, dir, "customers.csv")
	cases = append(cases, commandCase{2, "--background is for a ledger in PostgreSQL", []string{"run", "--sandbox", "--ledger", "l.db", "--background", list}})
	playCommands(t, dir, append(cases, commandCase{2, "--because is missing", []string{"ledger", "hold", "--sandbox", "--ledger", "l.db"}}))
}

// testPostgresSenders holds, releases and paces the senders of a ledger.
func testPostgresSenders(t *testing.T, cluster *pgtest.Cluster) {
	dir, address := t.TempDir(), cluster.URL()
	list := copySample(t, dir, "customers.csv")
	onLedger := func(args ...string) []string {
		return append([]string{"ledger", args[0], "--sandbox", "--ledger", address}, args[1:]...)
	}
	playCommands(t, dir, []commandCase{
		{7, "there is no ledger", onLedger("senders")},
		{0, "created:", onLedger("create")},
		{0, "ledger create", onLedger("senders")}, // which has ended
		{0, "no process is sending", onLedger("senders")},
		{0, "rate of all senders: 5/s", onLedger("pace")},
		{0, "rate of all senders: 200/s", onLedger("pace", "--rate", "200/s")},
		{0, "rate of all senders: 200/s", onLedger("senders")},
		{0, "rate of all senders: unlimited", onLedger("pace", "--rate", "unlimited")},
		{2, "--rate", onLedger("pace", "--rate", "fast")},
		{0, "all senders are held", onLedger("hold", "--because", "the partner asked us to stop")},
		{0, "the partner asked us to stop", onLedger("senders")},
		{0, "the senders go on", onLedger("release")},
		{0, "40 created", []string{"run", "--sandbox", "--yes", "--rate", "unlimited", "--background", "--ledger", address, list}},
		{0, "40 sent, 0 in flight", onLedger("senders")},
		{0, `{"ratePerSecond":0,"heldBy":null,"heldBecause":null,"waitUntil":null,"emptySince":null,"senders":[{"id":`, onLedger("senders", "--json")},
		{0, "hold", onLedger("log")},
		{2, "none.emergency", onLedger("merge", "none.emergency")},
	})
	text, err := command(t, dir, onLedger("senders", "--json")...).Output()
	if err != nil {
		t.Fatal(err)
	}
	follows(t, schemaOf(t, "senders.schema.json"), text)
}

// testPostgresEmergency: where answers could not be kept while the database is away, production
// sends nothing, and other environments say so.
func testPostgresEmergency(t *testing.T, cluster *pgtest.Cluster) {
	dir := writeFiles(t, map[string]string{"key": "sk_live_0123456789"})
	list, address, production := copySample(t, dir, "customers.csv"), cluster.URL(), cluster.URL()
	playCommands(t, dir, []commandCase{
		{2, "for a ledger in PostgreSQL", []string{"run", "--sandbox", "--yes", "--emergency", "e", list}},
		{0, "created:", []string{"ledger", "create", "--env", "production", "--ledger", production}},
		{9, "--emergency", []string{"run", "--env", "production", "--yes", "--api-key-file", "key", "--ledger", production, "--emergency", "none/e", list}},
		{0, "warning: answers cannot be kept", []string{"run", "--sandbox", "--yes", "--rate", "unlimited", "--ledger", address, "--emergency", "none/e", list}},
		{0, "0 sent", []string{"run", "--sandbox", "--yes", "--ledger", address, "--emergency", "kept", list}},
	})
	if _, err := os.Stat(filepath.Join(dir, "kept")); err != nil {
		t.Error(err)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*.emergency")); err != nil || len(files) != 1 {
		t.Errorf("emergency files: %v %v", files, err) // that of ledger create
	}
}

// testPostgresBeside: while a run sends, what deletes users and creates them again is
// refused with who is sending, and the statuses of users are read.
func testPostgresBeside(t *testing.T, cluster *pgtest.Cluster) {
	s := newStage(t, 2)
	address := cluster.URL()
	run := s.run("--ledger", address, "--lease", "1s", "--rate", "1/s")
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	<-s.at
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	on := []string{"--base-url", s.url, "--ledger", address}
	who := fmt.Sprintf("needs the ledger to itself, and \"run\" on %s (process %d) has been sending since ", host, run.Process.Pid)
	playCommands(t, s.dir, []commandCase{
		{0, "all senders are held", append([]string{"ledger", "hold", "--because", "the run is not to end"}, on...)},
		{7, `"links recover" ` + who, append([]string{"links", "recover", "--yes", "in.csv"}, on...)},
		{7, `"links renew" ` + who, append([]string{"links", "renew", "--yes", "--link-life", "24h", "in.csv"}, on...)},
		{0, "the senders go on", append([]string{"ledger", "release"}, on...)},
		{0, "looked for", append([]string{"kyc", "sync"}, on...)},
	})
	_ = run.Process.Signal(syscall.SIGINT) // on a very busy machine it has ended
	if code := exitOfProcess(t, run.Wait()); code != int(exit.Interrupted) && code != 0 {
		t.Errorf("exit %d", code)
	}
}
