package pipeline

import (
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// Every class of the partner has one in the ledger.
func TestClassOf(t *testing.T) {
	known := map[ledger.Class]bool{}
	for _, c := range []ledger.Class{ledger.OK, ledger.OKBroken, ledger.KeyUsed, ledger.DupUser, ledger.Reject, ledger.Unclear, ledger.Busy,
		ledger.Throttled, ledger.Funds, ledger.Auth, ledger.NotSent, ledger.Unknown} {
		known[c] = true
	}
	seen := map[ledger.Class]bool{}
	for c := range partner.NotSent + 1 {
		if got := classOf(c); !known[got] || seen[got] {
			t.Errorf("class %d is %q", c, got)
		}
		seen[classOf(c)] = true
	}
}
