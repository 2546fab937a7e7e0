//go:build !windows

package main

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// While a run sends, a second one is refused with the name of the first, and
// what only reads goes on beside it.
func TestBesideARun(t *testing.T) {
	t.Parallel()
	s := newStage(t, 3)
	first := s.run("--rate", "2/s")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.at:
	case <-time.After(30 * time.Second):
		t.Fatal("the run sends nothing")
	}
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"run", "--base-url", s.url, "--ledger", "l.db", "in.csv"}, 7, `in use by "run", process `},
		{[]string{"ledger", "prune", "--base-url", s.url, "--ledger", "l.db"}, 7, `in use by "run", process `},
		{[]string{"run", "--base-url", s.url, "--ledger", "l.db", "--lock-timeout", "50ms", "in.csv"}, 7, "in use by"},
		{[]string{"status", "--ledger", "l.db"}, 0, "is sending, since"},
		{[]string{"status", "--ledger", "l.db", "--json"}, 0, `"running":true`},
		{[]string{"report", "--ledger", "l.db", "--report", "now.csv"}, 0, "written: now.csv"},
		{[]string{"ledger", "export", "--base-url", s.url, "--ledger", "l.db", "-"}, 0, `"type":"customer"`},
		{[]string{"ledger", "backup", "--ledger", "l.db", "copy.db"}, 0, "written: copy.db"},
		{[]string{"ledger", "log", "--ledger", "l.db"}, 0, "under way or killed"},
	} {
		out, err := command(t, s.dir, test.args...).CombinedOutput()
		if code := exitOfProcess(t, err); code != test.code || !strings.Contains(string(out), test.says) {
			t.Errorf("%v: exit %d, want %d with %q\n%s", test.args, code, test.code, test.says, out)
		}
	}
	if err := first.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := exitOfProcess(t, first.Wait()); code != int(exitInterrupted) {
		t.Errorf("exit %d", code)
	}
}
