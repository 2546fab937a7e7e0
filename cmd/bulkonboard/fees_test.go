package main

import (
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

func TestFeeWarning(t *testing.T) {
	amount := func(text string) pipeline.Amount {
		a, err := pipeline.ParseAmount(text)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, test := range []struct {
		name, from, to, fee            string
		created, lost, doubt, doubtWas int
		warned                         bool
	}{
		{"agrees", "100", "95", "0.50", 10, 0, 0, 0, false},
		{"a lost link cost as much", "100", "95", "0.50", 8, 2, 0, 0, false},
		{"too much", "100", "94", "0.50", 10, 0, 0, 0, true},
		{"too little", "100", "95.50", "0.50", 10, 0, 0, 0, true},
		{"some are in doubt", "100", "94", "0.50", 10, 0, 2, 0, false},
		{"some were in doubt", "100", "96", "0.50", 10, 0, 0, 2, false},
		{"for nobody", "100", "99.50", "0.50", 0, 0, 0, 0, true},
		{"topped up meanwhile", "100", "195", "0.50", 10, 0, 0, 0, true},
		{"fee unknown", "100", "94", "", 10, 0, 0, 0, false},
		{"wallet unknown", "100", "", "0.50", 10, 0, 0, 0, false},
	} {
		sum := pipeline.Summary{WalletFrom: amount(test.from), WalletTo: amount(test.to), Plan: pipeline.Plan{Fee: amount(test.fee), InDoubt: test.doubtWas},
			New: map[ledger.Status]int{ledger.Created: test.created, ledger.LinkMissing: test.lost, ledger.InDoubt: test.doubt}}
		if got := feeWarning(sum); (got != "") != test.warned {
			t.Errorf("%s: %q", test.name, got)
		}
	}
}
