package kyccmd

import (
	"errors"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// What cannot pass by itself ends the command, so that its supervisor starts it again.
func TestUnhealthyLedgerEndsTheCommand(t *testing.T) {
	l, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "l.db"), Environment: "sandbox", Create: true})
	if err != nil {
		t.Fatal(err)
	}
	var failure error
	health := newLedgerHealth(l, func(err error) { failure = err })
	if err := health.Check(t.Context()); err != nil || failure != nil {
		t.Errorf("a good ledger: %v, %v", err, failure)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	newLedgerHealth(l, func(err error) { failure = err }).ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
	if w.Code != 503 || !errors.Is(failure, ledger.ErrWrite) {
		t.Errorf("a closed one: %d, %v", w.Code, failure)
	}
}
