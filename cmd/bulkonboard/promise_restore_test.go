//go:build !windows

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// Fault 44: a ledger is put back from a copy that was made in the middle of the
// work, in every way in which people do it. Nobody is created twice, nobody of
// our own is called a duplicate, and no link is lost that a report still has.

const (
	restoredPeople = 14 // of whom the last was the partner's before
	restoredBefore = 5  // created when the copy was made
)

// copiedScene has run everything, with copies of the ledger from before the end.
type copiedScene struct {
	*scene
	backup string            // by ledger backup
	plain  string            // copied by hand while nothing ran
	whole  map[string]string // all of its files then
	posts  int
}

func newCopiedScene(t testing.TB) *copiedScene {
	t.Helper()
	known := sandbox.User{Email: "known@example.org", CreatedAt: time.Now().Add(-72 * time.Hour)} // long ago also for a clock that cannot be compared
	s := &copiedScene{scene: newScene(t, sandbox.Config{Preexisting: []sandbox.User{known}}, people(restoredPeople-1)+person(restoredPeople-1, known.Email))}
	s.flags = append(s.flags, "--check-existing", "never")
	s.backup, s.plain = s.path("backup.db"), s.path("plain.db")
	s.run(s.runArgs("--limit", "5")...).ends(8)
	s.run("ledger", "backup", "--base-url", s.base, "--ledger", s.ledger, s.backup).ends(0)
	s.copyFile(s.ledger, s.plain)
	s.whole = map[string]string{}
	files, err := filepath.Glob(s.ledger + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s.whole[name] = string(b)
	}
	s.run(s.runArgs()...).ends(3)
	if n := having(s.rows(), ledger.Created); n != restoredPeople-1 {
		t.Fatalf("%d created", n)
	}
	s.posts = s.server.Counters().Posts
	return s
}

func (s *scene) copyFile(from, to string) {
	s.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		s.Fatalf("%v", err)
	}
	s.write(to, string(b))
}

func (s *scene) removeAll(ends ...string) {
	s.Helper()
	for _, end := range ends {
		if err := os.Remove(s.ledger + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.Fatalf("%v", err)
		}
	}
}

// onlyOnce fails unless the partner has one user for each, nobody of ours is
// called a duplicate, and whoever is said to be created is so.
func (s *copiedScene) onlyOnce() {
	s.Helper()
	if n := len(s.server.Users()); n != restoredPeople {
		s.Errorf("%d users for %d people", n, restoredPeople)
	}
	users := map[string]sandbox.User{}
	for _, u := range s.server.Users() {
		users[u.Email] = u
	}
	for _, r := range s.rows() {
		c, u := r.Customer, users[r.Customer.Email]
		switch {
		case c.Email == "known@example.org":
			if r.Status != ledger.Duplicate {
				s.Errorf("row %d, a stranger's, is %s (%s)", r.Number, r.Status, c.Code)
			}
		case r.Status == ledger.Created && (c.ServiceID != u.ServiceID || c.URL != u.VerificationURL),
			r.Status == ledger.LinkMissing && c.ServiceID != u.ServiceID:
			s.Errorf("row %d is %s with another user than the partner's", r.Number, r.Status)
		case r.Status == ledger.Duplicate:
			s.Errorf("row %d is ours, and is called a duplicate", r.Number)
		}
	}
}

// counts fails unless so many rows have each status.
func (s *copiedScene) counts(created, linkMissing, inDoubt int) {
	s.Helper()
	rows := s.rows()
	got := [3]int{having(rows, ledger.Created), having(rows, ledger.LinkMissing), having(rows, ledger.InDoubt)}
	if want := [3]int{created, linkMissing, inDoubt}; got != want {
		s.Errorf("created, link_missing, in_doubt: %v, want %v\n%s", got, want, describe(s.scene))
	}
	for _, r := range rows {
		if r.Status == ledger.InDoubt && r.Customer.Code != "created_in_gap" {
			s.Errorf("row %d is in doubt by %s", r.Number, r.Customer.Code)
		}
	}
}

func (s *copiedScene) keeper(args ...string) *process {
	s.Helper()
	return s.run(append([]string{"ledger", args[0], "--base-url", s.base, "--ledger", s.ledger}, args[1:]...)...)
}

