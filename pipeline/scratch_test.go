package pipeline

import (
	"fmt"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
)

// TestScratchAgreesWithTheLedger checks one input both ways: rows, verdicts and
// messages must be those that a real registration gives.
func TestScratchAgreesWithTheLedger(t *testing.T) {
	rows := make([]Row, 0, 20_000)
	for n := range 19_000 {
		rows = append(rows, validRow(n))
	}
	for n := 0; n < 1000; n++ {
		again := validRow(n * 19)
		again.Number = 50_000 + n
		if n%2 == 0 {
			again.Raw.AccountPurpose = "business"
			again.Raw.City = "Berlin"
			again.Raw.IPAddress = "203.0.113.77"
		}
		rows = append(rows, again)
	}
	// Neighbours of one chunk that repeat each other, what is no customer, and
	// customer numbers that two people have.
	for n := range 1000 {
		row := validRow(30_000 + n/3)
		row.Number, row.ID = 60_000+n, fmt.Sprint("C", n%700)
		switch n % 10 {
		case 4:
			row.Raw.City = "Oslo"
		case 7:
			row.Raw.Email = ""
		case 8:
			row.Raw.PhoneNumber = "1"
		}
		rows = append(rows, row)
	}
	see := func(l ledger.Ledger) (out []string) {
		tally, err := Check(t.Context(), Config{Input: FromRows("people", rows...), Ledger: l, Environment: "sandbox"}, func(r ledger.Row) error {
			out = append(out, fmt.Sprint(r.Ordinal, r.Verdict, r.Claims, r.Repeats, r.Findings))
			return nil
		}, func(n ledger.RowNote) { out = append(out, fmt.Sprint(n)) })
		if err != nil || tally.Rows != len(rows) || tally.Status[ledger.DuplicateInInput] < 1400 || tally.Code[ledger.StatusCode{Status: ledger.Invalid, Code: CodeIDRepeated}] < 30 {
			t.Fatalf("%+v: %v", tally, err)
		}
		return out
	}
	small, real := see(nil), see(memory.New("sandbox"))
	for i := range real {
		if small[i] != real[i] {
			t.Fatalf("row %d: %s, the ledger says %s", i, small[i], real[i])
		}
	}
}
