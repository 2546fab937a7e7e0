//go:build !windows

package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
)

func TestPostgres(t *testing.T) {
	long(t)
	t.Parallel()
	cluster := clusters.Cluster(t)
	for name, test := range map[string]func(*testing.T, *pgtest.Cluster){
		"reports equal those of a file": testPostgresReports,
		"a run that was killed":         testPostgresKilled,
		"a run that was frozen":         testPostgresFrozen,
		"a server that was killed":      testPostgresCrash,
		"a server that stays away":      testPostgresAway,
		"commands":                      testPostgresCommands,
		"commands beside a run":         testPostgresBeside,
		"the finance page":              testPostgresPage,
		"three runs of one list":        testPostgresTogether,
		"one of two is interrupted":     testPostgresInterrupted,
		"a list that is overtaken":      testPostgresOvertaken,
		"one of three runs stops":       testPostgresOneStops,
		"a ledger that is copied":       testPostgresCopy,
		"roles":                         testPostgresRoles,
		"senders":                       testPostgresSenders,
		"what stops all three":          testPostgresGates,
		"emergency files":               testPostgresEmergency,
		"a ledger put back from a dump": testPostgresDump,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, cluster)
		})
	}
}

// testPostgresReports sends the same list with a ledger in a file and one in PostgreSQL.
func testPostgresReports(t *testing.T, cluster *pgtest.Cluster) {
	reports := map[string]string{}
	for kind, ledger := range map[string]string{"file": "l.db", "server": cluster.URL()} {
		dir := t.TempDir()
		list := copySample(t, dir, "customers-with-mistakes.csv")
		for _, again := range []bool{false, true} {
			var said bytes.Buffer
			c := command(t, dir, "run", "--sandbox", "--yes", "--rate", "unlimited", "--ledger", ledger, "--report", "r.csv", list)
			c.Stderr = &said
			if code := exitOfProcess(t, c.Run()); again && code != 0 || !again && code != 3 {
				t.Fatalf("%s: exit %d\n%s", kind, code, said.String())
			}
			if again && !strings.Contains(said.String(), "0 sent") {
				t.Errorf("%s: the second run sent\n%s", kind, said.String())
			}
		}
		reports[kind] = comparableReport(t, filepath.Join(dir, "r.csv"))
	}
	inFile, inServer := strings.Split(reports["file"], "\n"), strings.Split(reports["server"], "\n")
	if len(inFile) < 50 || len(inFile) != len(inServer) {
		t.Fatalf("%d lines, and %d of a file", len(inServer), len(inFile))
	}
	for i, line := range inFile {
		if inServer[i] != line {
			t.Errorf("in PostgreSQL\n%s\nin a file\n%s", inServer[i], line)
		}
	}
}

