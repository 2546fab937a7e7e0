package metrics

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
)

func TestReadReturnsTheLastSuccess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.prom")
	m := someMetrics()
	m.Environment, m.Ledger = "staging", "a \"b\"\\c,ledger=\"x\".db"
	if err := Write(atomicfile.Writer{}, path, m); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.Environment != m.Environment || got.Ledger != m.Ledger || !got.LastSuccess.Equal(m.LastSuccess.Truncate(time.Millisecond)) {
		t.Errorf("read %q %q %v, want %q %q %v", got.Environment, got.Ledger, got.LastSuccess, m.Environment, m.Ledger, m.LastSuccess)
	}
}

func TestReadRefusesOtherFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(path, []byte("email\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil {
		t.Error("a list of customers was read as a metrics file")
	}
}
