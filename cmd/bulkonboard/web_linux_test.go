package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// locks counts the locks that a process has on a file.
func (p *process) locks(path string) (n int) {
	p.scene.Helper()
	info, err := os.Stat(path)
	if err != nil {
		p.scene.Fatal(err)
	}
	text, err := os.ReadFile("/proc/locks")
	if err != nil {
		p.scene.Fatal(err)
	}
	file, isKnown := info.Sys().(*syscall.Stat_t)
	if !isKnown {
		p.scene.Fatal("the file has no number")
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) > 5 && fields[1] == "POSIX" && fields[4] == fmt.Sprint(p.cmd.Process.Pid) && strings.HasSuffix(fields[5], fmt.Sprintf(":%d", file.Ino)) {
			n++
		}
	}
	return n
}

// What the page reads while it sends must not take the run's hold of the ledger's file: a
// process that closes the file drops all of its locks on it, and whoever opens the
// ledger then, such as sqlite3, would remove the log that the run writes to.
func TestWebReadsLeaveTheRunItsFile(t *testing.T) {
	t.Parallel()
	s, d := held(t, sandbox.Acting, 12)
	s.flags = append(s.flags, patient()...)
	page, address := s.openPage("--fee", "0.50")
	me := s.signIn(address, "")
	_, plan := me.approved("people.csv", people(12))
	run := me.begin(plan)
	d.await(t, 3)
	if page.locks(s.ledger) == 0 {
		t.Fatal("the run has no lock to lose")
	}
	for _, path := range []string{"/api/plans", "/api/runs", "/api/session", fmt.Sprintf("/api/runs/%d/report", run.ID), fmt.Sprintf("/api/runs/%d/report.csv?links=1", run.ID), fmt.Sprintf("/api/runs/%d/links", run.ID)} {
		if me.send("GET", path, nil, http.StatusOK, nil); page.locks(s.ledger) == 0 {
			t.Fatalf("%s took the run's lock", path)
		}
	}
	d.release()
	if end := me.finished(run.ID); end.State != api.RunFinished || end.Created != 12 {
		t.Errorf("%+v", end)
	}
	s.run("ledger", "verify", "--ledger", s.ledger).ends(0)
	if rows := s.rows(); having(rows, ledger.Created) != 12 {
		t.Errorf("%v", statuses(rows))
	}
}
