//go:build !windows

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// Invariant 24: a gateway's error page repeats the request with its headers;
// the excerpt that is kept as evidence must not hold the key.
func TestPromiseKeyEchoed(t *testing.T) {
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
	s.run(s.runArgs()...).ends(0)
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
	t.Parallel()
	faults, err := parseFaults([]string{"list-cap-refused=50", "drop-after=#2"})
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t, sandbox.Config{Faults: faults}, people(5))
	s.run(s.runArgs("--check-existing", "never")...).ends(3)
	if n := having(s.rows(), ledger.LinkMissing); n != 1 {
		t.Errorf("rows %v, want one link_missing", statuses(s.rows()))
	}
}

// The wallet call fails, but its answer tells the partner's time all the same:
// what is in doubt after that is not for a person.
func TestPromiseWalletDown(t *testing.T) {
	t.Parallel()
	faults, err := parseFaults([]string{"wallet-down=#1", "drop-after=#1"})
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t, sandbox.Config{Faults: faults}, people(5))
	s.run(s.runArgs("--check-existing", "never", "--workers", "1")...).ends(3)
	if n := having(s.rows(), ledger.LinkMissing); n != 1 {
		t.Errorf("rows %v, want one link_missing", statuses(s.rows()))
	}
}
