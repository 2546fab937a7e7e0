//go:build !windows

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// dumpedScene is a scene whose ledger is in PostgreSQL and was dumped in the middle of the
// work.
type dumpedScene struct {
	*copiedScene
	cluster *pgtest.Cluster
	url     string // of the database
	schema  string
}

// newDumpedScene has sent everybody, and has a dump of the ledger from before the end.
func newDumpedScene(t testing.TB, cluster *pgtest.Cluster) *dumpedScene {
	t.Helper()
	known := sandbox.User{Email: "known@example.org", CreatedAt: time.Now().Add(-72 * time.Hour)}
	address := cluster.URL()
	url, schema, _ := strings.Cut(address, "?")
	s := &dumpedScene{copiedScene: &copiedScene{scene: newScene(t, sandbox.Config{Preexisting: []sandbox.User{known}, KeyTTL: 10 * time.Millisecond}, people(restoredPeople-1)+person(restoredPeople-1, known.Email))},
		cluster: cluster, url: url, schema: schema[strings.LastIndex(schema, "=")+1:]}
	s.ledger = address
	s.flags = append(s.flags, "--check-existing", "never")
	s.run(s.runArgs("--limit", "5")...).ends(8)
	s.program("pg_dump", "--format=custom", "--schema="+s.schema, "--file="+s.path("ledger.dump"), s.url)
	s.run(s.runArgs()...).ends(3)
	if n := having(s.rows(), ledger.Created); n != restoredPeople-1 {
		t.Fatalf("%d created", n)
	}
	s.posts = s.server.Counters().Posts
	return s
}

// program runs one of PostgreSQL's programs.
func (s *dumpedScene) program(name string, args ...string) {
	s.Helper()
	if out, err := exec.CommandContext(s.Context(), s.cluster.Program(name), args...).CombinedOutput(); err != nil {
		s.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// restoreDump puts the ledger back as it was when it was dumped.
func (s *dumpedScene) restoreDump() {
	s.Helper()
	s.program("psql", "-q", "-c", "DROP SCHEMA "+s.schema+" CASCADE", s.url)
	s.program("pg_restore", "--dbname="+s.url, s.path("ledger.dump"))
}

// testPostgresDump: a ledger that was put back from a dump is adopted, and none of our own
// users is called a duplicate. Without adopt some are: so the test can fail.
func testPostgresDump(t *testing.T, cluster *pgtest.Cluster) {
	const lost = restoredPeople - 1 - restoredBefore
	for name, do := range map[string]func(s *dumpedScene){
		"adopted": func(s *dumpedScene) {
			p := s.keeper("adopt").ends(0)
			if !strings.Contains(p.err.String(), "no user created then is called a duplicate") {
				s.Errorf("it is not said what adopt means:\n%s", p.err.String())
			}
			s.undecided()
		},
		"adopted, then ours": func(s *dumpedScene) {
			s.keeper("adopt").ends(0)
			s.run(s.runArgs("--gap", "ours")...).ends(3)
			s.counts(restoredBefore, lost, 0)
			s.onlyOnce()
		},
		"not adopted, and the report is gone": func(s *dumpedScene) {
			s.report = s.path("other.csv")
			p := s.run(s.runArgs()...).ends(9)
			if !strings.Contains(p.err.String(), "ledger adopt") {
				s.Errorf("the way out is not named:\n%s", p.err.String())
			}
			s.removeEmergency() // the only one who knows better
			s.run(s.runArgs()...).ends(3)
			if n := having(s.rows(), ledger.Duplicate); n < 2 {
				s.Errorf("%d duplicates: without adopt, some of our own are called so\n%s", n, describe(s.scene))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newDumpedScene(t, cluster)
			s.restoreDump()
			do(s)
			if n := s.server.Counters().Posts; n > 2*s.posts {
				t.Errorf("%d requests", n)
			}
			s.keeper("verify").ends(0)
		})
	}
}

// removeEmergency removes what a sender knows of its writes.
func (s *dumpedScene) removeEmergency() {
	s.Helper()
	files, err := filepath.Glob(s.path("*.emergency"))
	if err != nil || len(files) == 0 {
		s.Fatalf("no emergency file: %v", err)
	}
	for _, path := range files {
		if err := os.Remove(path); err != nil {
			s.Fatal(err)
		}
	}
}