// comparableReport is a report without what the partner draws at random and without times.
func comparableReport(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, row := range all {
		for i, name := range all[0] {
			switch name {
			case "serviceId", "verificationUrl", "sentAt", "decidedAt", "linkIssuedAt", "linkExpiresAt", "firstSentAt", "linkAge":
			default:
				b.WriteString(row[i] + "|")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// testPostgresKilled kills a run in the middle. The next one takes over once the lease and
// the requests of the first are over, and everybody is created once.
func testPostgresKilled(t *testing.T, cluster *pgtest.Cluster) {
	s := newStage(t, stageRows/3)
	address := cluster.URL()
	c := s.run("--ledger", address, "--lease", "1s")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-s.at
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // it was killed
	finishPostgres(t, s, address)
}

// testPostgresFrozen freezes a run in the middle until another one has finished the list.
// Once it goes on it sends nothing more.
func testPostgresFrozen(t *testing.T, cluster *pgtest.Cluster) {
	s := newStage(t, stageRows/3)
	address := cluster.URL()
	c := s.run("--ledger", address, "--lease", "1s", "--rate", "20/s")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-s.at
	if err := c.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	finishPostgres(t, s, address)
	before := len(s.server.Posts())
	if err := c.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if code := exitOfProcess(t, c.Wait()); code != 0 && code != 3 { // 3: an answer that it had not read is lost
		t.Errorf("exit %d", code)
	}
	if after := len(s.server.Posts()); after != before {
		t.Errorf("%d requests were sent after the other run had finished", after-before)
	}
}

// testPostgresCrash kills the server in the middle of a run, which waits for it.
func testPostgresCrash(t *testing.T, _ *pgtest.Cluster) {
	cluster := clusters.Start(t) // its own: the others are not to notice
	s := newStage(t, stageRows/3)
	address := cluster.URL()
	var said bytes.Buffer
	c := s.run("--ledger", address)
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-s.at
	cluster.Stop(t, syscall.SIGQUIT)
	cluster.Run(t)
	if code := exitOfProcess(t, c.Wait()); code != 0 {
		t.Fatalf("exit %d\n%s", code, said.String())
	}
	finishPostgres(t, s, address)
}

// testPostgresAway kills the server in the middle of a run, which waits for it as long as it
// may. It ends without figures, rather than with zeros, and the next run finds every link.
func testPostgresAway(t *testing.T, _ *pgtest.Cluster) {
	cluster := clusters.Start(t)
	s := newStage(t, stageRows/3)
	address := cluster.URL()
	var out, said bytes.Buffer
	c := s.run("--ledger", address, "--rate", "10/s", "--lease", "1s", "--patience", "2s", "--json", "--log-file", "l.log")
	c.Stdout, c.Stderr = &out, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-s.at
	cluster.Kill(t)
	if code := exitOfProcess(t, c.Wait()); code != 9 {
		t.Errorf("exit %d", code)
	}
	var sum struct {
		Rows                                int
		Counts                              map[string]int
		Known, Sent, Remaining, AlreadyDone *int
		StopReason                          string
	}
	if err := json.Unmarshal(out.Bytes(), &sum); err != nil || sum.Rows != stageRows || sum.Sent == nil || *sum.Sent == 0 || sum.StopReason != "ledger" ||
		sum.Counts != nil || sum.Known != nil || sum.Remaining != nil || sum.AlreadyDone != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"What became of them could not be read from the ledger.", "the report was not written: ", "Keep bulkonboard-127.0.0.1", ": connect: connection refused"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it does not say %q\n%s", want, said.String())
		}
	}
	for _, bad := range []string{"failed to connect to", "0  created", "0 rows left"} {
		if strings.Contains(said.String(), bad) {
			t.Errorf("it says %q\n%s", bad, said.String())
		}
	}
	if log, err := os.ReadFile(filepath.Join(s.dir, "l.log")); err != nil || !strings.Contains(string(log), "exitCode=9") || strings.Contains(string(log), "remaining=0") {
		t.Errorf("%v\n%s", err, log)
	}
	cluster.Run(t)
	finishPostgres(t, s, address)
	for _, row := range readReport(t, filepath.Join(s.dir, "r.csv")) {
		if row["status"] != "created" || row["verificationUrl"] == "" {
			t.Errorf("row %s: %s, link %q", row["row"], row["status"], row["verificationUrl"])
		}
	}
}

// finishPostgres runs the list once more, and looks at the partner.
func finishPostgres(t *testing.T, s *stage, address string) {
	t.Helper()
	out, err := s.run("--ledger", address, "--lease", "1s").CombinedOutput()
	if code := exitOfProcess(t, err); code != 0 && code != 3 { // 3: an answer died with its process
		t.Fatalf("exit %d\n%s", code, out)
	}
	byEmail := map[string]int{}
	for _, u := range s.server.Users() {
		byEmail[u.Email]++
	}
	for email, n := range byEmail {
		if n != 1 {
			t.Errorf("%s was created %d times", email, n)
		}
	}
	if len(byEmail) != stageRows {
		t.Errorf("%d users, want %d\n%s", len(byEmail), stageRows, out)
	}
	if out, err := command(t, s.dir, "ledger", "verify", "--base-url", s.url, "--ledger", address).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// testPostgresCommands runs what makes sense on a database, and what does not.
func testPostgresCommands(t *testing.T, cluster *pgtest.Cluster) {
	dir, address := t.TempDir(), cluster.URL()
	list := copySample(t, dir, "customers.csv")
	for _, c := range []struct {
		code  int
		words string // of what it says
		args  []string
	}{
		{7, "there is no ledger", []string{"status", "--ledger", address}},
		{7, "there is no ledger", []string{"run", "--env", "production", "--ledger", address, "--yes", list}},
		{0, "created:", []string{"ledger", "create", "--sandbox", "--ledger", address}},
		{2, "already exists", []string{"ledger", "create", "--sandbox", "--ledger", address}},
		{0, "40  to send", []string{"plan", "--sandbox", "--ledger", address, list}},
		{0, "40 created", []string{"run", "--sandbox", "--yes", "--rate", "unlimited", "--ledger", address, list}},
		{0, "40 of 40 rows done", []string{"status", "--ledger", address}},
		{0, "", []string{"report", "--ledger", address, "--report", "r.xlsx"}},
		{0, "40 sent", []string{"ledger", "log", "--ledger", address}},
		{0, "the ledger is intact", []string{"ledger", "verify", "--ledger", address}},
		{0, "lines", []string{"ledger", "export", "--sandbox", "--ledger", address, "all.jsonl"}},
		{0, "", []string{"ledger", "prune", "--sandbox", "--ledger", address}},
		{2, "pg_dump", []string{"ledger", "backup", "--ledger", address, "b.db"}},
		{2, "pg_restore", []string{"ledger", "restore", "--sandbox", "--ledger", address, "b.db"}},
		{0, "adopted", []string{"ledger", "adopt", "--sandbox", "--ledger", address}},
		{2, "DROP SCHEMA", []string{"run", "--sandbox", "--fresh", "--ledger", address, list}},
		{2, "PGPASSFILE", []string{"status", "--ledger", "postgres://u:CANARY@db.example.com/x"}},
		{2, "sslmode=verify-full", []string{"status", "--ledger", "postgres://u@db.example.com/x?sslmode=prefer"}},
		{9, "cannot be reached", []string{"status", "--ledger", "postgres://u@127.0.0.1:1/x"}},
		{2, "offers no TLS", []string{"status", "--ledger", strings.Replace(address, "disable", "verify-full", 1)}},
		{2, "offers no TLS", []string{"run", "--sandbox", "--yes", "--ledger", strings.Replace(address, "disable", "verify-full", 1), list}},
		{2, "no such database", []string{"status", "--ledger", strings.Replace(address, "/postgres?", "/nowhere?", 1)}},
	} {
		out, err := command(t, dir, c.args...).CombinedOutput()
		if code := exitOfProcess(t, err); code != c.code || !strings.Contains(string(out), c.words) || strings.Contains(string(out), "CANARY") {
			t.Errorf("%s: exit %d, want %d and %q\n%s", strings.Join(c.args, " "), code, c.code, c.words, out)
		}
	}
}
