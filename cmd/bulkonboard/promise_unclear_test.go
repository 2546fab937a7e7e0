//go:build !windows

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// Invariant 24: a gateway's error page repeats the request with its headers;
// the excerpt that is kept as evidence must not hold the key.
func TestPromiseKeyEchoed(t *testing.T) {
	long(t)
	t.Parallel()
	s := newScene(t, sandbox.Config{}, people(3))
	var first atomic.Bool
	s.instead = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || !first.CompareAndSwap(false, true) {
			return false
		}
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_ = r.Write(w)
		return true
	}
	s.run(s.runArgs(unhurried()...)...).ends(0)
	files, err := filepath.Glob(s.path("*"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), promiseKey) {
			t.Errorf("the API key stands in %s", path)
		}
	}
}

// The partner refuses a page of the size asked for: a smaller one is found by asking.
func TestPromiseListCapRefused(t *testing.T) {
	long(t)
	t.Parallel()
	faults, err := parseFaults([]string{"list-cap-refused=50", "drop-after=#2"})
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t, sandbox.Config{Faults: faults}, people(5))
	s.establish()
	s.run(s.runArgs(append(unhurried(), "--check-existing", "never")...)...).ends(3)
	if n := having(s.rows(), ledger.LinkMissing); n != 1 {
		t.Errorf("rows %v, want one link_missing\n%s", statuses(s.rows()), describe(s))
	}
}

// Fault 50: the wallet call fails, but its answer tells the partner's time all the same:
// what is in doubt after that is not for a person.
func TestPromiseWalletDown(t *testing.T) {
	long(t)
	t.Parallel()
	faults, err := parseFaults([]string{"wallet-down=#1", "drop-after=#1"})
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t, sandbox.Config{Faults: faults}, people(5))
	s.establish()
	s.run(s.runArgs(append(unhurried(), "--check-existing", "never", "--workers", "1")...)...).ends(3)
	if n := having(s.rows(), ledger.LinkMissing); n != 1 {
		t.Errorf("rows %v, want one link_missing\n%s", statuses(s.rows()), describe(s))
	}
}

// Fault 13: the partner acts after settle, against what is assumed of it, while
// the key still lives. Nothing was sent again by then, so that there is one user;
// the list shows it, and as it is too late for the request it is left to a person
// whose it is. (Fault 14, that it acts when the key is dead, is among the random
// histories of the pipeline: the e-mail alone then keeps the person single.)
func TestPromiseLate(t *testing.T) {
	long(t)
	t.Parallel()
	const wait = 2 * time.Second * slowdown // for an answer, and then for settle
	// Three seconds for clocks that are read in whole seconds.
	late := 2*wait + 3*time.Second + 300*time.Millisecond*slowdown
	faults, err := parseFaults([]string{"late=" + late.String() + ",#2"})
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t, sandbox.Config{Faults: faults, KeyTTL: late - time.Second}, people(3))
	s.establish()
	s.run(s.runArgs("--check-existing", "never", "--workers", "1", "--timeout", wait.String(), "--settle", wait.String())...).ends(3)
	if rows := s.rows(); rows[1].Status != ledger.InDoubt || rows[1].Customer.Code != "created_after_window" || having(rows, ledger.Created) != 2 {
		t.Errorf("rows %v, %s\n%s", statuses(rows), rows[1].Customer.Code, describe(s))
	}
	posts, looked := s.posts(), false
	if users := len(s.users()); len(posts) != 3 || users != 3 {
		t.Fatalf("%d requests, %d users\n%s", len(posts), users, describe(s))
	}
	for _, l := range s.server.Lists() {
		looked = looked || l.Arrived.Before(posts[1].Arrived.Add(late))
	}
	if !looked {
		t.Error("nobody looked before the partner acted: the test proves nothing")
	}
}
