package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// laterSteps are a change that a later version might make.
func laterSteps() []step {
	return []step{
		{"ALTER TABLE run ADD COLUMN reason TEXT NOT NULL DEFAULT 'none'"},
		{"CREATE VIEW reasons AS SELECT id, reason FROM run; CREATE INDEX run_who ON run (who)"},
	}
}

// earlierLedger is the path of a closed ledger of the base schema with one run.
func earlierLedger(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "l.db")
	l := mustOpen(t, Options{Path: path, Environment: "sandbox", Create: true})
	if _, err := l.Begin(t.Context(), ledger.Run{Command: "run", Who: "jane"}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustOpen(t *testing.T, o Options) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// who are the users of the runs of a ledger, and whether it is of the later schema.
func whoRan(t *testing.T, l *Ledger) (who string, isLater bool) {
	t.Helper()
	for r, err := range l.Log(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		who += r.Who
	}
	info, err := l.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return who, info.Schema == baseSchema+2
}

// A ledger of an earlier version is copied, brought forward and used; the copy is as it was.
func TestBringForward(t *testing.T) {
	path := earlierLedger(t)
	l := mustOpen(t, Options{Path: path, Environment: "sandbox", steps: laterSteps()})
	if who, isLater := whoRan(t, l); who != "jane" || !isLater {
		t.Errorf("runs of %q, brought forward: %t", who, isLater)
	}
	if found, err := l.Verify(t.Context()); err != nil || len(found) > 0 {
		t.Error(found, err)
	}
	notices := strings.Join(l.Notices(), "\n")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(path + "-schema-10-*.kept")
	if err != nil || len(kept) != 1 || !strings.Contains(notices, kept[0]) {
		t.Fatalf("copies %v (%v), notices %q", kept, err, notices)
	}
	if _, err := Open(t.Context(), Options{Path: path, Environment: "sandbox"}); !errors.Is(err, ledger.ErrNewer) {
		t.Errorf("opened by the program before: %v", err)
	}
	before := mustOpen(t, Options{Path: kept[0], ReadOnly: true})
	if who, isLater := whoRan(t, before); who != "jane" || isLater {
		t.Errorf("in the copy: runs of %q, brought forward: %t", who, isLater)
	}
	if err := before.Close(); err != nil {
		t.Error(err)
	}
	again := mustOpen(t, Options{Path: path, Environment: "sandbox", steps: laterSteps()})
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if kept, err := filepath.Glob(path + "-schema-*.kept"); err != nil || len(kept) != 1 {
		t.Errorf("copied once more: %v, %v", kept, err)
	}
}

// Commands that only read do not change a ledger of an earlier version.
func TestReadEarlierVersion(t *testing.T) {
	path := earlierLedger(t)
	was, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	l := mustOpen(t, Options{Path: path, ReadOnly: true, steps: laterSteps()})
	if who, isLater := whoRan(t, l); who != "jane" || !isLater {
		t.Errorf("runs of %q, read as of the later version: %t", who, isLater)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if is, err := os.ReadFile(path); err != nil || string(is) != string(was) {
		t.Error("the ledger was changed", err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	_, err = Open(t.Context(), Options{Path: path, Environment: "sandbox", Concurrent: true, steps: laterSteps()})
	if !errors.Is(err, ErrOlder) {
		t.Errorf("opened for concurrent writes: %v", err)
	}
}

// A step that fails leaves the ledger as it was.
func TestBringForwardFails(t *testing.T) {
	path := earlierLedger(t)
	bad := append(laterSteps(), step{"ALTER TABLE nothing ADD COLUMN x TEXT"})
	if _, err := Open(t.Context(), Options{Path: path, Environment: "sandbox", steps: bad}); err == nil {
		t.Fatal("opened")
	}
	l, err := Open(context.Background(), Options{Path: path, Environment: "sandbox"})
	if err != nil {
		t.Fatal(err)
	}
	if who, isLater := whoRan(t, l); who != "jane" || isLater {
		t.Errorf("runs of %q, brought forward: %t", who, isLater)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