// undecided runs with the copy: those created since are in doubt, the old report
// is kept and named, and from it all are known again.
func (s *copiedScene) undecided() {
	s.Helper()
	const lost = restoredPeople - 1 - restoredBefore
	p := s.run(s.runArgs()...).ends(3)
	s.counts(restoredBefore, 0, lost)
	s.onlyOnce()
	kept := strings.TrimSuffix(s.report, ".csv") + "-1.csv"
	if _, err := os.Stat(kept); err != nil || !strings.Contains(p.err.String(), filepath.Base(kept)) {
		s.Errorf("the report that knows more links is not kept and named: %v\n%s", err, p.err.String())
	}
	if !strings.Contains(p.err.String(), "is missing from") {
		s.Errorf("nobody is told that something is missing:\n%s", p.err.String())
	}
	s.run(s.runArgs()...).ends(3) // and again: nothing has changed
	s.counts(restoredBefore, 0, lost)
	if _, err := os.Stat(strings.TrimSuffix(s.report, ".csv") + "-2.csv"); err == nil {
		s.Errorf("a report that knows no more was kept as well")
	}
	s.keeper("import", kept).ends(0)
	s.run(s.runArgs()...).ends(0, 3)
	s.counts(restoredPeople-1, 0, 0)
	s.onlyOnce()
}

func TestPromiseRestore(t *testing.T) {
	long(t)
	t.Parallel()
	const lost = restoredPeople - 1 - restoredBefore
	ways := []struct {
		name string
		do   func(s *copiedScene)
	}{
		{"restore with the report", func(s *copiedScene) {
			p := s.keeper("restore", s.backup, s.report).ends(0)
			if !strings.Contains(p.err.String(), "kept as") {
				s.Errorf("what became of the ledger that was there is not told:\n%s", p.err.String())
			}
			s.run(s.runArgs()...).ends(0, 3)
			s.counts(restoredPeople-1, 0, 0)
			s.onlyOnce()
		}},
		{"restore without a report, then ours", func(s *copiedScene) {
			s.keeper("restore", s.backup).ends(0)
			s.run(s.runArgs("--gap", "ours")...).ends(3)
			s.counts(restoredBefore, lost, 0)
			s.onlyOnce()
		}},
		{"adopt", func(s *copiedScene) {
			s.copyFile(s.plain, s.ledger)
			p := s.run(s.runArgs()...).ends(9)
			for _, way := range []string{"ledger adopt", "ledger restore"} {
				if !strings.Contains(p.err.String(), way) {
					s.Errorf("%s is not named:\n%s", way, p.err.String())
				}
			}
			s.keeper("adopt").ends(0)
			s.undecided()
		}},
		{"a plain copy in place, its side files gone", func(s *copiedScene) {
			s.copyFile(s.plain, s.ledger)
			s.removeAll("-wal", "-shm", ".emergency", ".lock")
			s.undecided()
		}},
		{"a backup in place, its side files gone", func(s *copiedScene) {
			s.copyFile(s.backup, s.ledger)
			s.removeAll("-wal", "-shm", ".emergency", ".lock")
			s.undecided()
		}},
		{"a backup under another path", func(s *copiedScene) {
			s.ledger = s.path("elsewhere.db")
			s.copyFile(s.backup, s.ledger)
			s.undecided()
		}},
		{"a plain copy under another path", func(s *copiedScene) {
			s.ledger = s.path("elsewhere.db")
			s.copyFile(s.plain, s.ledger)
			s.undecided()
		}},
		{"all files rolled back in place, the report is newer", func(s *copiedScene) {
			for name, text := range s.whole {
				s.write(name, text)
			}
			s.undecided()
		}},
		{"all files rolled back as new ones, the report is gone", func(s *copiedScene) {
			if err := os.Rename(s.report, s.path("aside.csv")); err != nil {
				s.Fatalf("%v", err)
			}
			for name, text := range s.whole {
				s.write(name+".part", text)
				if err := os.Rename(name+".part", name); err != nil {
					s.Fatalf("%v", err)
				}
			}
			s.run(s.runArgs("--gap", "ours")...).ends(3)
			s.counts(restoredBefore, lost, 0)
			s.onlyOnce()
		}},
		{"the list cannot be read", func(s *copiedScene) {
			s.setFaults("list-500")
			s.keeper("restore", s.backup).ends(0)
			p := s.run(s.runArgs("--patience", "2s")...).ends(6)
			if !strings.Contains(p.err.String(), "ledger resolve --gap") {
				s.Errorf("the way out is not named:\n%s", p.err.String())
			}
			if s.server.Counters().Posts != s.posts {
				s.Errorf("%d requests without a list", s.server.Counters().Posts-s.posts)
			}
			s.keeper("resolve", "--gap", "--because", "asked the partner").ends(0)
			s.setFaults()
			s.run(s.runArgs()...).ends(3) // the partner says who exists, and the list decides
			s.counts(restoredBefore, 0, lost)
			s.onlyOnce()
		}},
	}
	names := make([]string, len(ways))
	for i, w := range ways {
		names[i] = w.name
	}
	strands(t, names, 4, func(i int, t strand) { ways[i].do(newCopiedScene(t)) })
}
