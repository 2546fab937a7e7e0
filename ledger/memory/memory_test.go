package memory_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/ledgertest"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	ledgertest.Run(t, func(*testing.T) ledger.Ledger { return memory.New("sandbox") })
}

// Two of them, so that the twins themselves are tried.
func TestTwins(t *testing.T) {
	ledgertest.RunTwins(t, func(*testing.T) ledger.Ledger { return memory.New("sandbox") }, 30)
}
