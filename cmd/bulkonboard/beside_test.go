//go:build !windows

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
)

// While a run sends, a second one is refused with the name of the first, and
// what only reads goes on beside it.
func TestBesideARun(t *testing.T) {
	t.Parallel()
	s := newStage(t, 2)
	first := s.run("--rate", "1/s", "--metrics-file", "m.prom")
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
	s.reportsNow()
	if err := first.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := exitOfProcess(t, first.Wait()); code != int(exit.Interrupted) {
		t.Errorf("exit %d", code)
	}
}

// reportsNow takes reports of every kind while the run goes on: each is whole,
// says how the rows stand now, and that the run has not ended.
func (s *stage) reportsNow() {
	t := s.t
	t.Helper()
	out, err := command(t, s.dir, "report", "--ledger", "l.db", "--report", "now.json", "--report", "now.csv", "--report", "now.xlsx", "--report", "now.html").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "now.json"))
	if err != nil {
		t.Fatal(err)
	}
	follows(t, schemaOf(t, "report.schema.json"), text)
	var doc struct {
		Meta struct{ Run, StartedAt, FinishedAt, AsOf any }
		Rows []struct {
			Row           int
			Status, Email string
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Meta.Run != 1.0 || doc.Meta.StartedAt == nil || doc.Meta.FinishedAt != nil || doc.Meta.AsOf == nil {
		t.Errorf("of the run it says %+v", doc.Meta)
	}
	lines := readReport(t, filepath.Join(s.dir, "now.csv"))
	if len(doc.Rows) != stageRows || len(lines) != stageRows {
		t.Fatalf("%d rows in JSON, %d in CSV", len(doc.Rows), len(lines))
	}
	statuses := map[string]int{}
	for i, r := range doc.Rows {
		statuses[r.Status]++
		if r.Row != i+2 || lines[i]["email"] != r.Email {
			t.Errorf("row %d: %+v in JSON, %s in CSV", i+2, r, lines[i]["email"])
		}
	}
	if statuses["pending"] == 0 || statuses["created"] == 0 || statuses["pending"]+statuses["created"]+statuses["in_doubt"] != stageRows {
		t.Errorf("in the middle of the run: %v", statuses)
	}
	// The file of figures is the one written at the start, or a later one.
	figures, err := os.ReadFile(filepath.Join(s.dir, "m.prom"))
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, of := range regexp.MustCompile(`bulkonboard_rows\{[^}]*\} (\d+)`).FindAllSubmatch(figures, -1) {
		n, err := strconv.Atoi(string(of[1]))
		if err != nil {
			t.Error(err)
		}
		rows += n
	}
	if rows != stageRows {
		t.Errorf("figures of %d rows\n%s", rows, figures)
	}
}
