//go:build !windows

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
)

// commandCase is a command line with its exit code and words of what it says.
type commandCase struct {
	code  int
	words string
	args  []string
}

// playCommands runs commands one after the other.
func playCommands(t *testing.T, dir string, cases []commandCase) {
	t.Helper()
	for _, c := range cases {
		out, err := command(t, dir, c.args...).CombinedOutput()
		if code := exitOfProcess(t, err); code != c.code || !strings.Contains(string(out), c.words) || strings.Contains(string(out), "CANARY") {
			t.Errorf("%s: exit %d, want %d and %q\n%s", strings.Join(c.args, " "), code, c.code, c.words, out)
		}
	}
}

// testPostgresCopy moves a ledger into PostgreSQL and back.
func testPostgresCopy(t *testing.T, cluster *pgtest.Cluster) {
	dir, address := t.TempDir(), cluster.URL()
	list := copySample(t, dir, "customers-with-mistakes.csv")
	playCommands(t, dir, []commandCase{
		{3, "created", []string{"run", "--sandbox", "--yes", "--rate", "unlimited", "--ledger", "a.db", list}},
		{0, "lines", []string{"ledger", "export", "--sandbox", "--ledger", "a.db", "a.jsonl"}},
		{2, "PGPASSFILE", []string{"ledger", "copy", "a.db", "postgres://u:CANARY@db.example.com/x"}},
		{2, "both of these are files", []string{"ledger", "copy", "a.db", "b.db"}},
		{2, "needs FROM and TO", []string{"ledger", "copy", "a.db"}},
		{7, "does not exist", []string{"ledger", "copy", "none.db", address}},
		{0, "compared one by one", []string{"ledger", "copy", "a.db", address}},
		{2, "already exists", []string{"ledger", "copy", "a.db", address}},
		{7, address, []string{"run", "--sandbox", "--yes", "--ledger", "a.db", list}},
		{7, "closed for writing", []string{"ledger", "prune", "--sandbox", "--ledger", "a.db"}},
		{0, "closed for writing", []string{"status", "--ledger", "a.db"}},
		{0, "", []string{"report", "--ledger", "a.db", "--report", "r.csv"}},
		{0, "closed for writing", []string{"ledger", "export", "--sandbox", "--ledger", "a.db", "closed.jsonl"}},
		{0, "", []string{"ledger", "verify", "--ledger", "a.db"}},
		{0, "lines", []string{"ledger", "export", "--sandbox", "--ledger", address, "b.jsonl"}},
		{0, " 0 sent", []string{"run", "--sandbox", "--yes", "--rate", "unlimited", "--ledger", address, list}},
		{0, "compared one by one", []string{"ledger", "copy", address, "c.db"}},
		{7, "c.db", []string{"run", "--sandbox", "--yes", "--ledger", address, list}},
		{0, "lines", []string{"ledger", "export", "--sandbox", "--ledger", "c.db", "c.jsonl"}},
		{0, "the ledger is intact", []string{"ledger", "verify", "--ledger", "c.db"}},
		{0, "copy", []string{"ledger", "log", "--ledger", "c.db"}},
	})
	want := exportWithoutRuns(t, filepath.Join(dir, "a.jsonl"))
	for _, name := range []string{"b.jsonl", "c.jsonl", "closed.jsonl"} {
		if got := exportWithoutRuns(t, filepath.Join(dir, name)); got != want || len(want) < 10_000 {
			t.Errorf("%s: the export differs from that of the first file", name)
		}
	}
}

// exportWithoutRuns returns an export without the commands, which are others each time, and
// the fact that closes a ledger.
func exportWithoutRuns(t *testing.T, path string) string {
	t.Helper()
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(all)) {
		if !strings.Contains(line, `"type":"run"`) && !strings.Contains(line, `"type":"ledger"`) && !strings.Contains(line, `"type":"fact"`) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// testPostgresRoles makes the roles of a ledger by the SQL that ledger grants prints, and runs
// a list as a sender.
func testPostgresRoles(t *testing.T, cluster *pgtest.Cluster) {
	dir, address := t.TempDir(), cluster.URL()
	list := copySample(t, dir, "customers.csv")
	playCommands(t, dir, []commandCase{
		{0, "created:", []string{"ledger", "create", "--sandbox", "--ledger", address}},
		{2, "no roles", []string{"ledger", "grants", "--ledger", "l.db"}},
	})
	sql, err := command(t, dir, "ledger", "grants", "--ledger", address).Output()
	if err != nil {
		t.Fatal(err)
	}
	schema := address[strings.LastIndex(address, "=")+1:]
	psql := exec.CommandContext(t.Context(), cluster.Program("psql"), "-v", "ON_ERROR_STOP=1", "-q", strings.Split(address, "?")[0])
	psql.Stdin = strings.NewReader(string(sql) + "CREATE ROLE hana LOGIN; CREATE ROLE rita LOGIN; GRANT " + schema + "_sender TO hana; GRANT " + schema + "_reader TO rita;")
	if out, err := psql.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	hana, rita := strings.Replace(address, "postgres@", "hana@", 1), strings.Replace(address, "postgres@", "rita@", 1)
	playCommands(t, dir, []commandCase{
		{0, "40 created", []string{"run", "--sandbox", "--yes", "--rate", "unlimited", "--ledger", hana, list}},
		{0, "the ledger is intact", []string{"ledger", "verify", "--ledger", hana}},
		{0, "40 of 40 rows done", []string{"status", "--ledger", hana}},
		{2, "permission denied", []string{"status", "--ledger", rita}},
		{2, "ledger grants", []string{"report", "--ledger", rita, "--report", "r.csv"}},
	})
}
