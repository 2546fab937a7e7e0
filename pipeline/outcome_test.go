package pipeline

import (
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// A Partner that names no class, or one that no create-user request ends with,
// has proved nothing.
func TestCreateClass(t *testing.T) {
	for class, want := range map[ledger.Class]ledger.Class{
		ledger.OK: ledger.OK, ledger.Throttled: ledger.Throttled, ledger.Unknown: ledger.Unknown,
		ledger.Open: ledger.Unknown, ledger.Removed: ledger.Unknown, ledger.NotRemoved: ledger.Unknown, "OTHER": ledger.Unknown,
	} {
		if got := createClass(class); got != want {
			t.Errorf("%q is recorded as %s, want %s", class, got, want)
		}
	}
}
