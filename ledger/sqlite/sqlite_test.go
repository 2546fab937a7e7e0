package sqlite

import (
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/ledgertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	skipIfShort(t)
	ledgertest.Run(t, func(t *testing.T) ledger.Ledger { return openNew(t) })
}

// openNew makes a ledger and closes it at the end of the test.
func openNew(t testing.TB) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "l.db"), Environment: "sandbox", Create: true, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// skipIfShort is for long tests in which nothing happens at the same time: the race detector
// would find nothing, and watches each step of SQLite, which is a translation from C.
func skipIfShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("without -short")
	}
}
