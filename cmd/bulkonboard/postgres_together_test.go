//go:build !windows

package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
)

// testPostgresTogether: three runs send one list at one rate. Each says who was there
// before, and reports the whole list.
func testPostgresTogether(t *testing.T, cluster *pgtest.Cluster) {
	c := newChaos(t, cluster, "three runs of one list", 1, 800, 200, usualLatency)
	c.timeout, c.settle = 20*time.Second, 20*time.Second // no answer is given up
	c.startAll(false, false)
	c.awaitPosts(c.rows() / 2)
	on := []string{"--base-url", c.base, "--ledger", c.address}
	out := c.run(append([]string{"status", "--json"}, on...)...).ends(0).out.String()
	var status struct {
		Running bool
		Senders []struct {
			PID     int
			EndedAt *time.Time
			Sent    int
		}
		SentByOthers int
	}
	err := json.Unmarshal([]byte(out), &status)
	living := 0
	for _, one := range status.Senders {
		if one.EndedAt == nil {
			living++
		}
	}
	if err != nil || !status.Running || living != 3 || status.SentByOthers == 0 {
		t.Errorf("%v\n%s", err, out)
	}
	if p := c.run(append(append([]string{"plan"}, on...), c.input)...).ends(0); !strings.Contains(p.err.String()+p.out.String(), "already created") {
		t.Errorf("%s%s", p.err.String(), p.out.String())
	}
	c.finish()
	c.audit()
	checkSameReports(c)
	for i, s := range c.all {
		if i > 0 && !strings.Contains(s.err.String(), "been sending this list since") {
			t.Errorf("run %d does not say that others are sending\n%s", i+1, s.err.String())
		}
		if i > 0 && comparableReport(t, s.report) != comparableReport(t, c.all[0].report) {
			t.Errorf("%s differs from that of the first run", s.report)
		}
	}
	if c.figures.posts != c.rows() {
		t.Errorf("%d requests for %d rows", c.figures.posts, c.rows())
	}
}

// testPostgresOneStops: one of three is frozen until the others have settled and sent again
// what it had begun. It continues, and sends nothing of that.
func testPostgresOneStops(t *testing.T, cluster *pgtest.Cluster) {
	c := newChaos(t, cluster, "one of three stops", 2, 800, 200, 0)
	playStopLong(c)
	c.finish()
	c.audit()
	t.Log("\n" + chaosHeader() + "| – " + c.figures.line(c))
	if f := c.figures; f.dead == 0 || f.absent == 0 {
		t.Errorf("%d were declared ended, and %d attempts found absent: nothing was to be refused", f.dead, f.absent)
	}
}

// testPostgresInterrupted: one of two runs is interrupted. It says that another one goes on,
// which finishes the list.
func testPostgresInterrupted(t *testing.T, cluster *pgtest.Cluster) {
	s := newStage(t, 3)
	address := cluster.URL()
	first := s.run("--ledger", address, "--rate", "2/s")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	<-s.at
	second := s.run("--ledger", address, "--rate", "2/s", "--report", "second.csv")
	said, err := second.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for in := bufio.NewScanner(said); in.Scan(); {
		lines = append(lines, in.Text())
		if strings.Contains(in.Text(), "been sending this list since") {
			if err := second.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	if code := exitOfProcess(t, second.Wait()); code != 130 {
		t.Errorf("exit %d", code)
	}
	if text := strings.Join(lines, "\n"); !strings.Contains(text, "rows left, which 1 other sender may still send. To continue here:") {
		t.Errorf("%s", text)
	}
	if code := exitOfProcess(t, first.Wait()); code != 0 {
		t.Errorf("exit %d", code)
	}
	finishPostgres(t, s, address)
}

// testPostgresOvertaken: while a run waits between its check and the registration, another one
// registers and sends a list that has half of its customers. The run checks again, shows what
// is left to send, and sends that.
func testPostgresOvertaken(t *testing.T, cluster *pgtest.Cluster) {
	c := newChaos(t, cluster, "overtaken", 1, 60, 500, usualLatency)
	c.timeout, c.settle = time.Minute, time.Minute
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
