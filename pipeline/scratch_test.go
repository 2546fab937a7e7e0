package pipeline

import (
	"fmt"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// TestScratchAgreesWithTheLedger checks one input both ways: rows, verdicts and
// messages must be those that a real registration gives.
func TestScratchAgreesWithTheLedger(t *testing.T) {
	rows := make([]Row, 0, 20_000) // enough to spill
	for n := range 19_000 {
		rows = append(rows, person(n))
	}
	for n := 0; n < 1000; n++ {
		again := person(n * 19)
		again.Number = 50_000 + n
		if n%2 == 0 {
			again.Raw.AccountPurpose = "business"
			again.Raw.City = "Berlin"
			again.Raw.IPAddress = "203.0.113.77"
		}
		rows = append(rows, again)
	}
	see := func(l ledger.Ledger) (out []string) {
		tally, err := Check(t.Context(), Config{Input: FromRows("people", rows...), Ledger: l, Environment: "sandbox"}, func(r ledger.Row) error {
			out = append(out, fmt.Sprint(r.Ordinal, r.Verdict, r.Claims, r.Repeats, r.Findings))
			return nil
		})
		if err != nil || tally.Rows != len(rows) || tally.Status[ledger.DuplicateInInput] != 1000 {
			t.Fatalf("%+v: %v", tally, err)
		}
		return out
	}
	small, real := see(nil), see(ledger.NewMemory("sandbox"))
	for i := range real {
		if small[i] != real[i] {
			t.Fatalf("row %d: %s, the ledger says %s", i, small[i], real[i])
		}
	}
}

func TestClaimsKeepWhatCollides(t *testing.T) {
	c := newClaims(4)
	for n := range uint32(1000) {
		c.add(uint64(n%10), n)
	}
	for h := range uint64(10) {
		got := map[uint32]bool{}
		for n := range c.of(h) {
			got[n] = true
		}
		want := 100
		if h <= 1 {
			want = 200 // 0 marks a free place, so 0 and 1 share theirs
		}
		if len(got) != want {
			t.Errorf("hash %d: %d numbers, want %d", h, len(got), want)
		}
	}
}
