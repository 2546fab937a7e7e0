package kyccmd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func TestDenials(t *testing.T) {
	var d denials
	if d.summary() != "" {
		t.Error("a summary of nothing")
	}
	d.add(ledger.KYCEvent{Status: ledger.KYCApproved})
	d.add(ledger.KYCEvent{Status: ledger.KYCPending})
	if d.summary() != "" {
		t.Error("a summary without a denial")
	}
	var lines []string
	for i := range 2*denialsEach + 1 {
		reasons := []string{"EXPIRED"}
		switch {
		case i%4 == 0:
			reasons = []string{"EXPIRED", "SELFIE\n\x1b[31m"}
		case i%10 == 0:
			reasons = nil
		case i > 150:
			reasons = []string{fmt.Sprint("CODE_", i)}
		}
		if line := d.add(ledger.KYCEvent{Status: ledger.KYCDenied, Reasons: reasons}); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "denied so far: 100 of 101 users decided (") {
		t.Errorf("%q", lines)
	}
	end := d.summary()
	if !strings.HasPrefix(end, "denied while listening: 201 of 202 users decided (") || !strings.Contains(end, "51 SELFIE") ||
		strings.ContainsAny(end, "\n\x1b") || !strings.HasSuffix(end, " more reasons)") {
		t.Errorf("%q", end)
	}
}
