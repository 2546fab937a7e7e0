//go:build !windows

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// together is three runs of one list on one ledger in PostgreSQL.
type together struct {
	*stage
	address string
	runs    []*exec.Cmd
	said    []*bytes.Buffer
}

const (
	togetherRows = 1200
	togetherRate = 100 // of all, requests a second
)

// startTogether starts the runs, each once the one before has sent something.
func startTogether(t *testing.T, cluster *pgtest.Cluster) *together {
	s := &together{stage: newStage(t, 1), address: cluster.URL()}
	if err := os.WriteFile(filepath.Join(s.dir, "in.csv"), []byte(customersCSV(togetherRows)), 0o600); err != nil {
		t.Fatal(err)
	}
	on := []string{"--base-url", s.url, "--ledger", s.address}
	playCommands(t, s.dir, []commandCase{
		{0, "created:", append([]string{"ledger", "create"}, on...)},
		{0, "100/s", append([]string{"ledger", "pace", "--rate", fmt.Sprintf("%d/s", togetherRate)}, on...)},
	})
	for i := range 3 {
		c := command(t, s.dir, append([]string{"run", "--report", fmt.Sprintf("r%d.csv", i+1), "--lease", "2s", "--timeout", "2s", "--settle", "2s", "--key-ttl", "1s"}, append(on, "in.csv")...)...)
		said := &bytes.Buffer{}
		c.Stderr = said
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		s.runs, s.said = append(s.runs, c), append(s.said, said)
		<-s.at
	}
	return s
}

// awaitPosts waits until the partner has had so many requests.
func (s *together) awaitPosts(n int) {
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	for len(s.server.Posts()) < n {
		select {
		case <-ticks.C:
		case <-s.t.Context().Done():
			s.t.Fatal("the runs send nothing")
		}
	}
}

// wait waits for a run and returns its exit code.
func (s *together) wait(i int) int {
	s.t.Helper()
	code := exitOfProcess(s.t, s.runs[i].Wait())
	if code != 0 && code != 3 {
		s.t.Errorf("run %d: exit %d\n%s", i+1, code, s.said[i])
	}
	return code
}

// audit looks at the partner, the ledger and the rate.
func (s *together) audit() {
	s.t.Helper()
	byEmail := map[string]int{}
	for _, u := range s.server.Users() {
		if byEmail[u.Email]++; byEmail[u.Email] > 1 {
			s.t.Errorf("%s was created twice", u.Email)
		}
	}
	if len(byEmail) != togetherRows {
		s.t.Errorf("%d users, want %d", len(byEmail), togetherRows)
	}
	if out, err := command(s.t, s.dir, "ledger", "verify", "--base-url", s.url, "--ledger", s.address).CombinedOutput(); err != nil {
		s.t.Errorf("%v\n%s", err, out)
	}
	posts := s.server.Posts()
	slices.SortFunc(posts, func(a, b sandbox.Post) int { return a.Arrived.Compare(b.Arrived) })
	worst, from := 0, 0
	for to := range posts {
		for posts[to].Arrived.Sub(posts[from].Arrived) >= time.Second {
			from++
		}
		worst = max(worst, to-from+1)
	}
	if worst > togetherRate*5/4 { // on a busy machine requests arrive in bunches
		s.t.Errorf("%d requests in one second", worst)
	}
}

// testPostgresTogether: three runs send one list at one rate. Each says who was there
// before, and reports the whole list.
func testPostgresTogether(t *testing.T, cluster *pgtest.Cluster) {
	s := startTogether(t, cluster)
	s.awaitPosts(togetherRows / 2)
	out, err := command(t, s.dir, "status", "--json", "--base-url", s.url, "--ledger", s.address).Output()
	var status struct {
		Running bool
		Senders []struct {
			PID     int
			EndedAt *time.Time
			Sent    int
		}
		SentByOthers int
	}
	if err == nil {
		err = json.Unmarshal(out, &status)
	}
	living := 0
	for _, one := range status.Senders {
		if one.EndedAt == nil {
			living++
		}
	}
	if err != nil || !status.Running || living != 3 || status.SentByOthers == 0 {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := command(t, s.dir, "plan", "--base-url", s.url, "--ledger", s.address, "in.csv").CombinedOutput(); err != nil || !strings.Contains(string(out), "already created") {
		t.Errorf("%v\n%s", err, out)
	}
	for i := range s.runs {
		if code := s.wait(i); code != 0 {
			t.Errorf("run %d: exit %d\n%s", i+1, code, s.said[i])
		}
		if i > 0 && !strings.Contains(s.said[i].String(), "been sending this list since") {
			t.Errorf("run %d does not say that others are sending\n%s", i+1, s.said[i])
		}
	}
	if n := len(s.server.Posts()); n != togetherRows {
		t.Errorf("%d requests for %d rows", n, togetherRows)
	}
	s.audit()
	first := comparableReport(t, filepath.Join(s.dir, "r1.csv"))
	for _, other := range []string{"r2.csv", "r3.csv"} {
		if comparableReport(t, filepath.Join(s.dir, other)) != first {
			t.Errorf("%s differs from r1.csv", other)
		}
	}
}

// testPostgresOneDies: one of three is killed, and the others finish the list.
func testPostgresOneDies(t *testing.T, cluster *pgtest.Cluster) {
	s := startTogether(t, cluster)
	s.awaitPosts(togetherRows / 3)
	if err := s.runs[0].Process.Kill(); err != nil { // the resolver
		t.Fatal(err)
	}
	_ = s.runs[0].Wait() // it was killed
	s.wait(1)
	s.wait(2)
	s.audit()
}

// testPostgresOneStops: one of three is frozen for longer than its lease, its requests and
// their keys last. It continues, and creates no customer twice.
func testPostgresOneStops(t *testing.T, cluster *pgtest.Cluster) {
	s := startTogether(t, cluster)
	s.awaitPosts(togetherRows / 3)
	if err := s.runs[1].Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	s.wait(0)
	s.wait(2)
	if err := s.runs[1].Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.wait(1)
	s.audit()
}

// testPostgresOvertaken: while a run waits between its check and the registration, another one
// registers and sends a list that has half of its customers. The run checks again, shows what
// is left to send, and sends that.
func testPostgresOvertaken(t *testing.T, cluster *pgtest.Cluster) {
	c := newChaos(t, cluster, "overtaken", 1, 60, 500)
	asked, answer := make(chan struct{}), make(chan struct{})
	c.before = func(call string, n int) {
		if call == "wallet" && n == 1 {
			close(asked)
			<-answer
		}
	}
	c.addSender(c.lists[0], false)
	<-asked
	second := chaosList{c.path("second.csv"), 60}
	c.write(second.path, chaosRows(30, 90))
	c.addSender(second, false).ends(0)
	close(answer)
	c.figures.customers = 90
	c.finish()
	c.audit()
	checkSameReports(c)
	said := c.all[0].err.String()
	if first, again := strings.Index(said, "60  to send"), strings.Index(said, "30  to send"); first < 0 || again < first || strings.Contains(said, "120") {
		t.Errorf("the plan is not shown again\n%s", said)
	}
}
