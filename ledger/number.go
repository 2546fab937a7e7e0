package ledger

import "github.com/bulkonboard/bulkonboard/ledger/internal/keyed"

// PlainNumber returns a customer number as ledgers compare it: 1001.0, 1,001
// and 1.001E3 are 1001.
func PlainNumber(text string) string { return keyed.PlainNumber(text) }
