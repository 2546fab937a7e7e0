package session

import (
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// What a run was charged is what the wallet lost where its users explain that:
// one who was in doubt may have been paid for before, and one who is deleted
// and created again costs no second fee.
func TestChargedIn(t *testing.T) {
	for _, test := range []struct {
		name, from, to, fee            string
		created, lost, doubt, doubtWas int
		want                           string
	}{
		{"agrees", "100", "95", "0.50", 10, 0, 0, 0, "5"},
		{"some were paid for before", "100", "96", "0.50", 8, 2, 0, 2, "4"},
		{"created again", "100", "100", "0.50", 4, 0, 0, 4, "0"},
		{"some are in doubt", "100", "94", "0.50", 10, 0, 2, 0, "6"},
		{"something else is paid from it", "100", "50", "0.50", 10, 0, 0, 0, "5"},
		{"topped up meanwhile", "100", "195", "0.50", 10, 0, 0, 0, "5"},
		{"wallet unknown", "100", "", "0.50", 10, 0, 0, 0, "5"},
		{"fee unknown", "100", "95", "", 10, 0, 0, 0, ""},
	} {
		sum := pipeline.Summary{WalletFrom: money(t, test.from), WalletTo: money(t, test.to), Fee: money(t, test.fee), Plan: pipeline.Plan{InDoubt: test.doubtWas},
			New: map[ledger.Status]int{ledger.Created: test.created, ledger.LinkMissing: test.lost, ledger.InDoubt: test.doubt}}
		if got := amountCharged(sum); got.Known() != (test.want != "") || got.Known() && got.Cmp(money(t, test.want)) != 0 {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func money(t *testing.T, text string) pipeline.Amount {
	a, err := pipeline.ParseAmount(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestFeeWarning(t *testing.T) {
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
		sum := pipeline.Summary{WalletFrom: money(t, test.from), WalletTo: money(t, test.to), Plan: pipeline.Plan{Fee: money(t, test.fee), InDoubt: test.doubtWas},
			New: map[ledger.Status]int{ledger.Created: test.created, ledger.LinkMissing: test.lost, ledger.InDoubt: test.doubt}}
		if got := feeWarning(sum); (got != "") != test.warned {
			t.Errorf("%s: %q", test.name, got)
		}
	}
}

func TestCoverText(t *testing.T) {
	plan := pipeline.Plan{Send: 499, Covered: 200, Shortfall: money(t, "149.50"), Currency: "USD"}
	if got, want := coverText(plan), "; the wallet covers 200 of them and is short by 149.50 USD"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, covered := range []int{-1, 499, 500} {
		plan.Covered = covered
		if got := coverText(plan); got != "" {
			t.Errorf("covers %d of 499: %q", covered, got)
		}
	}
}
